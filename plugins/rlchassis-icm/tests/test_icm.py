from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from gymnasium import spaces
from torch import nn

from rlchassis.api import Environments, Experience
from rlchassis_icm import ICM, PolicyWrapperFactoryIntrinsicCuriosity
from rlchassis_icm.actions import ActionCode
from rlchassis_icm.model import CuriosityModel, Steps
from rlchassis_testkit.added_rewards import any_observations, assert_adds_to_rewards_alone
from rlchassis_testkit.experiences import Constant, experience_of
from rlchassis_testkit.tiny_optimizers import Descent
from rlchassis_toolkit import OwnLearner

CPU = torch.device("cpu")
VECTOR = spaces.Box(-1, 1, (2,), np.float32)


def linear(*rows: list[float]) -> nn.Linear:
    layer = nn.Linear(len(rows[0]), len(rows), bias=False)
    layer.weight.data.copy_(torch.tensor(rows))
    return layer


def by_hand() -> CuriosityModel:
    """φ(s) = 2 s;  φ̂(s′) = φ(s) + 1 after action 0 and + 5 after action 1;  logits of actions: 0 and φ(s′)."""
    return CuriosityModel(linear([2.0]), linear([1.0, 1.0, 5.0]), linear([0.0, 0.0], [0.0, 1.0]), ActionCode((2,), 0))


def curious(reward_scale: float = 0.5, forward_loss_weight: float = 0.2, batch_size: int = 8) -> ICM:
    return ICM(Constant(), OwnLearner.create(by_hand(), Descent(), 0.01, batch_size), reward_scale, forward_loss_weight)


def steps(*actions: int, **rows: Any) -> Experience:
    """From s = 1 to s′ = 2, by each of these actions: φ′ is 4, where 3 or 7 is foreseen."""
    ones = torch.ones(len(actions), 1)
    return experience_of([10.0] * len(actions), obs=ones, next_obs=2 * ones, actions=torch.tensor(actions), **rows)


def test_the_bonus_is_half_the_squared_error_of_the_foreseen_features():
    rollout = steps(0, 1)
    assert curious(reward_scale=0.5).transform(rollout).rewards.flatten().tolist() == [10 + 0.5 * 0.5, 10 + 0.5 * 4.5]
    assert rollout.rewards.flatten().tolist() == [10, 10], "the raw rollout is left alone"


def test_the_loss_weighs_the_error_of_the_forward_model_against_that_of_the_inverse_model():
    policy = curious(forward_loss_weight=0.25)
    batch = Steps(torch.ones(2, 1), torch.tensor([0, 1]), 2 * torch.ones(2, 1))
    loss, _ = policy.learner.module.loss(batch, 0.25)
    inverse = (math.log(1 + math.exp(4)) + math.log(1 + math.exp(-4))) / 2
    assert loss.item() == pytest.approx(0.75 * inverse + 0.25 * (0.5 + 4.5) / 2)
    metrics = policy.learn(steps(0, 1))
    assert metrics["icm_forward_loss"].item() == pytest.approx(2.5)
    assert metrics["icm_inverse_loss"].item() == pytest.approx(inverse)


@pytest.mark.parametrize(("weight", "unmoved", "moved"), [(0.0, "forward_model", "inverse_model"), (1.0, "inverse_model", "forward_model")])
def test_a_model_whose_loss_has_no_weight_stays_as_it_is(weight, unmoved, moved):
    policy = curious(forward_loss_weight=weight)
    policy.learn(steps(0, 1))
    model, before = policy.learner.module, by_hand()
    assert torch.equal(getattr(model, unmoved).weight, getattr(before, unmoved).weight)
    assert not torch.equal(getattr(model, moved).weight, getattr(before, moved).weight)
    assert not torch.equal(model.features.weight, before.features.weight)


def test_what_was_learned_is_no_longer_surprising_and_rows_that_do_not_count_are_not_learned():
    policy = curious(forward_loss_weight=1.0)
    before = policy.transform(steps(0, 1)).rewards
    for _ in range(20):
        policy.learn(steps(0, 1, invalid=(1,)))
    after = policy.transform(steps(0, 1)).rewards
    assert after[0] < before[0]
    assert torch.equal(policy.learner.module.forward_model.weight[0, 2], torch.tensor(5.0)), "action 1 was in no row that counts"


def test_a_rollout_is_learned_from_in_minibatches():
    policy, whole = curious(batch_size=2), curious(batch_size=8)
    for each in (policy, whole):
        each.learn(steps(0, 1, 0, 1))
    assert not torch.equal(policy.learner.module.features.weight, whole.learner.module.features.weight)


def test_discrete_parts_of_an_action_are_one_hot_and_continuous_ones_follow():
    code = ActionCode.of(spaces.Dict(a=spaces.Discrete(2), b=spaces.Box(-1, 1, (2,)), c=spaces.Discrete(3)), Constant())
    taken = torch.tensor([[1.0, 2.0, 0.5, -0.5]])
    assert code.vectors(taken).tolist() == [[0, 1, 0, 0, 1, 0.5, -0.5]]
    outputs = torch.tensor([[0.0, 0.0, 1.0, 1.0, 1.0, 0.5, 1.5]])
    assert code.errors(outputs, taken).item() == pytest.approx(math.log(2) + math.log(3) + 0.5 * 2**2)


def test_an_action_that_is_chosen_as_a_joint_one_is_one_hot_over_all_joint_actions():
    policy = Constant()
    policy.joint_actions = True
    assert ActionCode.of(spaces.MultiDiscrete([2, 3]), policy).sizes == (6,)
    assert ActionCode.of(spaces.MultiDiscrete([2, 3]), ICM(policy, curious().learner, 1, 1)).sizes == (6,)


@any_observations
def test_in_a_run_with_any_observations_it_is_curious_and_reports_stay_raw(space):
    assert_adds_to_rewards_alone(PolicyWrapperFactoryIntrinsicCuriosity(reward_scale=1.0), space)


def test_a_stored_policy_has_nothing_of_it_and_is_made_without_an_optimizer():
    factory = PolicyWrapperFactoryIntrinsicCuriosity()
    policy = factory.create_wrapped_policy(Constant(), Environments.from_spaces(VECTOR, spaces.Discrete(2)), None, CPU)
    assert policy.state_dict() == {}


@pytest.mark.parametrize("options", [{"lr_scale": 0}, {"forward_loss_weight": 1.5}, {"hidden_sizes": ()}, {"reward_scale": -1}], ids=str)
def test_an_option_out_of_range_is_refused(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        PolicyWrapperFactoryIntrinsicCuriosity(**options)


def test_the_learning_rate_is_scaled():
    factory = PolicyWrapperFactoryIntrinsicCuriosity(lr=0.1, lr_scale=0.5)
    policy = factory.create_wrapped_policy(Constant(), Environments.from_spaces(VECTOR, spaces.Discrete(2)), Descent(), CPU)
    assert policy.learner.optimizer.made.learning_rate == 0.05
