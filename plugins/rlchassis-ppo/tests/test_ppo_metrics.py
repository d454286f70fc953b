from __future__ import annotations

import math

import pytest
import torch

from rlchassis_ppo.metrics import ratio_metrics
from rlchassis_testkit.experiences import example_rollout
from rlchassis_toolkit import explained_variance


def metrics_of(*ratios: float, epsilon: float = 0.2) -> tuple[float, float]:
    old = torch.full((len(ratios),), -1.0)
    metrics = ratio_metrics(old + torch.tensor(ratios).log(), old, epsilon)
    return metrics["approx_kl"].item(), metrics["clip_fraction"].item()


def test_by_hand_approx_kl_is_the_mean_of_the_ratio_less_1_less_its_logarithm():
    approx_kl, _ = metrics_of(2.0, 0.5)
    assert approx_kl == pytest.approx(((2 - 1 - math.log(2)) + (0.5 - 1 - math.log(0.5))) / 2)


def test_by_hand_clip_fraction_is_the_share_of_ratios_farther_from_1_than_epsilon():
    assert metrics_of(1.0, 1.19, 0.81, 1.21, 0.79, 5.0, 1.0, 1.0)[1] == 3 / 8
    assert metrics_of(1.0, 1.19, 0.81, epsilon=0.1)[1] == pytest.approx(2 / 3)


def test_a_policy_that_has_not_changed_has_no_divergence_and_clips_nothing():
    assert metrics_of(1.0, 1.0) == (0, 0)


@pytest.mark.parametrize("size", [1e-2, 1e-3, 1e-4])
def test_approx_kl_of_small_changes_is_not_lost_in_rounding(size):
    log_ratio = torch.tensor([size, -size])
    assert ratio_metrics(log_ratio, torch.zeros(2), 0.2)["approx_kl"].item() == pytest.approx(size**2 / 2, rel=2e-3)


def test_the_first_update_of_a_rollout_has_no_divergence_and_the_next_one_has(ppo):
    algorithm = ppo(lr=0.01)
    batch = algorithm.prepare(example_rollout(), torch.Generator()).flatten(example_rollout().valid)
    first, second = (algorithm.update(batch, count).metrics for count in range(2))
    assert first["approx_kl"].item() == pytest.approx(0, abs=1e-7)
    assert 0 < second["approx_kl"].item() < 1
    assert not any(value.requires_grad for value in second.values())


def test_explained_variance_is_that_of_the_critic_before_it_learns(ppo):
    algorithm = ppo()
    batch = algorithm.prepare(example_rollout(), torch.Generator()).flatten(example_rollout().valid)
    expected = explained_variance(algorithm.critic(batch.obs), batch.returns)
    assert algorithm.rollout_metrics(batch)["explained_variance"].item() == pytest.approx(expected.item(), abs=1e-6)
