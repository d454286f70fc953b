from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from rlchassis_toolkit.distributions import DiagonalGaussian
from rlchassis_toolkit.policies.squashed import SquashedGaussian, SquashedGaussianPolicy

CASES = [(0.0, 0.0), (1.5, -1.0), (-0.7, 0.5), (2.0, -2.0)]


def rng() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def squashed(mean: float, log_std: float, size: int = 1) -> SquashedGaussian:
    return SquashedGaussian(torch.full((size, 1), mean, dtype=torch.float64), torch.full((size, 1), log_std, dtype=torch.float64))


def exact_cdf(mean: float, log_std: float, action: float) -> float:
    return 0.5 * (1 + math.erf((math.atanh(action) - mean) / math.exp(log_std) / math.sqrt(2)))


@pytest.mark.parametrize(("mean", "log_std"), CASES)
def test_by_numeric_integration_probabilities_of_intervals_are_those_of_the_gaussian(mean, log_std):
    edges = torch.linspace(-0.9, 0.9, 200_001, dtype=torch.float64)
    density = squashed(mean, log_std, len(edges)).log_prob(edges[:, None]).exp()
    probability = torch.trapezoid(density, edges).item()
    assert probability == pytest.approx(exact_cdf(mean, log_std, 0.9) - exact_cdf(mean, log_std, -0.9), abs=1e-8)


@pytest.mark.parametrize(("mean", "log_std"), CASES)
def test_the_density_integrates_to_1(mean, log_std):
    unsquashed = torch.linspace(-12, 12, 100_001, dtype=torch.float64)[:, None]
    noise = (unsquashed - mean) * math.exp(-log_std)
    _, log_probs = squashed(mean, log_std, len(unsquashed)).at(noise)
    slope = 1 / unsquashed.cosh().square().squeeze(-1)
    assert torch.trapezoid(log_probs.exp() * slope, unsquashed.squeeze(-1)).item() == pytest.approx(1, abs=1e-8)


def test_actions_and_log_probabilities_from_noise_are_those_of_torchs_transformed_distribution():
    torch.manual_seed(0)
    mean, log_std, noise = torch.randn(3, 5, 2, dtype=torch.float64).unbind()
    torchs = torch.distributions.TransformedDistribution(
        torch.distributions.Normal(mean, log_std.exp()), [torch.distributions.TanhTransform(cache_size=1)]
    )
    actions, log_probs = SquashedGaussian(mean, log_std).at(noise)
    assert torch.allclose(actions, (mean + log_std.exp() * noise).tanh())
    assert torch.allclose(log_probs, torchs.log_prob(actions).sum(-1))
    assert torch.allclose(log_probs, SquashedGaussian(mean, log_std).log_prob(actions))


def test_far_from_0_log_probabilities_and_their_gradients_stay_exact():
    mean = torch.tensor([[40.0]], requires_grad=True)
    actions, log_probs = SquashedGaussian(mean, torch.zeros(1, 1)).at(torch.zeros(1, 1))
    assert actions.item() == 1
    assert log_probs.item() == pytest.approx(-0.5 * math.log(2 * math.pi) - 2 * (math.log(2) - 40), rel=1e-6)
    log_probs.sum().backward()
    assert mean.grad.item() == pytest.approx(2)
    at_the_edge = SquashedGaussian(torch.zeros(1, 1), torch.zeros(1, 1)).log_prob(torch.ones(1, 1))
    assert at_the_edge.isfinite().all()


class Fixed(nn.Module):
    def forward(self, obs):
        return DiagonalGaussian(torch.full((len(obs), 2), 0.5), torch.full((len(obs), 2), -1.0))


def test_the_policy_samples_while_exploring_and_else_takes_the_squashed_mean():
    obs = torch.zeros(3, 1)
    policy = SquashedGaussianPolicy(Fixed())
    assert policy.act(obs, explore=False, rng=rng())[0].tolist() == [pytest.approx([math.tanh(0.5)] * 2)] * 3
    explored = policy.act(obs, explore=True, rng=rng())[0]
    assert len(explored.unique()) == 6
    assert torch.equal(explored, SquashedGaussianPolicy(Fixed(), deterministic_eval=False).act(obs, explore=False, rng=rng())[0])
    assert torch.equal(explored, policy.distribution(obs).sample(rng()))
    assert (explored.abs() < 1).all()
