from __future__ import annotations

import numpy as np
import pytest
import torch
from gymnasium.spaces import Box, Dict, Discrete
from torch import nn

from rlchassis.envs import Environments
from rlchassis.errors import UsageError
from rlchassis_toolkit.distributions import Categorical, DiagonalGaussian
from rlchassis_toolkit.factories.networks import ActorFactoryDefault, CriticFactoryDefault, CriticFactoryReuseActor
from rlchassis_toolkit.networks.actors_and_critics import unique_parameters

CPU = torch.device("cpu")
OBS = torch.randn(7, 3, generator=torch.Generator().manual_seed(0))


def envs(actions=None, observations=None) -> Environments:
    return Environments.from_spaces(observations or Box(-1, 1, (3,), np.float32), actions or Discrete(4))


def widths(module: nn.Module) -> list[int]:
    return [layer.out_features for layer in module.modules() if isinstance(layer, nn.Linear)]


@pytest.mark.parametrize(("actions", "kind", "size"), [(Discrete(4), Categorical, 4), (Box(-2, 2, (2, 3)), DiagonalGaussian, 6)])
def test_the_action_space_decides_the_distribution(actions, kind, size):
    distribution = ActorFactoryDefault().create_module(envs(actions), CPU)(OBS)
    assert isinstance(distribution, kind)
    assert distribution[0].shape == (7, size)


def test_hidden_sizes_and_activations_reach_the_networks():
    for factory in (ActorFactoryDefault((5, 6), nn.ELU), CriticFactoryDefault((5, 6), nn.ELU)):
        module = factory.create_module(envs(), CPU)
        assert widths(module)[:2] == [5, 6]
        assert sum(isinstance(part, nn.ELU) for part in module.modules()) == 2


def test_widths_may_be_any_sequence_of_whole_numbers():
    assert ActorFactoryDefault(range(5, 7)).hidden_sizes == ActorFactoryDefault([5, 6]).hidden_sizes == (5, 6)
    for wrong in (64, "64", [64.0], [True], []):
        with pytest.raises(UsageError, match="one or more positive whole numbers"):
            ActorFactoryDefault(wrong)


def test_the_first_actions_are_undecided():
    probabilities = ActorFactoryDefault().create_module(envs(), CPU)(OBS).log_prob(torch.zeros(7, dtype=torch.long)).exp()
    assert torch.allclose(probabilities, torch.full((7,), 0.25), atol=0.02)


def test_options_of_the_gaussian_reach_it():
    actor = ActorFactoryDefault((4,), nn.Tanh, continuous_unbounded=True, continuous_conditioned_sigma=True).create_module(
        envs(Box(-1, 1, (2,))), CPU
    )
    assert actor.unbounded
    assert actor.log_std is None
    assert actor.head.out_features == 4


def test_a_dict_of_observations_has_an_actor_and_a_critic():
    space = Dict(at=Box(-1, 1, (3,)), on=Discrete(2))
    obs = {"at": OBS, "on": torch.zeros(7, dtype=torch.long)}
    assert CriticFactoryDefault().create_module(envs(observations=space), CPU)(obs).shape == (7,)
    assert ActorFactoryDefault().create_module(envs(observations=space), CPU)(obs).mode().shape == (7,)


def test_a_critic_of_its_own_shares_nothing_with_the_actor():
    actor = ActorFactoryDefault().create_module(envs(), CPU)
    critic = CriticFactoryDefault().create_module(envs(), CPU, actor=actor)
    assert not {id(p) for p in actor.parameters()} & {id(p) for p in critic.parameters()}


def test_a_critic_that_reuses_the_actor_adds_a_value_head_to_its_features():
    actor = ActorFactoryDefault().create_module(envs(), CPU)
    before = [p.clone() for p in actor.parameters()]
    critic = CriticFactoryReuseActor().create_module(envs(), CPU, actor=actor)
    assert critic.features is actor.features
    assert len(unique_parameters(actor, critic)) == len(before) + 2
    assert all(torch.equal(p, was) for p, was in zip(actor.parameters(), before, strict=True))


@pytest.mark.parametrize("actor", [None, nn.Linear(3, 2)])
def test_features_that_are_not_there_cannot_be_reused(actor):
    with pytest.raises(UsageError, match="cannot reuse this actor's features"):
        CriticFactoryReuseActor().create_module(envs(), CPU, actor=actor)


@pytest.mark.parametrize("sizes", [(), (0,), (64, -1), (True,), 64, "64", (6.4,)])
def test_hidden_sizes_are_positive_whole_numbers(sizes):
    for factory in (ActorFactoryDefault, CriticFactoryDefault):
        with pytest.raises(UsageError, match="hidden_sizes"):
            factory(sizes)


@pytest.mark.parametrize("activation", ["tanh", torch.tanh, nn.Tanh()])
def test_an_activation_is_a_module_class(activation):
    with pytest.raises(UsageError, match="hidden_activation"):
        ActorFactoryDefault((4,), activation)
