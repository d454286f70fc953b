"""The recipe of an agent: wrappers from the inside out, optimizers that share no parameter, spaces that are supported or refused."""

from __future__ import annotations

from dataclasses import replace

import gymnasium as gym
import numpy as np
import pytest
import torch
from attrs import frozen
from torch import nn

from rlchassis.data.randomness import RandomStreams
from rlchassis.envs import Environments
from rlchassis.errors import UnsupportedSpaceError, UsageError
from rlchassis.learning.optimizer import LRSchedulerFactoryLinear, OptimizerFactory
from rlchassis.learning.policy import PolicyWrapper, layers
from rlchassis.learning.setup import Setup, resolve
from rlchassis.registry import Component
from rlchassis.training.agent import PolicyWrapperFactory, check_spaces
from rlchassis_adam import OptimizerFactoryAdam
from rlchassis_obs_norm import PolicyWrapperFactoryObsNorm
from rlchassis_ppo import PPOAgentFactory

BOX = gym.spaces.Box(-1, 1, (2,), np.float32)
ENVS = Environments.from_spaces(BOX, gym.spaces.Discrete(2))
CPU = torch.device("cpu")


class LabelledWrapper(PolicyWrapper):
    def __init__(self, inner, label):
        super().__init__(inner)
        self.label = label


@frozen
class Labelled(PolicyWrapperFactory):
    label: str

    def create_wrapped_policy(self, policy, envs, optim_factory, device):
        assert isinstance(optim_factory, OptimizerFactory)
        return LabelledWrapper(policy, self.label)


@frozen
class MakesNothing(PolicyWrapperFactory):
    def create_wrapped_policy(self, policy, envs, optim_factory, device):
        return nn.Identity()


def setup(factory=None):
    return Setup(CPU, RandomStreams(1), 100, lambda role: factory or OptimizerFactoryAdam())


def test_the_first_wrapper_is_innermost():
    agent = PPOAgentFactory(policy_wrappers=[Labelled("inner"), Labelled("outer")])
    wrapped = agent.create_wrapped(agent.create_policy(ENVS, CPU), ENVS, CPU)
    assert [layer.label for layer in list(layers(wrapped))[:-1]] == ["outer", "inner"]


def test_a_wrapper_that_makes_no_policy_is_named():
    agent = PPOAgentFactory(policy_wrappers=[MakesNothing()])
    with pytest.raises(UsageError, match="expected a Policy of MakesNothing, got Identity"):
        agent.create_wrapped(agent.create_policy(ENVS, CPU), ENVS, CPU)


def test_a_parameter_is_stepped_by_one_optimizer_once():
    parameters = list(nn.Linear(2, 2).parameters())
    chosen = setup()
    chosen.optimizer(parameters, 0.1, "all")
    for again in (parameters[:1], [nn.Parameter(torch.zeros(1))] * 2):
        with pytest.raises(ValueError, match="stepped twice"):
            chosen.optimizer(again, 0.1, "more")
    assert len(chosen.optimizers) == 1


def test_an_optimizers_learning_rate_follows_its_schedule():
    optimizer = setup().optimizer(list(nn.Linear(1, 1).parameters()), 0.5, "all", LRSchedulerFactoryLinear())
    optimizer.set_progress(0.75)
    assert [group["lr"] for group in optimizer.torch_optimizer.param_groups] == [0.125]


@pytest.mark.parametrize("spaces", [(BOX, gym.spaces.Discrete(2)), (gym.spaces.Dict({"a": BOX, "b": gym.spaces.Discrete(3)}), BOX)])
def test_declared_spaces_are_supported(spaces):
    check_spaces(PPOAgentFactory(), Environments.from_spaces(*spaces))


def test_a_space_that_the_manifest_does_not_declare_is_refused_in_one_sentence(monkeypatch):
    from rlchassis.registry import find

    plugin = find("algorithm", "ppo")
    monkeypatch.setattr(
        "rlchassis.training.agent.find", lambda kind, name: __import__("dataclasses").replace(plugin, action_spaces=("Box",))
    )
    with pytest.raises(UnsupportedSpaceError, match=r"^ppo does not support actions of Discrete; it takes Box\. Choose another"):
        check_spaces(PPOAgentFactory(), ENVS)


@pytest.mark.parametrize("wrapper", [Component("policy_wrapper", "obs-norm"), PolicyWrapperFactoryObsNorm()])
def test_a_space_that_the_manifest_of_a_wrapper_does_not_declare_is_refused_in_one_sentence(monkeypatch, wrapper):
    from rlchassis.registry import find

    narrow = {"ppo": find("algorithm", "ppo"), "obs-norm": replace(find("policy_wrapper", "obs-norm"), observation_spaces=("Box",))}
    monkeypatch.setattr("rlchassis.training.agent.find", lambda kind, name: narrow[name])
    check_spaces(PPOAgentFactory(policy_wrappers=[wrapper]), ENVS)
    nested = Environments.from_spaces(gym.spaces.Dict(a=BOX), gym.spaces.Discrete(2))
    with pytest.raises(UnsupportedSpaceError, match=r"^obs-norm does not support observations of Dict; it takes Box\. Leave the wrapper"):
        check_spaces(PPOAgentFactory(policy_wrappers=[wrapper]), nested)


def test_references_become_what_they_name_and_nothing_else():
    assert resolve(None, OptimizerFactory) is None
    assert resolve(Component("optimizer", "adam", {"eps": 0.5}), OptimizerFactory) == OptimizerFactoryAdam(eps=0.5)
    with pytest.raises(UsageError, match="expected a PolicyWrapperFactory, got OptimizerFactoryAdam"):
        resolve(Component("optimizer", "adam"), PolicyWrapperFactory)


def test_the_seed_of_initialisation_decides_the_weights_and_leaves_torchs_own_generator_alone():
    def weights(seed):
        with RandomStreams(seed).initialisation():
            return torch.cat([p.flatten() for p in PPOAgentFactory().create_policy(ENVS, CPU).parameters()])

    before = torch.get_rng_state()
    assert torch.equal(weights(1), weights(1))
    assert not torch.equal(weights(1), weights(2))
    assert torch.equal(torch.get_rng_state(), before)
