from __future__ import annotations

import pickle

import attrs
import pytest
import torch

from rlchassis.errors import UsageError
from rlchassis_toolkit.noise import ExplorationNoise, NoiseFactoryMaxActionScaledGaussian, NoiseFactoryOrnsteinUhlenbeck

STILL = torch.zeros(20_000, 1)


def rng() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def test_gaussian_noise_spreads_by_a_fraction_of_the_largest_action_and_remembers_nothing():
    actions, state = NoiseFactoryMaxActionScaledGaussian(0.3).create_noise()(STILL + 0.5, None, rng())
    assert actions.mean().item() == pytest.approx(0.5, abs=0.01)
    assert actions.std().item() == pytest.approx(0.3, rel=0.03)
    assert state is None


def test_wandering_noise_begins_at_zero_and_is_pulled_back_by_hand():
    noise = NoiseFactoryOrnsteinUhlenbeck(theta=0.5, sigma=0.0, dt=0.1).create_noise()
    actions, state = noise(torch.tensor([[1.0]]), None, rng())
    assert (actions.item(), state.item()) == (1, 0)
    actions, state = noise(torch.tensor([[1.0]]), torch.tensor([[2.0]]), rng())
    assert state.item() == pytest.approx(2 - 0.5 * 2 * 0.1)
    assert actions.item() == pytest.approx(1 + 1.9)


def test_wandering_noise_is_pushed_by_sigma_and_the_root_of_time():
    _, state = NoiseFactoryOrnsteinUhlenbeck(sigma=0.4, dt=0.25).create_noise()(STILL, None, rng())
    assert state.std().item() == pytest.approx(0.4 * 0.5, rel=0.03)


def test_noise_leaves_the_actions_it_was_given_alone_and_draws_from_the_generator():
    for factory in (NoiseFactoryMaxActionScaledGaussian(), NoiseFactoryOrnsteinUhlenbeck()):
        given = torch.zeros(3, 2)
        first, second = (factory.create_noise()(given, None, rng())[0] for _ in range(2))
        assert torch.equal(first, second)
        assert given.count_nonzero() == 0


def test_noise_fades_in_a_straight_line_to_what_is_left_of_it_at_the_end():
    factory = NoiseFactoryMaxActionScaledGaussian(0.3, final_fraction=0.2)
    assert [factory.fraction_at(progress) for progress in (0, 0.5, 1, 2)] == pytest.approx([1, 0.6, 0.2, 0.2])
    assert NoiseFactoryMaxActionScaledGaussian(0.3).fraction_at(1) == 1


def test_a_disturbance_is_as_much_of_the_noise_as_is_left_within_the_range_of_actions():
    factory = NoiseFactoryMaxActionScaledGaussian(0.3, final_fraction=0.5)
    whole, _ = factory.create_noise()(STILL, None, rng())
    disturb = ExplorationNoise(factory)
    assert torch.equal(disturb(STILL, None, rng())[0], whole.clamp(-1, 1))
    disturb.set_progress(1.0)
    assert torch.allclose(disturb(STILL, None, rng())[0], (0.5 * whole).clamp(-1, 1))
    assert whole.abs().max() > 1


@pytest.mark.parametrize(("theta", "dt"), [(2.0, 1.0), (3.0, 1.0), (0.5, 4.0)])
def test_noise_that_is_thrown_ever_farther_is_refused(theta, dt):
    with pytest.raises(UsageError, match=r"^theta · dt must be below 2, or the noise diverges, got "):
        NoiseFactoryOrnsteinUhlenbeck(theta=theta, dt=dt)
    NoiseFactoryOrnsteinUhlenbeck(theta=0.99 * theta, dt=2 / theta)


def test_the_final_noise_scale_is_a_fraction():
    with pytest.raises(ValueError, match="final_fraction"):
        NoiseFactoryOrnsteinUhlenbeck(final_fraction=1.5)


@pytest.mark.parametrize("factory", [None, NoiseFactoryMaxActionScaledGaussian(0.5), NoiseFactoryOrnsteinUhlenbeck()])
def test_a_disturbance_can_be_pickled_as_it_stands(factory):
    if factory is not None:
        factory = attrs.evolve(factory, final_fraction=0.5)
    disturb = ExplorationNoise(factory)
    disturb.set_progress(0.5)
    before, after = (
        each(torch.zeros(2, 3), None, torch.Generator().manual_seed(1)) for each in (disturb, pickle.loads(pickle.dumps(disturb)))
    )
    assert before[0].equal(after[0])
    assert (before[0] == 0).all() == (factory is None)
