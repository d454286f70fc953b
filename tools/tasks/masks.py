"""Action masks: no algorithm takes a forbidden action in a hundred thousand steps, and an inventory is learned to its optimum."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch

from rlchassis import experiment
from rlchassis.experiment import DQNExperimentBuilder, DQNParams, LRSchedulerFactoryLinear, PPOExperimentBuilder, PPOParams
from rlchassis_testkit.inventory import Inventory, allowed, observed, value_of
from rlchassis_testkit.masked_envs import Forbidding, Source
from rlchassis_testkit.tiny_runs import tiny_run
from tools.tasks.task import Task

STEPS = 100_000
SOURCES: tuple[Source, ...] = ("observation", "info", "method")
ON_POLICY: dict[str, Any] = {"step_per_collect": 2000, "repeat_per_collect": 1, "batch_size": 500}
OFF_POLICY: dict[str, Any] = {"update_per_step": 0.05, "start_timesteps": 10_000, "start_timesteps_random": True, "batch_size": 64}
ALGORITHMS: dict[str, dict[str, Any]] = {
    **dict.fromkeys(("A2C", "PG", "NPG", "TRPO", "PPO"), ON_POLICY),
    **dict.fromkeys(("DQN", "IQN", "DiscreteSAC"), OFF_POLICY),
}


def allowed_part(algorithm: str, settings: dict[str, Any], seed: int) -> list[float]:
    """Part of the actions that were allowed, for each way to give masks; warm-up, exploration and tests are included."""
    builder = getattr(experiment, f"{algorithm}ExperimentBuilder")
    parts = []
    for source in SOURCES:
        mistakes: list[Any] = []
        make_env = partial(Forbidding, source, mistakes=mistakes)
        tiny_run(builder, make_env, num_epochs=5, step_per_epoch=STEPS // 5, num_train_envs=4, seed=seed, **settings)
        parts.append(1 - len(mistakes) / STEPS)
    return parts


def inventory_by_ppo(masked: bool, seed: int) -> list[float]:
    """Value of what PPO learns of the inventory, as a part of the optimum."""
    params = PPOParams(lr=3e-3, gamma=1.0, ent_coef=0.01, return_scaling=True, lr_scheduler_factory=LRSchedulerFactoryLinear())
    settings = {"step_per_epoch": 200_000, "step_per_collect": 4096, "batch_size": 512, "repeat_per_collect": 8}
    return _ordered(PPOExperimentBuilder, lambda builder: builder.with_ppo_params(params), masked, seed, settings)


def inventory_by_dqn(masked: bool, seed: int) -> list[float]:
    """Value of what DQN learns of the inventory, as a part of the optimum."""
    params = DQNParams(lr=1e-3, gamma=1.0, target_update_freq=500, lr_scheduler_factory=LRSchedulerFactoryLinear())
    warm_up = {"start_timesteps": 1000, "start_timesteps_random": True}
    settings = {"step_per_epoch": 40_000, "step_per_collect": 8, "batch_size": 128, "update_per_step": 0.5, **warm_up}
    return _ordered(DQNExperimentBuilder, lambda builder: builder.with_dqn_params(params), masked, seed, settings)


def _ordered(builder: Any, configure: Any, masked: bool, seed: int, settings: dict[str, Any]) -> list[float]:
    make_env = partial(Inventory, masked=masked)
    world = tiny_run(builder, make_env, configure=configure, num_epochs=1, num_train_envs=8, seed=seed, **settings)
    return [value_of(partial(_order_of, world.policy, masked)) / value_of(None)]


def _order_of(policy: Any, masked: bool, day: int, stock: int) -> int:
    seen = torch.from_numpy(observed(stock, day))[None]
    obs = {"observation": seen, "action_mask": torch.from_numpy(allowed(stock))[None]} if masked else seen
    with torch.no_grad():
        return int(policy.act(obs, explore=False, rng=torch.Generator())[0])


TASKS: dict[str, Task] = {}
for name, settings in ALGORITHMS.items():
    run = partial(allowed_part, name, settings)
    TASKS[f"forbidden-{name.lower()}"] = Task(run, 1, f"{len(SOURCES)} runs of {STEPS} steps", judged=min, seeds=(11,))
for name, learn in (("ppo", inventory_by_ppo), ("dqn", inventory_by_dqn)):
    TASKS[f"inventory-{name}"] = Task(partial(learn, True), 0.98, f"part of the optimum, {value_of(None):.2f}")
    TASKS[f"inventory-{name}-without"] = Task(partial(learn, False), 0.98, "without masks, for comparison", solvable=None)
