"""What policy wrappers are for: PPO runs faster with normalized observations, and DQN finds a reward that random actions do not."""

from __future__ import annotations

from functools import partial
from typing import Any

from rlchassis.experiment import DQNExperimentBuilder, DQNParams, plan
from rlchassis_rnd import PolicyWrapperFactoryRND
from rlchassis_testkit.winding_maze import WindingMaze
from tools.tasks.task import Task, scores_of


def cheetah(wrappers: list[str], seed: int) -> list[float]:
    """PPO on HalfCheetah-v5 with the settings of its recipe, with these wrappers instead of the recipe's."""
    quiet: dict[str, Any] = {"watch": False, "persistence_enabled": False, "num_threads": 1}
    experiment = plan("ppo", "HalfCheetah-v5", seed=seed, settings={"wrappers": wrappers}, **quiet)
    return [test.mean for test in experiment.run().world.state.tests]


def maze(is_curious: bool, seed: int) -> list[float]:
    """DQN in a maze of three corridors whose end, the only reward, random actions do not find within an episode."""

    def configure(builder: Any) -> Any:
        builder = builder.with_dqn_params(DQNParams(lr=1e-3, gamma=0.98, eps_training=0.05, target_update_freq=100, n_step=3))
        return builder.with_policy_wrapper_factory(PolicyWrapperFactoryRND()) if is_curious else builder

    replay = {"buffer_size": 20_000, "start_timesteps": 500, "start_timesteps_random": True, "update_per_step": 0.25, "batch_size": 64}
    collected = {"num_epochs": 10, "step_per_epoch": 3000, "num_train_envs": 8, "step_per_collect": 8}
    settings = {**collected, **replay, "num_test_envs": 1, "num_test_episodes": 1}
    return scores_of(DQNExperimentBuilder, partial(WindingMaze, 8, 3, 60), seed, configure, settings)


TASKS: dict[str, Task] = {
    "cheetah-obs-norm": Task(partial(cheetah, ["obs-norm"]), 700),
    "cheetah-obs-norm-without": Task(partial(cheetah, []), 700, "raw observations", solvable=False),
    "winding-maze-rnd": Task(partial(maze, True), 1),
    "winding-maze-rnd-without": Task(partial(maze, False), 1, "without a bonus for what is new", solvable=False),
}
