from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch

from rlchassis_npg import NPGExperimentBuilder, NPGParams
from rlchassis_testkit.tiny_envs import Chain, Still
from rlchassis_testkit.tiny_runs import tiny_run

GAMMA = 0.5


def critic_of(env: Any, **params: Any) -> Callable[[Any], torch.Tensor]:
    """What values it gives to states after a thousand steps on three environments, in rollouts whose last row is not full."""

    def configure(builder: NPGExperimentBuilder) -> NPGExperimentBuilder:
        return builder.with_npg_params(NPGParams(gamma=GAMMA, lr=0.01, **params)).with_critic_factory_default((16,), torch.nn.Tanh)

    sampling = {"step_per_epoch": 1000, "num_epochs": 1, "num_train_envs": 3, "step_per_collect": 50, "batch_size": None}
    algorithm = tiny_run(NPGExperimentBuilder, env, configure=configure, num_test_envs=0, **sampling).algorithm
    scale = 1 if algorithm.return_scale is None else algorithm.return_scale.unit
    return lambda states: algorithm.critic(torch.as_tensor(states, dtype=torch.float32)).detach() * scale


def test_where_every_episode_is_cut_a_still_state_is_worth_what_it_would_pay_for_ever():
    assert critic_of(partial(Still, 3, cut=True))([[1.0]]).tolist() == pytest.approx([2], abs=0.05)


def test_where_every_step_ends_the_episode_it_is_worth_one_reward():
    assert critic_of(partial(Still, 1))([[1.0]]).tolist() == pytest.approx([1], abs=0.05)


@pytest.mark.parametrize("return_scaling", [False, True])
def test_a_chain_that_ends_is_worth_what_is_still_to_come(return_scaling):
    values = critic_of(Chain, return_scaling=return_scaling)(torch.eye(4)[:3])
    assert values.tolist() == pytest.approx([1 + GAMMA * 2 + GAMMA**2 * 4, 2 + GAMMA * 4, 4], abs=0.2)
