from __future__ import annotations

import math

import pytest
import torch

from rlchassis_iqn import QuantileNetwork, QuantilePolicy

OBS = torch.tensor([[1.0, -2.0], [0.5, 3.0]])


class Passing(torch.nn.Module):
    """Features that are the observations."""

    output_dim = 2

    def forward(self, obs: torch.Tensor) -> torch.Tensor:
        return obs


def network(num_cosines: int = 3, hidden_sizes: tuple[int, ...] = ()) -> QuantileNetwork:
    torch.manual_seed(0)
    return QuantileNetwork(Passing(), 2, num_cosines, hidden_sizes)


def by_hand(made: QuantileNetwork, row: torch.Tensor, fraction: float) -> list[float]:
    """The paper's formula, number by number."""
    (weight, bias), (head_weight, head_bias) = made.embedding.parameters(), made.head.parameters()
    cosines = [math.cos(math.pi * i * fraction) for i in (1, 2, 3)]
    embedded = [
        max(0.0, sum(w * c for w, c in zip(line, cosines, strict=True)) + b) for line, b in zip(weight.tolist(), bias.tolist(), strict=True)
    ]
    product = [x * e for x, e in zip(row.tolist(), embedded, strict=True)]
    return [
        sum(w * x for w, x in zip(line, product, strict=True)) + b for line, b in zip(head_weight.tolist(), head_bias.tolist(), strict=True)
    ]


def test_by_hand_features_are_multiplied_with_what_cosines_of_the_fraction_become():
    made, fractions = network(), torch.tensor([[0.0, 0.3], [0.9, 1.0]])
    quantiles = made(OBS, fractions)
    assert quantiles.shape == (2, 2, 2)
    for row in range(2):
        for k in range(2):
            assert quantiles[row, k].tolist() == pytest.approx(by_hand(made, OBS[row], fractions[row, k].item()), abs=1e-6)


def test_fractions_may_be_the_same_for_all_observations():
    made, fractions = network(), torch.tensor([0.1, 0.5, 0.9])
    assert torch.allclose(made(OBS, fractions), made(OBS, fractions.expand(2, 3)))


def test_any_number_of_fractions_may_be_asked_for_and_each_is_answered_by_itself():
    made, fractions = network(), torch.rand(2, 7)
    assert torch.allclose(made(OBS, fractions)[:, 3:5], made(OBS, fractions[:, 3:5]), atol=1e-6)


def test_hidden_layers_stand_between_the_product_and_the_quantiles():
    head = network(hidden_sizes=(5, 4)).head
    assert [type(layer).__name__ for layer in head] == ["Linear", "ReLU", "Linear", "ReLU", "Linear"]
    assert [tuple(p.shape) for p in head.parameters() if p.dim() == 2] == [(5, 2), (4, 5), (2, 4)]


def test_a_stored_quantile_network_holds_weights_alone():
    assert {name.split(".")[0] for name in network().state_dict()} == {"embedding", "head"}


class FixedValues(torch.nn.Module):
    """Of the first action every quantile is its fraction, of the second it is 0.4."""

    def features(self, obs: torch.Tensor) -> torch.Tensor:
        return obs

    def allowed(self, quantiles: torch.Tensor, obs: torch.Tensor) -> torch.Tensor:
        return quantiles

    def quantiles(self, features: torch.Tensor, fractions: torch.Tensor) -> torch.Tensor:
        first = fractions.expand(len(features), fractions.shape[-1])
        return torch.stack([first, torch.full_like(first, 0.4)], -1)


def configured(sample_size: int) -> QuantilePolicy:
    return QuantilePolicy(FixedValues(), sample_size, eps_training=0.0)  # type: ignore[arg-type]  # it answers as a network does


def test_by_hand_an_evaluation_values_actions_at_the_middles_of_equal_parts_and_draws_nothing():
    policy, rng = configured(4), torch.Generator().manual_seed(0)
    before = rng.get_state()
    assert policy.middles.tolist() == [0.125, 0.375, 0.625, 0.875]
    assert policy.values(OBS, explore=False, rng=rng).tolist() == [[0.5, pytest.approx(0.4)]] * 2
    assert policy.act(OBS, explore=False, rng=rng)[0].tolist() == [0, 0]
    assert torch.equal(rng.get_state(), before)


def test_exploring_values_actions_at_fractions_drawn_for_each_observation_from_the_stream():
    policy = configured(1)
    obs = OBS[:1].expand(4000, 2)
    actions, again = (policy.act(obs, explore=True, rng=torch.Generator().manual_seed(0))[0] for _ in range(2))
    assert torch.equal(actions, again)
    assert actions.float().mean().item() == pytest.approx(0.4, abs=0.03)  # where the one fraction is below 0.4
