from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import torch

from rlchassis.api import UnsupportedSpaceError, UsageError, World
from rlchassis_sac import SACAgentFactory, SACExperimentBuilder, SACParams
from rlchassis_sac.policy import SACPolicy
from rlchassis_testkit.tiny_envs import Receiver
from rlchassis_testkit.tiny_runs import fingerprint, tiny_run
from rlchassis_toolkit import (
    ActionCriticFactoryDefault,
    ActionCriticFactoryReuseActor,
    NoiseFactoryMaxActionScaledGaussian,
    NoiseFactoryOrnsteinUhlenbeck,
)

PUSHED = partial(Receiver, [-2.0, 0.0], [2.0, 4.0])
GAMMA = 0.5


def small(builder: SACExperimentBuilder, **params: Any) -> SACExperimentBuilder:
    builder.with_sac_params(SACParams(**params)).with_actor_factory_default((16,))
    return builder.with_common_critic_factory_default((16,))


def run(env: Any = PUSHED, params: dict[str, Any] | None = None, **settings: Any) -> World:
    return tiny_run(SACExperimentBuilder, env, configure=partial(small, **(params or {})), **settings)


def test_equal_seeds_give_equal_bits_and_different_seeds_different_ones():
    first, again, other = (fingerprint(run(seed=seed, step_per_epoch=24).policy) for seed in (1, 1, 2))
    assert first == again != other


def test_sac_learns_the_best_action_and_its_value_where_every_episode_is_truncated():
    params = {"alpha": 0.01, "gamma": GAMMA, "actor_lr": 0.01, "critic_lr": 0.01, "tau": 0.05}
    settings = {"num_epochs": 1, "step_per_epoch": 700, "step_per_collect": 1, "batch_size": 64, "num_train_envs": 1, "num_test_envs": 0}
    algorithm: Any = run(params=params, **settings).algorithm
    obs = torch.zeros(1, 1)
    best = algorithm.policy.act(obs, explore=False, rng=torch.Generator())[0]
    assert (best > 0.9).all()
    assert algorithm.critics(obs, torch.ones(1, 2))[:, 0].tolist() == pytest.approx([6 / (1 - GAMMA)] * 2, rel=0.1)


def test_prioritized_replay_learns_something_else():
    settings = {"params": {"n_step": 3}, "step_per_epoch": 24}
    plain, prioritized = (fingerprint(run(**settings, replay_buffer_prioritized=flag).policy) for flag in (False, True))
    assert plain != prioritized


def test_discrete_actions_are_refused_in_one_sentence():
    with pytest.raises(UnsupportedSpaceError, match="sac does not support actions of Discrete; it takes Box"):
        run("CartPole-v1")


@pytest.mark.parametrize("critics", [(), (ActionCriticFactoryDefault(),), (ActionCriticFactoryDefault(), "mlp")])
def test_critics_are_two(critics):
    with pytest.raises(UsageError, match=r"^critic_factories must be a tuple of two ActionCriticFactory"):
        SACAgentFactory(critic_factories=critics)


def test_one_critic_can_be_described_apart_from_the_other():
    builder = SACExperimentBuilder("Pendulum-v1").with_common_critic_factory_default((8,))
    agent = builder.with_critic2_factory_default((9,)).with_critic1_factory_use_actor().build().agent_factory
    assert agent.critic_factories == (ActionCriticFactoryReuseActor(), ActionCriticFactoryDefault((9,)))


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


def test_noise_fades_as_the_run_goes_on():
    plain, fading = acting(), acting(noise=NoiseFactoryMaxActionScaledGaussian(0.5, final_fraction=0.0))
    fading.set_progress(1.0)
    actions = [policy.act(torch.zeros(4, 3), explore=True, rng=torch.Generator().manual_seed(0))[0] for policy in (plain, fading)]
    assert torch.equal(*actions)
