from __future__ import annotations

import torch

from rlchassis_toolkit.noise import NoiseFactoryMaxActionScaledGaussian, NoiseFactoryOrnsteinUhlenbeck
from rlchassis_toolkit.policies.deterministic import DeterministicPolicy

OBS = torch.tensor([[0.9], [0.0], [-0.9]]).repeat_interleave(1000, 0)


class Echo(torch.nn.Module):
    def forward(self, obs):
        return obs


def rng() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def test_without_noise_it_takes_what_its_actor_answers():
    for explore in (False, True):
        actions, state = DeterministicPolicy(Echo()).act(OBS, explore=explore, rng=rng())
        assert torch.equal(actions, OBS)
        assert state is None


def test_noise_disturbs_what_is_explored_and_nothing_else():
    policy = DeterministicPolicy(Echo(), noise=NoiseFactoryMaxActionScaledGaussian(0.3))
    assert torch.equal(policy.act(OBS, explore=False, rng=rng())[0], OBS)
    explored = policy.act(OBS, explore=True, rng=rng())[0]
    disturbed, _ = NoiseFactoryMaxActionScaledGaussian(0.3).create_noise()(OBS, None, rng())
    assert disturbed.abs().max() > 1
    assert torch.equal(explored, disturbed.clamp(-1, 1))


def test_noise_that_wanders_is_remembered_from_step_to_step():
    policy, stream = DeterministicPolicy(Echo(), noise=NoiseFactoryOrnsteinUhlenbeck(theta=0.5, sigma=0.1)), rng()
    _, state = policy.act(OBS, explore=True, rng=stream)
    actions, later = policy.act(OBS, state, explore=True, rng=stream)
    assert torch.equal(actions, (OBS + later).clamp(-1, 1))
    assert not torch.equal(state, later)
    assert policy.act(OBS, state, explore=False, rng=stream)[1] is None


def test_all_that_is_stored_is_the_actor():
    policy = DeterministicPolicy(torch.nn.Linear(1, 1), noise=NoiseFactoryOrnsteinUhlenbeck())
    assert list(policy.state_dict()) == ["actor.weight", "actor.bias"]


def test_noise_fades_with_the_progress_of_the_run():
    policy = DeterministicPolicy(Echo(), noise=NoiseFactoryMaxActionScaledGaussian(0.3, final_fraction=0.0))
    policy.set_progress(1.0)
    assert torch.equal(policy.act(OBS, explore=True, rng=rng())[0], OBS)
