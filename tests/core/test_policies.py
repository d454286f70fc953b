from __future__ import annotations

import numpy as np
import pytest
import torch
from gymnasium.spaces import Box, Discrete

from rlchassis.envs import Environments
from rlchassis.modules import ActorFactoryDefault
from rlchassis.policies import PolicyWrapper, StochasticPolicy, layers
from rlchassis_testkit.experiences import Constant, experience_of

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
def test_evaluation_may_be_told_to_sample_too(space):
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


def test_layers_are_told_from_the_outside_in():
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
    assert outer.view(experience) is experience
    assert outer.learn(experience) == {}
