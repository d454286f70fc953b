from __future__ import annotations

import math

import pytest
import torch
from torch import distributions

from rlchassis_toolkit.distributions import Categorical, DiagonalGaussian, detached
from rlchassis_toolkit.product_distributions import MixedDistribution, MultiCategorical

SIZES = (3, 1, 2)
SIDE_BY_SIDE = torch.tensor([[0.0, 1.0, -2.0, 4.0, 0.5, -0.5], [5.0, 5.0, 0.5, -1.0, 0.0, 2.0]])
MEAN, LOG_STD = torch.tensor([[0.0, 2.0], [-1.0, 0.5]]), torch.tensor([[0.0, -0.5], [0.3, -2.0]])
MULTI = MultiCategorical.of(SIDE_BY_SIDE, SIZES)
MIXED = MixedDistribution(*MULTI, MEAN, LOG_STD)
DRAWS = 40_000


def rng() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def torchs(made, logits=SIDE_BY_SIDE):
    """The independent parts as distributions of torch, of the logits side by side."""
    parts = [distributions.Categorical(logits=part) for part in logits.split(SIZES, -1)]
    if isinstance(made, MixedDistribution):
        parts.append(distributions.Independent(distributions.Normal(made.mean, made.log_std.exp()), 1))
    return parts


def taken_apart(actions):
    return [*actions[:, :3].unbind(-1), *([actions[:, 3:]] if actions.shape[1] > 3 else [])]


def turned(made):
    """Another of the same kind: its rows in the other order."""
    parts = made._asdict()
    return type(made)(**{name: part if name == "slots" else part.flip(0) for name, part in parts.items()})


def summed(terms):
    return torch.stack(list(terms)).sum(0).tolist()


@pytest.mark.parametrize("ours", [MULTI, MIXED], ids=["multi", "mixed"])
def test_log_probabilities_and_entropies_are_the_sums_of_those_of_torch(ours):
    actions, theirs = ours.sample(rng()), torchs(ours)
    expected = summed(part.log_prob(choice) for part, choice in zip(theirs, taken_apart(actions), strict=True))
    assert ours.log_prob(actions).tolist() == pytest.approx(expected, rel=1e-5)
    assert ours.entropy().tolist() == pytest.approx(summed(part.entropy() for part in theirs), rel=1e-5)
    log_probs, entropies = ours.log_prob_and_entropy(actions)
    assert torch.equal(log_probs, ours.log_prob(actions))
    assert torch.equal(entropies, ours.entropy())


@pytest.mark.parametrize("ours", [MULTI, MIXED], ids=["multi", "mixed"])
def test_divergences_are_the_sums_of_those_of_torch(ours):
    pairs = zip(torchs(ours), torchs(turned(ours), SIDE_BY_SIDE.flip(0)), strict=True)
    expected = summed(distributions.kl_divergence(*pair) for pair in pairs)
    assert ours.kl(turned(ours)).tolist() == pytest.approx(expected, rel=1e-5)
    assert ours.kl(ours).tolist() == pytest.approx([0, 0], abs=1e-6)


def test_by_hand_two_coins_and_a_die():
    bits = MultiCategorical.of(torch.tensor([[1.0, 1.0, math.log(3), 0.0, 0, 0, 0, 0, 0, 0]]), (2, 2, 6))
    assert bits.log_prob(torch.tensor([[1, 0, 5]])).item() == pytest.approx(math.log(1 / 2 * 3 / 4 * 1 / 6))
    assert bits.entropy().item() == pytest.approx(math.log(2) + 2 * math.log(2) - 3 / 4 * math.log(3) + math.log(6))
    fair = MultiCategorical.of(torch.zeros(1, 10), (2, 2, 6))
    assert fair.kl(bits).item() == pytest.approx(0.5 * math.log(0.5 / 0.75) + 0.5 * math.log(0.5 / 0.25))
    assert bits.mode()[0, 1].item() == 0


def test_by_hand_a_coin_and_a_standard_normal():
    coin = MultiCategorical.of(torch.tensor([[0.0, math.log(3)]]), (2,))
    mixed = MixedDistribution(*coin, torch.zeros(1, 1), torch.zeros(1, 1))
    wider = MixedDistribution(*coin, torch.ones(1, 1), torch.full((1, 1), math.log(2)))
    assert mixed.log_prob(torch.tensor([[1.0, 2.0]])).item() == pytest.approx(math.log(3 / 4) - 2 - math.log(2 * math.pi) / 2)
    assert mixed.entropy().item() == pytest.approx(2 * math.log(2) - 3 / 4 * math.log(3) + (1 + math.log(2 * math.pi)) / 2)
    assert mixed.kl(wider).item() == pytest.approx((1 + 1) / 8 + math.log(2) - 0.5)
    assert mixed.mode().tolist() == [[1.0, 0.0]]


def test_modes_are_the_likeliest_choice_of_each_part():
    assert MULTI.mode().tolist() == [[1, 0, 0], [0, 0, 1]]
    assert MIXED.mode().tolist() == [[1, 0, 0, 0, 2], [0, 0, 1, -1, 0.5]]


def test_choices_are_drawn_as_often_as_they_are_likely_and_independently():
    drawn = MultiCategorical.of(SIDE_BY_SIDE[:1].expand(DRAWS, -1), SIZES).sample(rng())
    assert drawn.dtype == torch.int64
    for part, logits in zip(drawn.unbind(-1), SIDE_BY_SIDE[0].split(SIZES), strict=True):
        frequencies = torch.bincount(part, minlength=len(logits)) / DRAWS
        assert frequencies.tolist() == pytest.approx(logits.softmax(-1).tolist(), abs=4 * 0.5 / DRAWS**0.5)
    assert torch.corrcoef(drawn[:, [0, 2]].float().T)[0, 1].item() == pytest.approx(0, abs=4 / DRAWS**0.5)


def test_mixed_actions_are_floats_with_the_choices_first():
    drawn = MIXED.sample(rng())
    assert drawn.dtype == torch.float32
    assert torch.equal(drawn[:, :3], drawn[:, :3].round())
    generator = rng()
    assert torch.equal(drawn[:, :3].long(), Categorical(MIXED.logits).sample(generator))
    assert torch.equal(drawn[:, 3:], DiagonalGaussian(MEAN, LOG_STD).sample(generator))


@pytest.mark.parametrize("ours", [MULTI, MIXED], ids=["multi", "mixed"])
def test_a_masked_choice_has_no_probability_and_the_others_share_it(ours):
    allowed = torch.tensor([[True, False, True, True, False, True], [True] * 6])
    masked = ours.masked(allowed.to(torch.int8))
    expected = torchs(masked, SIDE_BY_SIDE.masked_fill(~allowed, -torch.inf))
    actions = masked.sample(rng())
    wanted = summed(part.log_prob(choice) for part, choice in zip(expected, taken_apart(actions), strict=True))
    assert masked.log_prob(actions).tolist() == pytest.approx(wanted, rel=1e-5)
    assert masked.log_prob(ours.mode())[0].item() == -math.inf
    assert masked.entropy().isfinite().all()
    assert masked.entropy()[1].item() == pytest.approx(ours.entropy()[1].item())
    assert masked.mode()[:, 2].tolist() == [1, 1]


@pytest.mark.parametrize("ours", [MULTI, MIXED], ids=["multi", "mixed"])
def test_gradients_are_those_of_torch(ours):
    actions = ours.sample(rng())

    def gradients(own: bool):
        side = SIDE_BY_SIDE.clone().requires_grad_()
        made = MultiCategorical.of(side, SIZES)
        made = made if ours is MULTI else MixedDistribution(*made, MEAN, LOG_STD)
        parts, choices = torchs(made, side), taken_apart(actions)
        log_probs = made.log_prob(actions) if own else sum(p.log_prob(c) for p, c in zip(parts, choices, strict=True))
        entropies = made.entropy() if own else sum(part.entropy() for part in parts)
        (log_probs.sum() + 3 * entropies.sum()).backward()
        return side.grad

    assert torch.allclose(gradients(True), gradients(False), atol=1e-5)


def test_a_detached_product_is_the_same_without_gradients():
    made = MixedDistribution(*MULTI, MEAN.clone().requires_grad_(), LOG_STD)
    assert torch.equal(detached(made).log_prob(MIXED.mode()), MIXED.log_prob(MIXED.mode()))
    assert not detached(made).log_prob(MIXED.mode()).requires_grad
