from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
import torch
from gymnasium.spaces import Box, Discrete
from torch import nn

from rlchassis.envs import Environments
from rlchassis.learning.policy import PolicyWrapper, layers
from rlchassis_testkit.experiences import Constant, experience_of
from rlchassis_toolkit.factories.networks import ActorFactoryDefault
from rlchassis_toolkit.policies.stochastic import StochasticPolicy

SPACES = [Discrete(3), Box(-1, 1, (2,), np.float32)]
OBS = torch.randn(50, 4, generator=torch.Generator().manual_seed(0))


def policy_over(space, *, deterministic_eval: bool = True) -> StochasticPolicy:
    envs = Environments.from_spaces(Box(-1, 1, (4,), np.float32), space)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        actor = ActorFactoryDefault((8,)).create_module(envs, torch.device("cpu"))
    return StochasticPolicy(actor, deterministic_eval=deterministic_eval)


def acted(policy: StochasticPolicy, seed: int, *, explore: bool) -> torch.Tensor:
    actions, state = policy.act(OBS, explore=explore, rng=torch.Generator().manual_seed(seed))
    assert state is None
    return actions


@pytest.mark.parametrize("space", SPACES, ids=str)
def test_exploring_draws_from_the_generator_and_evaluating_takes_the_likeliest(space):
    policy = policy_over(space)
    assert torch.equal(acted(policy, 1, explore=True), acted(policy, 1, explore=True))
    assert not torch.equal(acted(policy, 1, explore=True), acted(policy, 2, explore=True))
    assert torch.equal(acted(policy, 1, explore=False), policy.actor(OBS).mode())


@pytest.mark.parametrize("space", SPACES, ids=str)
def test_evaluation_can_sample_too(space):
    policy = policy_over(space, deterministic_eval=False)
    assert torch.equal(acted(policy, 1, explore=False), acted(policy, 1, explore=True))


@pytest.mark.parametrize("space", SPACES, ids=str)
def test_log_probabilities_and_entropies_are_those_of_the_actor(space):
    policy = policy_over(space)
    actions = acted(policy, 1, explore=True)
    log_probs, entropies = policy.log_prob_and_entropy(OBS, actions)
    assert torch.equal(log_probs, policy.actor(OBS).log_prob(actions))
    assert torch.equal(entropies, policy.actor(OBS).entropy())
    assert torch.equal(policy.log_prob(OBS, actions), log_probs)


def test_wrappers_are_listed_from_the_outside_in():
    innermost = Constant()
    inner = PolicyWrapper(innermost)
    outer = PolicyWrapper(inner)
    assert list(layers(outer)) == [outer, inner, innermost]


def test_a_layer_that_changes_nothing_acts_as_what_is_inside_and_stores_it():
    inner = policy_over(SPACES[0])
    outer = PolicyWrapper(inner)
    assert torch.equal(acted(outer, 1, explore=True), acted(inner, 1, explore=True))
    assert {f"inner.{name}" for name in inner.state_dict()} == set(outer.state_dict())
    experience = experience_of([1, 2])
    assert outer.transform(experience) is experience
    assert outer.learn(experience) == {}


class Careful(PolicyWrapper):
    gain = 1.0

    def __init__(self, inner):
        super().__init__(inner)
        self.declared_late = None


def test_an_attribute_that_a_policy_does_not_have_is_refused_with_the_nearest_name():
    policy = policy_over(Discrete(2))
    with pytest.raises(
        AttributeError, match=r"^StochasticPolicy has no attribute 'deterministic_evl'; did you mean 'deterministic_eval'\?$"
    ):
        policy.deterministic_evl = False
    with pytest.raises(AttributeError, match=r"^Careful has no attribute 'last'; set it in the __init__ of Careful\.$"):
        Careful(policy).last = 3


@pytest.mark.parametrize("copied", [lambda policy: policy, copy.deepcopy, lambda policy: pickle.loads(pickle.dumps(policy))])
def test_declared_attributes_are_set_as_ever_and_so_are_those_of_copies(copied):
    policy = copied(Careful(policy_over(Discrete(2))))
    policy.declared_late, policy.gain, policy.inner = 3, 2.0, policy_over(Discrete(3))
    policy.inner.actor = policy.inner.actor  # a part that is there may be tied or replaced
    with pytest.raises(AttributeError, match="declared_lat"):
        policy.declared_lat = 3


def test_torchs_own_tools_work_on_policies():
    policy = policy_over(Discrete(2))
    policy.register_buffer("seen", torch.zeros(1))
    policy.seen = torch.ones(1)
    policy.register_forward_hook(lambda *given: None).remove()
    policy.train(mode=False).double().requires_grad_(requires_grad=False)
    policy.register_parameter("gain", nn.Parameter(torch.ones(1)))
    torch.nn.utils.parametrize.register_parametrization(policy, "gain", nn.Identity())
    policy._is_torch_compile = True  # as torch.compile does
