from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from gymnasium import spaces
from torch import nn

from rlchassis.api import Environments, Experience
from rlchassis_rnd import RND, PolicyWrapperFactoryRND
from rlchassis_rnd.model import Distillation, NormalizedEncoder
from rlchassis_testkit.added_rewards import any_observations, assert_adds_to_rewards_alone
from rlchassis_testkit.experiences import Constant, experience_of
from rlchassis_testkit.tiny_optimizers import Descent
from rlchassis_toolkit import OwnLearner, RewardScale, encoder_for

CPU = torch.device("cpu")
VECTOR = spaces.Box(-1, 1, (1,), np.float32)


def linear(weight: float) -> nn.Linear:
    layer = nn.Linear(1, 1, bias=False)
    layer.weight.data.fill_(weight)
    return layer


def around(reward_scale: float = 1.0, gamma: float = 0.5) -> RND:
    """With f(s) = 3 s and f̂(s) = s: an error of 4 s²."""
    model = Distillation(linear(3.0), linear(1.0), NormalizedEncoder(encoder_for(VECTOR), CPU), RewardScale(gamma))
    return RND(Constant(), OwnLearner.create(model, Descent(), 0.01, 8), reward_scale)


def into(*states: float, **rows: Any) -> Experience:
    """Steps with reward 10 into these states."""
    return experience_of([10.0] * len(states), next_obs=torch.tensor(states)[:, None], **rows)


def rewards(policy: RND, rollout: Experience) -> list[float]:
    return policy.transform(rollout).rewards.flatten().tolist()


def test_before_anything_was_observed_the_bonus_is_the_error_of_the_predictor_in_the_next_state():
    rollout = into(1.0, 2.0)
    assert rewards(around(reward_scale=0.5), rollout) == pytest.approx([10 + 0.5 * 4, 10 + 0.5 * 16])
    assert rollout.rewards.flatten().tolist() == [10, 10], "the raw rollout is left alone"


def test_observations_are_normalized_and_clipped_and_the_bonus_is_divided_by_the_spread_of_intrinsic_returns():
    policy = around(gamma=0.5)
    policy.observe(into(1.0, 3.0, 99.0, terminated=(0,), invalid=(2,)))
    model = policy.learner.module
    assert (model.encoder.moments.mean.item(), model.encoder.moments.variance.item()) == (2, 1)
    assert model.scale.moments.mean.item() == (4 + 38) / 2, "errors 4 and 36, returns 4 and 36 + 4 / 2 across the end of the episode"
    spread = (38 - 4) / 2
    assert rewards(policy, into(4.0)) == pytest.approx([10 + 4 * 2**2 / spread])
    assert rewards(policy, into(100.0)) == pytest.approx([10 + 4 * 5**2 / spread])


def test_only_the_predictor_learns_and_only_from_rows_that_count():
    policy = around()
    metrics = policy.learn(into(1.0, 5.0, invalid=(1,)))
    assert metrics["rnd_loss"].item() == pytest.approx(4)
    model = policy.learner.module
    assert model.target.weight.item() == 3
    assert model.predictor.weight.item() == pytest.approx(1 + 0.01 * 4), "a step of 0.01 along 2 (3 − 1) s²"


def test_states_that_were_learned_get_less_than_those_that_were_not():
    factory = PolicyWrapperFactoryRND(lr=0.3)
    policy = factory.create_wrapped_policy(Constant(), Environments.from_spaces(VECTOR, spaces.Discrete(2)), Descent(), CPU)
    before = rewards(policy, into(0.5, -4.0))
    for _ in range(200):
        policy.learn(into(0.5))
    after = rewards(policy, into(0.5, -4.0))
    assert (after[0] - 10) / (before[0] - 10) < 0.1 < (after[1] - 10) / (before[1] - 10)


@any_observations
def test_in_a_run_with_any_observations_it_rewards_novelty_and_reports_stay_raw(space):
    assert_adds_to_rewards_alone(PolicyWrapperFactoryRND(reward_scale=100.0), space)


def test_a_stored_policy_has_nothing_of_it_and_is_made_without_an_optimizer():
    envs = Environments.from_spaces(VECTOR, spaces.Discrete(2))
    assert PolicyWrapperFactoryRND().create_wrapped_policy(Constant(), envs, None, CPU).state_dict() == {}


@pytest.mark.parametrize("options", [{"lr": 0}, {"gamma": math.nan}, {"hidden_sizes": ()}, {"output_size": 0}], ids=str)
def test_an_option_out_of_range_is_refused(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        PolicyWrapperFactoryRND(**options)
