from __future__ import annotations

import pytest
import torch

from rlchassis.errors import UsageError
from rlchassis_toolkit.losses import (
    actor_critic_loss,
    deterministic_policy_loss,
    normalized,
    require_one_shape,
    squared_loss,
    value_loss,
)


def test_normalized_values_have_mean_0_and_the_standard_deviation_1_of_a_population():
    assert normalized(torch.tensor([1.0, 3.0])).tolist() == pytest.approx([-1, 1])
    assert normalized(torch.tensor([0.0, 0.0, 0.0, 4.0])).tolist() == pytest.approx([-1 / 3**0.5] * 3 + [3**0.5])


def test_one_value_or_equal_values_become_0():
    assert normalized(torch.tensor([7.0])).tolist() == [0]
    assert normalized(torch.tensor([7.0, 7.0])).tolist() == [0, 0]


def test_by_hand_the_loss_of_values_is_the_mean_squared_error():
    assert value_loss(torch.tensor([1.0, 2.0]), torch.tensor([0.0, 5.0])).item() == (1 + 9) / 2


def test_the_loss_of_actor_and_critic_is_the_sum_of_its_weighted_parts():
    parts = torch.tensor(3.0), torch.tensor(5.0), torch.tensor(2.0)
    assert actor_critic_loss(*parts, vf_coef=0.5, ent_coef=0.1).item() == pytest.approx(3 + 0.5 * 5 - 0.1 * 2)
    assert actor_critic_loss(*parts, vf_coef=0.0, ent_coef=0.0).item() == 3


def test_an_entropy_without_weight_may_be_infinite():
    assert actor_critic_loss(torch.tensor(3.0), torch.tensor(5.0), torch.tensor(torch.inf), 1.0, 0.0).item() == 8


VALUES, TARGETS = torch.tensor([0.0, 3.0, -4.0]), torch.tensor([1.0, 1.0, 1.0])


@pytest.mark.parametrize(("weights", "loss"), [([1.0, 1.0, 1.0], (1 + 4 + 25) / 3), ([1.0, 0.5, 0.0], (1 + 2) / 3)])
def test_by_hand_the_squared_loss_weighs_each_error(weights, loss):
    assert squared_loss(VALUES, TARGETS, torch.tensor(weights)).item() == pytest.approx(loss)


def test_losses_of_several_critics_are_added_so_that_none_learns_slower_for_the_others():
    weights = torch.tensor([1.0, 0.5, 2.0])
    each = [squared_loss(values, TARGETS, weights).item() for values in (VALUES, 2 * VALUES)]
    assert squared_loss(torch.stack([VALUES, 2 * VALUES]), TARGETS, weights).item() == pytest.approx(sum(each))


@pytest.mark.parametrize("loss", [squared_loss, lambda values, targets, _: value_loss(values, targets)])
@pytest.mark.parametrize("shape", [(3, 1), (2, 3, 1), (1,)])
def test_values_that_are_not_one_for_each_row_are_refused(loss, shape):
    with pytest.raises(UsageError, match=r"a critic returns \[.*\] for \[3\] rows, not one number for each; squeeze"):
        loss(torch.zeros(shape), torch.zeros(3), torch.ones(3))


def test_by_hand_a_deterministic_policy_loses_what_its_actions_are_worth_by_weight():
    values = torch.tensor([3.0, -1.0], requires_grad=True)
    loss = deterministic_policy_loss(values, torch.tensor([1.0, 0.5]))
    assert loss.item() == pytest.approx(-(3 - 0.5) / 2)
    loss.backward()
    assert values.grad.tolist() == [-0.5, -0.25]


def test_tensors_of_different_shapes_are_refused_with_the_shape_of_each():
    require_one_shape(log_probs=torch.zeros(3), advantages=torch.zeros(3))
    with pytest.raises(UsageError, match=r"got log_probs \[3\], advantages \[3, 1\], expected one shape"):
        require_one_shape(log_probs=torch.zeros(3), advantages=torch.zeros(3, 1))
