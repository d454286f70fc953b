"""What is learned under action masks, and that no algorithm takes a forbidden action in a hundred thousand steps; minutes each."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import torch

from rlchassis import experiment
from rlchassis.experiment import DQNExperimentBuilder, LRSchedulerFactoryLinear, PPOExperimentBuilder
from rlchassis.registry import installed
from rlchassis_dqn import DQNParams
from rlchassis_ppo import PPOParams
from rlchassis_testkit.inventory import Inventory, allowed, observed, value_of
from rlchassis_testkit.masked_envs import Forbidding
from rlchassis_testkit.tiny_runs import tiny_run

pytestmark = pytest.mark.learning

DECLARED = {plugin.name: plugin for plugin in installed("algorithm")}
MASKING = {builder: name for builder, name in experiment.BUILDERS.items() if DECLARED[name].action_masks}
ON_POLICY = {"step_per_collect": 2000, "repeat_per_collect": 1, "batch_size": 500}
OFF_POLICY = {"update_per_step": 0.05, "start_timesteps": 10_000, "start_timesteps_random": True, "batch_size": 64}


@pytest.mark.parametrize("source", ["observation", "info", "method"])
@pytest.mark.parametrize("builder", MASKING)
def test_a_forbidden_action_is_never_taken_in_a_hundred_thousand_steps(builder, source):
    mistakes: list[Any] = []
    settings = ON_POLICY if DECLARED[MASKING[builder]].policy == "on" else OFF_POLICY
    make_env = partial(Forbidding, source, mistakes=mistakes)
    tiny_run(getattr(experiment, builder), make_env, num_epochs=5, step_per_epoch=20_000, num_train_envs=4, **settings)
    assert mistakes == []


def learned_by_ppo(*, masked: bool) -> float:
    """Value of what PPO learned of the inventory."""
    schedule = LRSchedulerFactoryLinear()
    params = PPOParams(lr=3e-3, gamma=1.0, ent_coef=0.01, return_scaling=True, lr_scheduler_factory=schedule)
    settings = {"num_epochs": 1, "step_per_epoch": 200_000, "step_per_collect": 4096, "batch_size": 512, "repeat_per_collect": 8}
    make_env = partial(Inventory, masked=masked)
    world = tiny_run(PPOExperimentBuilder, make_env, configure=lambda b: b.with_ppo_params(params), num_train_envs=8, **settings)
    return value_of(partial(order_of, world.policy, masked))


def learned_by_dqn(*, masked: bool) -> float:
    """Value of what DQN learned of the inventory."""
    schedule = LRSchedulerFactoryLinear()
    params = DQNParams(lr=1e-3, gamma=1.0, target_update_freq=500, lr_scheduler_factory=schedule)
    settings = {"num_epochs": 1, "step_per_epoch": 40_000, "step_per_collect": 8, "batch_size": 128, "update_per_step": 0.5}
    warm_up = {"start_timesteps": 1000, "start_timesteps_random": True}
    make_env = partial(Inventory, masked=masked)
    world = tiny_run(DQNExperimentBuilder, make_env, configure=lambda b: b.with_dqn_params(params), num_train_envs=8, **settings, **warm_up)
    return value_of(partial(order_of, world.policy, masked))


def order_of(policy: Any, masked: bool, day: int, stock: int) -> int:
    seen = torch.from_numpy(observed(stock, day))[None]
    obs = {"observation": seen, "action_mask": torch.from_numpy(allowed(stock))[None]} if masked else seen
    with torch.no_grad():
        return int(policy.act(obs, explore=False, rng=torch.Generator())[0])


@pytest.mark.parametrize("learn", [learned_by_ppo, learned_by_dqn])
def test_a_masked_inventory_is_learned_to_within_two_percent_of_its_optimum(learn, capsys):
    best, found, unmasked = value_of(None), learn(masked=True), learn(masked=False)
    with capsys.disabled():
        print(f"\n{learn.__name__}: {found:.2f} under masks, {unmasked:.2f} without, of at most {best:.2f}")  # noqa: T201  both arms are to be seen
    assert found > 0.98 * best
