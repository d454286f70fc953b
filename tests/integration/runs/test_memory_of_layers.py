"""Layers and networks that keep memory in themselves are found and refused before training."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from attrs import frozen
from torch import nn

from rlchassis.experiment import (
    ActorFactory,
    DDPGExperimentBuilder,
    PPOExperimentBuilder,
)
from rlchassis.learning.policy import PolicyWrapper
from rlchassis_ddpg import DDPGParams
from rlchassis_ppo import PPOAgentFactory, PPOParams
from rlchassis_testkit.refusals import assert_refused, cartpole_builder, create_and_close
from rlchassis_testkit.wrapping import Wrapping
from rlchassis_toolkit.distributions import Categorical
from rlchassis_toolkit.networks.actors_and_critics import CategoricalActor
from rlchassis_toolkit.noise import NoiseFactoryOrnsteinUhlenbeck
from rlchassis_toolkit.policies.stochastic import StochasticPolicy

ppo_builder = partial(cartpole_builder, PPOExperimentBuilder)


class Repeating(PolicyWrapper):
    """Takes each action four times, and keeps count in itself."""

    def __init__(self, inner):
        super().__init__(inner)
        self.left, self.action = 0, None

    def act(self, obs, state=None, *, explore, rng):
        if self.left == 0:
            self.action, state = self.inner.act(obs, state, explore=explore, rng=rng)
        self.left = (self.left + 3) % 4
        return self.action, state


class Smoothing(PolicyWrapper):
    """Shows the policy within the mean of this observation and the last."""

    def __init__(self, inner):
        super().__init__(inner)
        self.last = None

    def act(self, obs, state=None, *, explore, rng):
        seen = obs if self.last is None else (obs + self.last) / 2
        self.last = obs
        return self.inner.act(seen, state, explore=explore, rng=rng)


class Drawing(PolicyWrapper):
    """Disturbs observations by torch's global generator."""

    def act(self, obs, state=None, *, explore, rng):
        return self.inner.act(obs + torch.rand_like(obs), state, explore=explore, rng=rng)


class Moving(PolicyWrapper):
    """Normalises by statistics that move whenever it acts."""

    def __init__(self, inner):
        super().__init__(inner)
        self.register_buffer("mean", torch.zeros(4))

    def act(self, obs, state=None, *, explore, rng):
        self.mean += 0.1 * (obs.mean(0) - self.mean)
        return self.inner.act(obs - self.mean, state, explore=explore, rng=rng)


@pytest.mark.parametrize(
    ("wrap", "said"),
    [
        (Repeating, "Repeating acts differently on the same observations after other calls"),
        (Smoothing, "(it keeps Smoothing.last)"),
        (Drawing, "draw random numbers from rng alone"),
        (Moving, "Moving acts differently on the same observations"),
    ],
)
def test_a_layer_that_keeps_memory_in_itself_is_refused_with_the_memory_contract(wrap, said):
    assert_refused(ppo_builder().with_policy_wrapper_factory(Wrapping(wrap)), said, "return recurrent state from act")


class Counting(StochasticPolicy):
    """Takes its actions in turns."""

    def __init__(self, actor):
        super().__init__(actor)
        self.turn = 0

    def act(self, obs, state=None, *, explore, rng):
        self.turn += 1
        return torch.full((len(obs),), self.turn % 2), None


@frozen(kw_only=True)
class CountingAgent(PPOAgentFactory):
    def create_policy(self, envs, device):
        return Counting(self.actor_factory.create_module(envs, device))


def test_an_innermost_policy_that_keeps_memory_in_itself_is_refused_too():
    assert_refused(ppo_builder(CountingAgent), "Counting acts differently on the same observations", "(it keeps Counting.turn)")


class Sticky(PolicyWrapper):
    """Takes its very first action for ever, whatever the policy within answers."""

    def __init__(self, inner):
        super().__init__(inner)
        self.action = None

    def act(self, obs, state=None, *, explore, rng):
        actions, state = self.inner.act(obs, state, explore=explore, rng=rng)
        self.action = actions if self.action is None else self.action
        return self.action, state


class Resting(PolicyWrapper):
    """Takes action 0 at every second call."""

    def __init__(self, inner):
        super().__init__(inner)
        self.calls = 0

    def act(self, obs, state=None, *, explore, rng):
        self.calls += 1
        actions, state = self.inner.act(obs, state, explore=explore, rng=rng)
        return actions * (self.calls % 2), state


class Undecided(nn.Module):
    def __init__(self, scores):
        super().__init__()
        self.scores = nn.Parameter(torch.tensor(scores))

    def forward(self, obs):
        return Categorical(self.scores.expand(len(obs), 2))


@frozen
class UndecidedActor(ActorFactory):
    scores: tuple[float, ...] = (1.0, 0.0)

    def create_module(self, envs, device):
        return Undecided(self.scores)


def test_a_layer_that_repeats_actions_is_found_even_where_the_network_always_answers_the_same():
    configured = ppo_builder().with_actor_factory(UndecidedActor()).with_policy_wrapper_factory(Wrapping(Sticky))
    assert_refused(configured, "Sticky acts differently on the same observations", "(it keeps Sticky.action)")


@pytest.mark.parametrize("scores", [(1.0, 0.0), (0.0, 1.0)])
def test_a_layer_that_changes_with_every_second_call_is_found_whatever_the_network_always_answers(scores):
    configured = ppo_builder().with_actor_factory(UndecidedActor(scores)).with_policy_wrapper_factory(Wrapping(Resting))
    assert_refused(configured, "Resting acts differently on the same observations", "(it keeps Resting.calls)")


class Remembering(PolicyWrapper):
    """Shows the policy within the mean of this observation and the last, which is its state; counts its calls, to no effect."""

    def __init__(self, inner):
        super().__init__(inner)
        self.calls = 0

    def act(self, obs, state=None, *, explore, rng):
        self.calls += 1
        seen = obs if state is None else (obs + state) / 2
        return self.inner.act(seen, explore=explore, rng=rng)[0], obs


def test_memory_that_is_handed_out_and_what_changes_no_answer_are_taken():
    create_and_close(ppo_builder().with_policy_wrapper_factory(Wrapping(Remembering)))


def test_draws_from_rng_and_noise_with_a_memory_of_its_own_are_taken():
    create_and_close(ppo_builder().with_ppo_params(PPOParams(deterministic_eval=False)))
    noisy = DDPGParams(exploration_noise=NoiseFactoryOrnsteinUhlenbeck())
    create_and_close(DDPGExperimentBuilder("Pendulum-v1").with_ddpg_params(noisy))


class Lazy(nn.Sequential):
    output_dim = 8

    def __init__(self):
        super().__init__(nn.LazyLinear(8), nn.ReLU(), nn.Dropout(0.5), nn.BatchNorm1d(8))


@frozen
class LazyActor(ActorFactory):
    def create_module(self, envs, device):
        return CategoricalActor(Lazy(), 2)


def test_lazy_layers_and_those_that_behave_otherwise_in_training_are_taken_and_none_is_touched():
    world = ppo_builder().with_actor_factory(LazyActor()).build().create_experiment_world()
    world.close()
    norm = world.policy.actor.features[3]
    assert world.policy.training
    assert norm.training
    assert (norm.num_batches_tracked.item(), norm.running_mean.tolist()) == (0, [0.0] * 8)
