from __future__ import annotations

import math

import pytest
import torch
from torch import distributions

from rlchassis_toolkit.distributions import Categorical, DiagonalGaussian, detached

DRAWS = 40_000
LOGITS = torch.tensor([[0.0, 1.0, -2.0], [5.0, 5.0, 0.5]])
MEAN, LOG_STD = torch.tensor([[0.0, 2.0], [-1.0, 0.5]]), torch.tensor([[0.0, -0.5], [0.3, -2.0]])
PAIRS = [
    pytest.param(Categorical(LOGITS), distributions.Categorical(logits=LOGITS), id="categorical"),
    pytest.param(DiagonalGaussian(MEAN, LOG_STD), distributions.Independent(distributions.Normal(MEAN, LOG_STD.exp()), 1), id="gaussian"),
]


def rng() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@pytest.mark.parametrize(("ours", "torchs"), PAIRS)
def test_log_probabilities_and_entropies_are_those_of_torch(ours, torchs):
    actions = torchs.sample()
    assert ours.log_prob(actions).tolist() == pytest.approx(torchs.log_prob(actions).tolist(), rel=1e-5)
    assert ours.entropy().tolist() == pytest.approx(torchs.entropy().tolist(), rel=1e-5)


@pytest.mark.parametrize(("ours", "_"), PAIRS)
def test_both_at_once_are_the_same_as_each_alone(ours, _):
    actions = ours.sample(rng())
    log_probs, entropies = ours.log_prob_and_entropy(actions)
    assert torch.equal(log_probs, ours.log_prob(actions))
    assert torch.equal(entropies, ours.entropy())


def test_by_hand_a_fair_coin_has_the_entropy_of_one_bit():
    coin = Categorical(torch.tensor([[3.0, 3.0]]))
    assert coin.entropy().item() == pytest.approx(math.log(2))
    assert coin.log_prob(torch.tensor([1])).item() == pytest.approx(math.log(0.5))


def test_by_hand_the_log_probability_of_a_standard_normal():
    normal = DiagonalGaussian(torch.zeros(1, 2), torch.zeros(1, 2))
    assert normal.log_prob(torch.tensor([[1.0, 2.0]])).item() == pytest.approx(-0.5 - 2 - math.log(2 * math.pi))


def test_actions_are_drawn_as_often_as_they_are_likely():
    drawn = Categorical(LOGITS[:1].expand(DRAWS, 3)).sample(rng())
    frequencies = torch.bincount(drawn, minlength=3) / DRAWS
    assert frequencies.tolist() == pytest.approx(LOGITS[0].softmax(-1).tolist(), abs=4 * 0.5 / DRAWS**0.5)


def test_a_gaussian_is_drawn_with_its_mean_and_standard_deviation_per_dimension():
    drawn = DiagonalGaussian(MEAN[:1].expand(DRAWS, 2), LOG_STD[:1].expand(DRAWS, 2)).sample(rng())
    std, mean = torch.std_mean(drawn, dim=0)
    assert mean.tolist() == pytest.approx(MEAN[0].tolist(), abs=4 / DRAWS**0.5)
    assert std.tolist() == pytest.approx(LOG_STD[0].exp().tolist(), rel=4 / DRAWS**0.5)
    assert torch.corrcoef(drawn.T)[0, 1].item() == pytest.approx(0, abs=4 / DRAWS**0.5)


def test_draws_come_from_the_given_generator_alone():
    for ours in (Categorical(LOGITS), DiagonalGaussian(MEAN, LOG_STD)):
        before = torch.get_rng_state()
        assert torch.equal(ours.sample(rng()), ours.sample(rng()))
        assert torch.equal(torch.get_rng_state(), before)


def test_the_mode_is_the_likeliest_action():
    assert Categorical(LOGITS).mode().tolist()[0] == 1
    assert torch.equal(DiagonalGaussian(MEAN, LOG_STD).mode(), MEAN)


def test_an_impossible_action_costs_the_entropy_nothing_and_is_never_drawn():
    sure = Categorical(torch.tensor([[0.0, -torch.inf]]).expand(100, 2))
    assert sure.entropy().tolist() == [0] * 100
    assert sure.sample(rng()).tolist() == [0] * 100


def turned(distribution):
    """Another of the same kind: its rows in the other order."""
    return type(distribution)(*(part.flip(0) for part in distribution))


@pytest.mark.parametrize(("ours", "torchs"), PAIRS)
def test_divergences_are_those_of_torch(ours, torchs):
    expected = distributions.kl_divergence(torchs, _torchs(*turned(ours)))
    assert ours.kl(turned(ours)).tolist() == pytest.approx(expected.tolist(), rel=1e-5)
    assert ours.kl(ours).tolist() == pytest.approx([0, 0], abs=1e-6)


def test_by_hand_the_divergence_of_a_loaded_coin_from_a_fair_one_and_the_other_way():
    fair, loaded = Categorical(torch.tensor([[2.0, 2.0]])), Categorical(torch.tensor([[math.log(3), 0.0]]))
    assert fair.kl(loaded).item() == pytest.approx(0.5 * math.log(0.5 / 0.75) + 0.5 * math.log(0.5 / 0.25))
    assert loaded.kl(fair).item() == pytest.approx(0.75 * math.log(0.75 / 0.5) + 0.25 * math.log(0.25 / 0.5))


def test_by_hand_the_divergence_of_a_wider_normal_is_summed_over_dimensions():
    narrow = DiagonalGaussian(torch.zeros(1, 2), torch.zeros(1, 2))
    wide = DiagonalGaussian(torch.tensor([[1.0, 0.0]]), torch.tensor([[math.log(2), 0.0]]))
    assert narrow.kl(wide).item() == pytest.approx((1 + 1) / 8 + math.log(2) - 0.5)
    assert wide.kl(narrow).item() == pytest.approx((4 + 1) / 2 - math.log(2) - 0.5)


def test_an_action_that_is_impossible_to_both_adds_nothing_to_their_divergence():
    first, second = Categorical(torch.tensor([[0.0, 0.0, -torch.inf]])), Categorical(torch.tensor([[0.0, math.log(3), -torch.inf]]))
    assert first.kl(second).item() == pytest.approx(0.5 * math.log(0.5 / 0.25) + 0.5 * math.log(0.5 / 0.75))


def test_a_detached_distribution_is_the_same_without_gradients():
    made = DiagonalGaussian(MEAN.clone().requires_grad_(), LOG_STD.clone().requires_grad_())
    assert [part.requires_grad for part in detached(made)] == [False, False]
    assert torch.equal(detached(made).mean, MEAN)
    assert isinstance(detached(made), DiagonalGaussian)


def test_a_detached_distribution_stays_as_it_is_when_a_parameter_that_is_a_part_of_it_is_stepped():
    log_std = torch.nn.Parameter(torch.zeros(2))
    before = detached(DiagonalGaussian(MEAN, log_std.expand_as(MEAN)))
    with torch.no_grad():
        log_std.add_(1)
    assert before.log_std.tolist() == [[0, 0], [0, 0]]


@pytest.mark.parametrize(("ours", "torchs"), PAIRS)
def test_gradients_are_those_of_torch(ours, torchs):
    def gradients(of, actions):
        leaves = [torch.clone(part).requires_grad_() for part in ours]
        made = type(ours)(*leaves) if of is ours else _torchs(*leaves)
        (made.log_prob(actions).sum() + 3 * made.entropy().sum()).backward()
        return [leaf.grad for leaf in leaves]

    actions = torchs.sample()
    for mine, theirs in zip(gradients(ours, actions), gradients(torchs, actions), strict=True):
        assert torch.allclose(mine, theirs, atol=1e-5)


def _torchs(*leaves: torch.Tensor) -> distributions.Distribution:
    if len(leaves) == 1:
        return distributions.Categorical(logits=leaves[0])
    return distributions.Independent(distributions.Normal(leaves[0], leaves[1].exp()), 1)
