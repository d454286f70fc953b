"""Before training an agent is rebuilt as loading does, and asked again with another past: what would differ later is refused now."""

from __future__ import annotations

import logging
import random
from functools import partial

import numpy as np
import pytest
import torch
from attrs import field, frozen
from gymnasium.spaces import Box
from torch import nn

from rlchassis.envs import Environments
from rlchassis.experiment import (
    ActorFactory,
    ActorFactoryDefault,
    ExperimentConfig,
    PPOExperimentBuilder,
    SamplingConfig,
    load_policy,
)
from rlchassis.learning.policy import PolicyWrapper
from rlchassis.run import build as assembly
from rlchassis.run.checks.before_training import require_sound
from rlchassis_ppo import PPOAgentFactory
from rlchassis_testkit.refusals import assert_refused, cartpole_builder, create_and_close
from rlchassis_testkit.tiny_envs import Counter
from rlchassis_testkit.tiny_runs import fingerprint, tiny_run
from rlchassis_testkit.wrapping import Wrapping
from rlchassis_toolkit.distributions import Categorical
from rlchassis_toolkit.networks.actors_and_critics import CategoricalActor, Features
from rlchassis_toolkit.policies.stochastic import StochasticPolicy

ppo_builder = partial(cartpole_builder, PPOExperimentBuilder)


@frozen(kw_only=True)
class ReadsEnvironments(PPOAgentFactory):
    def create_policy(self, envs, device):
        assert envs.train is not None
        return super().create_policy(envs, device)


@frozen(kw_only=True)
class CountsEnvironments(PPOAgentFactory):
    def create_policy(self, envs, device):
        actor = CategoricalActor(Features(envs.observation_space, (8 if envs.train else 4,), nn.ReLU), 2)
        return StochasticPolicy(actor)


def test_a_policy_that_is_made_of_more_than_the_spaces_is_refused():
    assert_refused(
        ppo_builder(ReadsEnvironments), "create_policy of ReadsEnvironments fails with AssertionError", "observation_space and action_space"
    )
    assert_refused(ppo_builder(CountsEnvironments), "actor.features.0.bias is [8] there and [4] here", "the spaces alone")


class Scaled(nn.Module):
    def __init__(self, scale):
        super().__init__()
        self.layer = nn.Linear(4, 2)
        self.scale = scale

    def forward(self, obs):
        return Categorical(self.layer(obs) * self.scale)


@frozen
class AtRandom(ActorFactory):
    def create_module(self, envs, device):
        return Scaled(float(torch.rand(()) - 0.5))


@frozen
class Lossy(ActorFactory):
    """What it is given beside its fields is lost when it is stored."""

    scale: float = field(default=1.0, init=False)

    @classmethod
    def of(cls, scale):
        made = cls()
        object.__setattr__(made, "scale", scale)
        return made

    def create_module(self, envs, device):
        return Scaled(self.scale)


@pytest.mark.parametrize("factory", [AtRandom(), Lossy.of(-1.0)], ids=["drawn at random", "lost"])
def test_unstored_state_that_changes_actions_is_named(factory):
    torch.manual_seed(1)
    assert_refused(
        ppo_builder().with_actor_factory(factory), "rebuilt with the same weights, it acts differently: it has another Scaled.scale"
    )


@frozen
class OfType(ActorFactory):
    net: type = nn.Linear
    own: type[nn.Module] = Scaled
    part: type[ActorFactory] = ActorFactoryDefault
    kinds: tuple[type, ...] = (Scaled, nn.Tanh)

    def create_module(self, envs, device):
        assert (self.net, self.kinds, self.part) == (nn.Linear, (Scaled, nn.Tanh), ActorFactoryDefault)
        return self.own(1.0)


def test_a_field_that_holds_a_class_is_stored_and_loaded(tmp_path):
    config = ExperimentConfig(watch=False, persistence_base_dir=str(tmp_path))
    sampling = SamplingConfig(num_epochs=1, step_per_epoch=16, step_per_collect=16, num_train_envs=1, num_test_envs=0, batch_size=8)
    PPOExperimentBuilder("CartPole-v1", config, sampling).with_actor_factory(OfType()).build().run("x")
    assert load_policy(tmp_path / "x", allow=[OfType, Scaled])([0.0, 0.0, 0.0, 0.0]) in (0, 1)


@frozen
class Unreadable(ActorFactory):
    size: np.random.Generator | None = 3  # no file can say what it is

    def create_module(self, envs, device):
        return Scaled(1.0)


def test_a_recipe_that_cannot_be_read_back_is_refused_with_the_field():
    assert_refused(
        ppo_builder().with_actor_factory(Unreadable()),
        "its configuration cannot be read back: actor_factory: size: no file can hold a Generator",
    )


def test_a_recipe_that_no_file_can_hold_is_not_refused():
    create_and_close(ppo_builder().with_policy_wrapper_factory(Wrapping(lambda inner: PolicyWrapper(inner))))


@pytest.mark.parametrize("configure", [lambda b: b, lambda b: b.with_critic_factory_use_actor()], ids=["own features", "shared features"])
def test_nothing_of_a_run_changes_by_what_was_asked_before(configure, monkeypatch):
    def weights():
        return fingerprint(tiny_run(PPOExperimentBuilder, Counter, configure=configure).policy)

    asked = weights()
    monkeypatch.setattr(assembly, "require_sound", lambda *given, **options: None)
    assert weights() == asked


def test_global_generators_stand_where_they_stood():
    def states():
        return random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()  # noqa: NPY002  # that one is meant

    before = states()
    create_and_close(ppo_builder())
    assert states() == before


class HoldsEnvironments(PolicyWrapper):
    def __init__(self, inner, envs):
        super().__init__(inner)
        self.envs = envs

    def __deepcopy__(self, memo):
        assert id(self.envs) in memo, "environments are not copied"
        return HoldsEnvironments(self.inner, self.envs)


def test_environments_are_never_copied(caplog):
    agent = PPOAgentFactory()
    envs = Environments.from_spaces(Box(-1.0, 1.0, (4,), np.float32), Counter().action_space)
    policy = HoldsEnvironments(agent.create_policy(envs, torch.device("cpu")), envs)
    require_sound(agent, policy, envs, torch.device("cpu"), from_factory=False)
    assert caplog.messages == []


class Uncopyable(PolicyWrapper):
    def __deepcopy__(self, memo):
        raise TypeError("it holds a lock")


def test_a_policy_that_cannot_be_copied_is_asked_itself_and_left_in_training(caplog):
    with caplog.at_level(logging.WARNING):
        world = ppo_builder().with_policy_wrapper_factory(Wrapping(Uncopyable)).build().create_experiment_world()
    world.close()
    assert world.policy.training
    assert [record.message for record in caplog.records] == [
        "Uncopyable cannot be copied (it holds a lock), so it is not checked for hidden state."
    ]
