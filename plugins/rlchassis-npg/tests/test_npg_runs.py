from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import gymnasium as gym
import pytest
import torch
from attrs import frozen
from gymnasium import spaces
from torch import nn

from rlchassis.api import ExperimentConfig, SamplingConfig, UnsupportedSpaceError, UsageError, World
from rlchassis.experiment import EnvFactoryRegistered
from rlchassis_npg import NPG, NPGExperimentBuilder, NPGParams
from rlchassis_testkit.featureless import ActorFactoryFeatureless
from rlchassis_testkit.tiny_envs import Counter
from rlchassis_testkit.tiny_runs import fingerprint, tiny_run, unchanged
from rlchassis_toolkit import ActorFactory, CategoricalActor, Critic, CriticFactory, Features

Configure = Callable[[NPGExperimentBuilder], NPGExperimentBuilder]
CARTPOLE, PENDULUM = EnvFactoryRegistered("CartPole-v1"), EnvFactoryRegistered("Pendulum-v1", max_episode_steps=20)


def trained(env: Any, configure: Configure = unchanged) -> NPG:
    """What learned from two rollouts of 32 steps, after a look at whether actor and critic did."""
    sampling = SamplingConfig(num_epochs=1, step_per_epoch=64, step_per_collect=32, batch_size=None, num_train_envs=2, num_test_envs=0)
    builder = NPGExperimentBuilder(env, ExperimentConfig(watch=False, persistence_enabled=False), sampling)
    experiment = configure(builder.with_npg_params(NPGParams(optim_critic_iters=2))).build()
    world: World = experiment.create_experiment_world()
    algorithm: Any = world.algorithm
    before = fingerprint(algorithm.policy), fingerprint(algorithm.critic.head)
    assert experiment.train(world).updates == 2
    world.close()
    assert all(old != new for old, new in zip(before, (fingerprint(algorithm.policy), fingerprint(algorithm.critic.head)), strict=True))
    assert all(p.isfinite().all() for module in (algorithm.policy, algorithm.critic) for p in module.parameters())
    return algorithm


def widths(module: nn.Module) -> list[int]:
    return [part.out_features for part in module.modules() if isinstance(part, nn.Linear)]


@pytest.mark.parametrize(("env", "outputs"), [(CARTPOLE, 2), (PENDULUM, 1)], ids=["categorical", "gaussian"])
def test_actor_and_critic_are_default_networks_unless_sizes_and_activations_are_given(env, outputs):
    plain = trained(env)
    assert (widths(plain.policy.actor), widths(plain.critic)) == ([64, 64, outputs], [64, 64, 1])
    configured = trained(env, lambda b: b.with_actor_factory_default((8,), nn.ReLU).with_critic_factory_default((9, 7), nn.ELU))
    assert (widths(configured.policy.actor), widths(configured.critic)) == ([8, outputs], [9, 7, 1])
    assert any(isinstance(part, nn.ReLU) for part in configured.policy.modules())
    assert any(isinstance(part, nn.ELU) for part in configured.critic.modules())


@pytest.mark.parametrize("unbounded", [False, True])
@pytest.mark.parametrize("conditioned", [False, True])
def test_a_gaussians_mean_may_be_bounded_and_its_deviation_may_depend_on_what_is_seen(unbounded, conditioned):
    options = {"continuous_unbounded": unbounded, "continuous_conditioned_sigma": conditioned}
    actor = trained(PENDULUM, lambda b: b.with_actor_factory_default((8,), **options)).policy.actor
    with torch.no_grad():
        actor.head.weight[0].fill_(10.0)
    mean, log_std = actor(torch.tensor([[1.0, 1.0, 1.0], [-1.0, 0.0, 1.0]]))
    assert bool((mean.abs() > 1).any()) is unbounded
    assert bool(log_std[0] != log_std[1]) is conditioned


@pytest.mark.parametrize("env", [CARTPOLE, PENDULUM], ids=["categorical", "gaussian"])
def test_a_critic_may_reuse_the_actors_features(env):
    algorithm = trained(env, lambda b: b.with_critic_factory_use_actor())
    assert algorithm.critic.features is algorithm.policy.actor.features
    assert len(algorithm.optimizer.parameters) == 2


@frozen
class OddActor(ActorFactory):
    """One with a parameter that nothing is computed from."""

    def create_module(self, envs: Any, device: torch.device) -> nn.Module:
        actor = CategoricalActor(Features(envs.observation_space, (5,), nn.Tanh), 2)
        actor.idle = nn.Parameter(torch.ones(3))
        return actor.to(device)


@frozen
class SmallCritic(CriticFactory):
    def create_module(self, envs: Any, device: torch.device, actor: nn.Module | None = None) -> nn.Module:
        return Critic(Features(envs.observation_space, (6,), nn.Tanh)).to(device)


def test_networks_may_be_of_the_users_own_making():
    algorithm = trained(CARTPOLE, lambda b: b.with_actor_factory(OddActor()).with_critic_factory(SmallCritic()))
    assert (widths(algorithm.policy.actor), widths(algorithm.critic)) == ([5, 2], [6, 1])
    assert algorithm.policy.actor.idle.tolist() == [1, 1, 1]


def test_observations_may_be_dicts_with_discrete_parts():
    assert widths(trained(partial(Counter, as_dict=True)).critic) == [64, 64, 1]


def small(builder: NPGExperimentBuilder) -> NPGExperimentBuilder:
    return builder.with_actor_factory_default((8,))


def test_equal_seeds_give_equal_bits_and_different_seeds_different_ones():
    first, again, other = (fingerprint(tiny_run(NPGExperimentBuilder, CARTPOLE, configure=small, seed=seed).policy) for seed in (1, 1, 2))
    assert first == again != other


def test_minibatches_are_a_round_each_and_the_whole_rollout_is_one():
    rounds = {size: tiny_run(NPGExperimentBuilder, CARTPOLE, configure=small, batch_size=size).state.updates for size in (12, None)}
    assert rounds == {12: 8, None: 4}


class Strange(gym.Env[Any, Any]):
    observation_space = spaces.Box(-1.0, 1.0, (1,))
    action_space = spaces.Text(3)


def test_spaces_that_the_manifest_does_not_declare_are_refused_before_the_first_step():
    with pytest.raises(UnsupportedSpaceError, match=r"^the action space is Text"):
        tiny_run(NPGExperimentBuilder, Strange)


def test_a_critic_cannot_reuse_what_an_actor_does_not_have():
    with pytest.raises(UsageError, match="the critic cannot reuse this actor's features"):
        tiny_run(
            NPGExperimentBuilder,
            CARTPOLE,
            configure=lambda b: b.with_actor_factory(ActorFactoryFeatureless()).with_critic_factory_use_actor(),
        )
