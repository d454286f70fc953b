"""Times Stable-Baselines3: the training loop alone, after one rollout of warm-up."""

from __future__ import annotations

import stable_baselines3
from rows import Row, asked_row, report
from stable_baselines3 import PPO
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.env_util import make_vec_env

NEVER = 10**9


def make_model(row: Row) -> BaseAlgorithm:
    """The model with this row's settings; what is not said here is SB3's default and what the row's docstring promises."""
    envs = make_vec_env(row.environment, row.num_envs, seed=0)
    rollout = {"n_steps": row.rollout // row.num_envs, "batch_size": row.minibatch, "n_epochs": row.passes}
    return PPO("MlpPolicy", envs, learning_rate=3e-4, device="cpu", **rollout)


def main() -> None:
    """Warm up, then time."""
    row = asked_row()
    model = make_model(row)
    model.learn(row.rollout, log_interval=NEVER)
    report(
        f"stable-baselines3 {stable_baselines3.__version__}",
        row,
        lambda: model.learn(row.steps, log_interval=NEVER, reset_num_timesteps=False),
    )


if __name__ == "__main__":
    main()
