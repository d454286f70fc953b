"""Times Stable-Baselines3: the training loop alone, after what is not timed."""

from __future__ import annotations

from typing import Any

import numpy as np
import stable_baselines3 as sb3
from rows import Row, asked_row, report
from sb3_contrib import TRPO, MaskablePPO, RecurrentPPO
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.noise import NormalActionNoise

NEVER = 10**9


def make_model(row: Row) -> BaseAlgorithm:
    """The model with this row's settings; what is not said here is SB3's default and what recipes.py promises."""
    envs = make_vec_env(row.environment, row.num_envs, seed=0)
    contributed = {"trpo": TRPO, "masked_ppo": MaskablePPO, "recurrent_ppo": RecurrentPPO}
    kind = contributed[row.algorithm] if row.algorithm in contributed else getattr(sb3, row.algorithm.upper())
    policy = "MlpLstmPolicy" if kind is RecurrentPPO else "MlpPolicy"
    made: BaseAlgorithm = kind(policy, envs, device="cpu", **settings(row))
    return made


def settings(row: Row) -> dict[str, Any]:
    """Arguments of the constructor."""
    replay = {"batch_size": row.minibatch, "learning_starts": row.warm_up, "train_freq": 1, "gradient_steps": row.updates}
    on_policy = {"learning_rate": 3e-4, "n_steps": row.collect // row.num_envs, "batch_size": row.minibatch, "n_epochs": row.passes}
    match row.algorithm:
        case "recurrent_ppo":
            shared = {"lstm_hidden_size": 64, "shared_lstm": True, "enable_critic_lstm": False}
            return {"policy_kwargs": shared, **on_policy}
        case "ppo" | "masked_ppo":
            return on_policy
        case "a2c":
            return {"n_steps": row.collect // row.num_envs, "use_rms_prop": False}
        case "trpo":
            return {"n_steps": row.collect // row.num_envs, "batch_size": row.collect, "n_critic_updates": 10}
        case "dqn":
            fixed = {"exploration_fraction": 0.01, "exploration_final_eps": 0.1, "target_update_interval": 500, "buffer_size": 50_000}
            return {"learning_rate": 1e-3, "policy_kwargs": {"net_arch": [64, 64]}, **fixed, **replay}
        case "sac" | "td3" | "ddpg":
            noise = {} if row.algorithm == "sac" else {"action_noise": NormalActionNoise(np.zeros(6), np.full(6, 0.1))}
            return {"learning_rate": 3e-4, "policy_kwargs": {"net_arch": [256, 256]}, "buffer_size": 1_000_000, **noise, **replay}
    raise SystemExit(f"There are no settings of {row.algorithm} for this library.")


def main() -> None:
    """Warm up, then time."""
    row = asked_row()
    model = make_model(row)
    model.learn(row.warm_up, log_interval=NEVER)
    report(f"stable-baselines3 {sb3.__version__}", row, lambda: model.learn(row.steps, log_interval=NEVER, reset_num_timesteps=False))


if __name__ == "__main__":
    main()
