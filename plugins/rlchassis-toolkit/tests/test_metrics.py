from __future__ import annotations

import math

import pytest
import torch

from rlchassis_toolkit import actor_metrics, critic_metrics, explained_variance, td_metrics

RETURNS = torch.tensor([1.0, 2.0, 3.0])


@pytest.mark.parametrize(
    ("values", "explained"),
    [
        ([1.0, 2.0, 3.0], 1),
        ([11.0, 12.0, 13.0], 1),  # an offset is no variance
        ([2.0, 2.0, 2.0], 0),
        ([1.5, 2.0, 2.5], 0.75),
        ([3.0, 2.0, 1.0], -3),  # residuals −2, 0, 2: four times the variance
    ],
)
def test_by_hand_explained_variance_is_1_for_perfect_values_0_for_the_mean_and_negative_below(values, explained):
    assert explained_variance(torch.tensor(values), RETURNS).item() == pytest.approx(explained)


@pytest.mark.parametrize("value", [0.0, 0.1, 0.3, 1e-9, -7e5])
@pytest.mark.parametrize("size", [1, 37, 1000])
def test_returns_that_do_not_vary_have_no_variance_to_explain(value, size):
    assert explained_variance(torch.arange(float(size)), torch.full((size,), value)) == 0


def test_small_returns_that_vary_have_variance_to_explain():
    assert explained_variance(1e-9 * RETURNS, 1e-9 * RETURNS) == 1


def test_values_that_are_not_finite_explain_nothing_finite():
    assert explained_variance(torch.tensor([1.0, math.nan, 3.0]), RETURNS).isnan()


def test_by_hand_temporal_difference_metrics_are_means_of_values_and_targets_and_errors_by_row():
    metrics = td_metrics(torch.tensor([1.0, 4.0], requires_grad=True), torch.tensor([2.0, 2.0]))
    assert (metrics["q_value"].item(), metrics["target_q"].item()) == (2.5, 2)
    assert metrics["errors"].tolist() == [1, 2]
    assert not any(part.requires_grad for part in metrics.values())


def test_by_hand_errors_of_several_critics_are_averaged_over_them():
    metrics = td_metrics(torch.tensor([[1.0, 4.0], [3.0, 8.0]]), torch.tensor([2.0, 2.0]))
    assert (metrics["q_value"].item(), metrics["target_q"].item()) == (4, 2)
    assert metrics["errors"].tolist() == [1, 4]


def test_metrics_of_a_step_bear_the_name_of_what_was_stepped():
    step = dict.fromkeys(("loss", "grad_norm", "q_value"), torch.ones(()))
    assert list(critic_metrics(step)) == ["critic_loss", "critic_grad_norm", "q_value"]
    assert list(actor_metrics(step)) == ["policy_loss", "actor_grad_norm", "q_value"]
