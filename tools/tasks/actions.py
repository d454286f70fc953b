"""Tasks with structured actions, which PPO solves and does not unlearn."""

from __future__ import annotations

from functools import partial
from typing import Any

from rlchassis.experiment import LRSchedulerFactoryLinear, PPOExperimentBuilder, PPOParams
from rlchassis_testkit.target_envs import Gripper, Matching
from tools.tasks.task import Task, at_last, scores_of


def structured(env: type, steps: int, seed: int) -> list[float]:
    """PPO, with a discount that suits targets which do not depend on actions, and a learning rate that falls as σ does.

    At a constant rate steps of the mean grow beside σ, and what was learned of continuous parts is lost again and again.
    """

    def configure(builder: Any) -> Any:
        return builder.with_ppo_params(PPOParams(lr=1e-3, gamma=0.9, gae_lambda=0.5, lr_scheduler_factory=LRSchedulerFactoryLinear()))

    rollouts = {"num_train_envs": 8, "step_per_collect": 1024, "batch_size": 64, "repeat_per_collect": 10}
    tests: dict[str, Any] = {"num_epochs": 10, "step_per_epoch": steps // 10, "num_test_envs": 1, "num_test_episodes": 100}
    return scores_of(PPOExperimentBuilder, env, seed, configure, {**rollouts, **tests})


TASKS = {
    "matching-ppo": Task(
        partial(structured, Matching, 20_000), 0.95 * Matching.optimum, "MultiDiscrete actions; at most 30", judged=at_last
    ),
    "gripper-ppo": Task(partial(structured, Gripper, 60_000), 0.9 * Gripper.optimum, "Dict actions; at most 10", judged=at_last),
}
