from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import torch

from rlchassis.api import NoiseFactoryMaxActionScaledGaussian, NoiseFactoryOrnsteinUhlenbeck, UnsupportedSpaceError, World
from rlchassis_sac import SACExperimentBuilder, SACParams
from rlchassis_sac.policy import SACPolicy
from rlchassis_testkit.tiny_envs import Receiver
from rlchassis_testkit.tiny_runs import fingerprint, tiny_run

PUSHED = partial(Receiver, [-2.0, 0.0], [2.0, 4.0])
GAMMA = 0.5


def small(builder: SACExperimentBuilder, **params: Any) -> SACExperimentBuilder:
    builder.with_sac_params(SACParams(**params)).with_actor_factory_default((16,))
    return builder.with_common_critic_factory_default((16,))


def run(env: Any = PUSHED, params: dict[str, Any] | None = None, **settings: Any) -> World:
    return tiny_run(SACExperimentBuilder, env, told=partial(small, **(params or {})), **settings)


def test_the_same_seed_gives_the_same_bits_and_another_seed_others():
    first, again, other = (fingerprint(run(seed=seed).policy) for seed in (1, 1, 2))
    assert first == again != other


@pytest.mark.parametrize("seed", [1, 2])
def test_it_finds_the_best_action_and_what_it_is_worth_where_every_episode_is_cut(seed):
    params = {"alpha": 0.01, "gamma": GAMMA, "actor_lr": 0.01, "critic_lr": 0.01, "tau": 0.05}
    settings = {"num_epochs": 1, "step_per_epoch": 800, "step_per_collect": 1, "batch_size": 64, "num_train_envs": 1, "num_test_envs": 0}
    algorithm: Any = run(params=params, seed=seed, **settings).algorithm
    obs = torch.zeros(1, 1)
    best = algorithm.policy.act(obs, explore=False, rng=torch.Generator())[0]
    assert (best > 0.9).all()
    assert algorithm.critics(obs, torch.ones(1, 2))[:, 0].tolist() == pytest.approx([6 / (1 - GAMMA)] * 2, rel=0.1)


def test_prioritized_replay_learns_something_else_with_windows_of_several_rows_too():
    for n_step in (1, 3):
        plain, prioritized = (fingerprint(run(params={"n_step": n_step}, replay_buffer_prioritized=flag).policy) for flag in (False, True))
        assert plain != prioritized


def test_discrete_actions_are_refused_in_one_sentence():
    with pytest.raises(UnsupportedSpaceError, match="sac does not support actions of Discrete; it takes Box"):
        run("CartPole-v1")


def acting(**options: Any) -> SACPolicy:
    class Fixed(torch.nn.Module):
        def forward(self, obs):
            return torch.full((len(obs), 2), 1.5), torch.full((len(obs), 2), -1.0)

    return SACPolicy(Fixed(), **options)


def test_noise_disturbs_what_is_explored_within_the_bounds_and_nothing_else():
    plain, noisy = acting(), acting(noise=NoiseFactoryMaxActionScaledGaussian(0.5))
    obs, rng = torch.zeros(100, 3), torch.Generator().manual_seed(0)
    explored = noisy.act(obs, explore=True, rng=rng)[0]
    assert explored.max() == 1
    assert explored.min() > -1
    assert explored.std() > plain.act(obs, explore=True, rng=rng)[0].std() + 0.1
    assert torch.equal(noisy.act(obs, explore=False, rng=rng)[0], plain.act(obs, explore=False, rng=rng)[0])


def test_noise_that_wanders_is_remembered_from_step_to_step():
    policy, rng = acting(noise=NoiseFactoryOrnsteinUhlenbeck()), torch.Generator().manual_seed(0)
    _, state = policy.act(torch.zeros(4, 3), explore=True, rng=rng)
    _, later = policy.act(torch.zeros(4, 3), state, explore=True, rng=rng)
    assert state.shape == later.shape == (4, 2)
    assert not torch.equal(state, later)
    assert policy.act(torch.zeros(4, 3), state, explore=False, rng=rng)[1] is None
