"""A network that answers amiss is refused before the first environment step, in a sentence that names it and its setting."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from attrs import frozen
from gymnasium.spaces import Box, Discrete
from torch import nn

from rlchassis import experiment as installed
from rlchassis.errors import UsageError
from rlchassis.experiment import BUILDERS, ActorFactory, CriticFactory, ExperimentConfig, SamplingConfig
from rlchassis.learning.policy import PolicyWrapper
from rlchassis_testkit.wrapping import Wrapping
from rlchassis_toolkit.distributions import Categorical, DiagonalGaussian
from rlchassis_toolkit.factories.action_critics import ActionCriticFactory, ActionCriticFactoryDefault, BatchedCriticFactory
from rlchassis_toolkit.factories.contracts import IntermediateModuleFactory
from rlchassis_toolkit.networks.actors_and_critics import CategoricalActor, Features

DISCRETE, CONTINUOUS = Discrete(2), Box(-2.0, 2.0, (3,), np.float32)


class Unstepped(gym.Env[Any, Any]):
    """No step is ever taken in it."""

    observation_space = Box(-1.0, 1.0, (4,), np.float32)

    def __init__(self, actions: Any) -> None:
        self.action_space = actions

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        return np.zeros(4, np.float32), {}

    def step(self, action: Any) -> Any:
        raise AssertionError("a step was taken")


class Answering(nn.Module):
    """One linear layer from observations, and from actions where there are any, and what a function makes of its outputs."""

    def __init__(self, width: int, then: Any) -> None:
        super().__init__()
        self.layer = nn.LazyLinear(width)
        self.layer(torch.zeros(1, 4))
        self.then = then
        self.output_dim = width

    def forward(self, obs: Any, actions: Any = None) -> Any:
        return self.then(self.layer(obs))


SETTINGS = {
    "with_actor_factory": (ActorFactory, "actor_factory"),
    "with_critic_factory": (CriticFactory, "critic_factory"),
    "with_common_critic_factory": (ActionCriticFactory, "critic_factories"),
    "with_critic1_factory": (ActionCriticFactory, "critic_factories[0]"),
    "with_critic2_factory": (ActionCriticFactory, "critic_factories[1]"),
    "with_critic_ensemble_factory": (ActionCriticFactory, "critic_ensemble_factory"),
    "with_model_factory": (IntermediateModuleFactory, "model_factory"),
    "with_preprocess_network_factory": (IntermediateModuleFactory, "preprocess_network_factory"),
}
"""What each method of a builder takes, and what its setting is called in the recipe."""


def factory_of(builder: str, setter: str, width: int = 1, then: Any = lambda outputs: outputs) -> Any:
    """A factory, for a method of a builder, whose networks answer so."""
    kind: Any = ActionCriticFactory if builder == "DDPG" and "critic" in setter else SETTINGS[setter][0]

    class Own(kind):
        def create_module(self, envs: Any, device: Any, actor: Any = None) -> nn.Module:
            return Answering(width, then).to(device)

    return frozen(Own)()


def actions_for(builder: str) -> Any:
    return CONTINUOUS if builder in ("DDPG", "TD3", "SAC", "REDQ") else DISCRETE


def builder_for(builder: str, **sampling: Any) -> Any:
    made = getattr(installed, f"{builder}ExperimentBuilder")
    sampled = SamplingConfig(num_epochs=1, step_per_epoch=64, num_test_envs=0, batch_size=32, **sampling)
    return made(lambda: Unstepped(actions_for(builder)), ExperimentConfig(watch=False, persistence_enabled=False), sampled)


def refusal(builder: str, setter: str, factory: Any, *, num_train_envs: int = 1) -> str:
    """What is said of a run with this network; no step may have been taken."""
    message = getattr(builder_for(builder, num_train_envs=num_train_envs), setter)(factory)
    with pytest.raises(UsageError) as caught:
        message.build().run()
    return str(caught.value)


ONE_VALUE = "returns float32 of shape [2, 1], expected float32 of shape [2]: one value per observation"
SHAPES = [
    *((name, "with_critic_factory", 1, ONE_VALUE) for name in ("PPO", "A2C", "NPG", "TRPO", "DDPG")),
    ("TD3", "with_common_critic_factory", 1, ONE_VALUE),
    ("SAC", "with_critic2_factory", 1, ONE_VALUE),
    ("REDQ", "with_critic_ensemble_factory", 1, ONE_VALUE),
    ("DiscreteSAC", "with_critic1_factory", 1, "returns float32 of shape [2, 1], expected float32 of shape [2, 2]: one value per action"),
    ("DQN", "with_model_factory", 5, "returns float32 of shape [2, 5], expected float32 of shape [2, 2]: one value per action"),
    ("PG", "with_actor_factory", 2, "answers float32 of shape [2, 2], expected a distribution"),
]


@pytest.mark.parametrize("num_train_envs", [1, 3])
@pytest.mark.parametrize(("builder", "setter", "width", "said"), SHAPES, ids=[case[0] for case in SHAPES])
def test_a_network_of_another_shape_is_refused_whatever_the_algorithm(builder, setter, width, said, num_train_envs):
    message = refusal(builder, setter, factory_of(builder, setter, width), num_train_envs=num_train_envs)
    assert message.startswith(f"{SETTINGS[setter][1]} (Own): the network {said}")
    actions = "Discrete(2)" if actions_for(builder) is DISCRETE else "Box(3,)"
    assert message.endswith(f"(called with two observations of Box(4,), for actions of {actions}).")


def test_every_builder_of_the_house_is_among_them():
    assert {f"{case[0]}ExperimentBuilder" for case in (*SHAPES, *AMISS)} == set(BUILDERS)


def broken(outputs):
    return outputs @ torch.zeros(7, 7)


CRITIC, ACTOR, MODEL, FEATURES = "with_critic_factory", "with_actor_factory", "with_model_factory", "with_preprocess_network_factory"
AMISS = [
    ("PPO", CRITIC, 1, lambda o: o.squeeze(-1) / 0 * 0, "returns non-finite numbers"),
    ("PPO", CRITIC, 1, lambda o: o.squeeze(-1).double(), "returns float64 of shape [2], expected float32 of shape [2]"),
    ("PPO", CRITIC, 1, broken, "fails with RuntimeError: mat1 and mat2 shapes cannot be multiplied"),
    ("PPO", CRITIC, 1, lambda o: (o, None), "returns an object of class tuple, expected float32 of shape [2]"),
    ("PPO", ACTOR, 3, Categorical, "returns float32 of shape [2, 3], expected float32 of shape [2, 2]: one logit per action"),
    (
        "PPO",
        ACTOR,
        2,
        lambda o: DiagonalGaussian(o, o),
        "expected a distribution such as rlchassis_toolkit.Categorical",
    ),
    ("PPO", ACTOR, 2, lambda o: torch.distributions.Categorical(logits=o), "expected a distribution such as"),
    ("PPO", ACTOR, 2, lambda o: Categorical(o * torch.nan), "returns non-finite numbers"),
    ("PPO", ACTOR, 2, broken, "fails with RuntimeError: mat1"),
    ("SAC", ACTOR, 2, lambda o: DiagonalGaussian(o, o), "returns float32 of shape [2, 2], expected float32 of shape [2, 3]: the mean"),
    (
        "SAC",
        ACTOR,
        3,
        lambda o: DiagonalGaussian(o, o[:, :1]),
        "returns float32 of shape [2, 1], expected float32 of shape [2, 3]",
    ),
    ("SAC", ACTOR, 3, lambda o: o[0], "expected a DiagonalGaussian of mean and log_std"),
    ("TD3", ACTOR, 2, lambda o: o, "returns float32 of shape [2, 2], expected float32 of shape [2, 3]"),
    ("DQN", MODEL, 2, lambda o: o.double(), "returns float64 of shape [2, 2]"),
    ("DQN", MODEL, 2, lambda o: o.unsqueeze(1), "returns float32 of shape [2, 1, 2]"),
    ("IQN", FEATURES, 9, lambda o: o[:, :1], "returns float32 of shape [2, 1], expected float32 of shape [2, 9]: features"),
]


@pytest.mark.parametrize(("builder", "setter", "width", "then", "said"), AMISS)
def test_a_wrong_network_output_is_reported_with_its_setting(builder, setter, width, then, said):
    message = refusal(builder, setter, factory_of(builder, setter, width, then))
    assert message.startswith(f"{SETTINGS[setter][1]} (Own): the network ")
    assert said in message
    assert "\n" not in message


def test_an_exception_raised_by_a_network_is_the_cause_of_the_error():
    builder = builder_for("PPO").with_critic_factory(factory_of("PPO", CRITIC, 1, broken))
    with pytest.raises(UsageError) as caught:
        builder.build().create_experiment_world()
    assert isinstance(caught.value.__cause__, RuntimeError)


FIT = [
    ("PPO", ACTOR, 2, lambda o: Categorical(o.masked_fill(torch.tensor([False, True]), -torch.inf))),
    ("SAC", ACTOR, 3, lambda o: DiagonalGaussian(o, torch.zeros(3))),
    ("PPO", CRITIC, 1, lambda o: o.squeeze(-1)),
    ("DQN", MODEL, 2, lambda o: o),
]


@pytest.mark.parametrize(("builder", "setter", "width", "then"), FIT, ids=["masks", "one spread", "critic", "q-network"])
def test_networks_with_fitting_outputs_are_accepted(builder, setter, width, then):
    message = getattr(builder_for(builder), setter)(factory_of(builder, setter, width, then))
    message.build().create_experiment_world().close()


class Doubling(PolicyWrapper):
    """Hands on every observation twice, side by side."""

    def act(self, obs, state=None, *, explore, rng):
        return self.inner.act(torch.cat([obs, obs], -1), state, explore=explore, rng=rng)


class Raising(PolicyWrapper):
    def act(self, obs, state=None, *, explore, rng):
        raise IndexError("of the wrapper")


class Precise(PolicyWrapper):
    def act(self, obs, state=None, *, explore, rng):
        actions, state = self.inner.act(obs, state, explore=explore, rng=rng)
        return actions.double(), state


class Timid(PolicyWrapper):
    """Fails where it explores."""

    def act(self, obs, state=None, *, explore, rng):
        if explore:
            raise KeyError("exploring")
        return self.inner.act(obs, state, explore=explore, rng=rng)


class Lonely(PolicyWrapper):
    def act(self, obs, state=None, *, explore, rng):
        return self.inner.act(obs, state, explore=explore, rng=rng)[0]


class Shapeless(PolicyWrapper):
    def act(self, obs, state=None, *, explore, rng):
        return self.inner.act(obs, explore=explore, rng=rng)[0], torch.zeros(())


@pytest.mark.parametrize(
    ("wrap", "said"),
    [
        (Doubling, "passes on observations that the inner policy does not support, float32 of shape [2, 8]: "),
        (Raising, "fails with IndexError: of the wrapper"),
        (Timid, "fails with KeyError: 'exploring'"),
        (Precise, "returns float64 of shape [2, 3], expected float32 of shape [2, 3]"),
        (Lonely, "returns float32 of shape [2, 3] from act, expected actions and state"),
        (Shapeless, "returns a state other than None or tensors [N, …] with a row per environment"),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_a_wrapper_at_fault_is_named_and_not_the_network(wrap, said):
    message = refusal("DDPG", "with_policy_wrapper_factory", Wrapping(wrap))
    assert message.startswith(f"policy_wrappers: {wrap.__name__} ")
    assert said in message


@frozen
class Wide(CriticFactory):
    """For observations as a wrapper hands them on."""

    def create_module(self, envs, device, actor=None):
        return nn.Sequential(nn.Linear(8, 1), nn.Flatten(0))


@frozen
class WideActor(ActorFactory):
    def create_module(self, envs, device):
        return CategoricalActor(Features(Box(-1.0, 1.0, (8,)), (4,), nn.ReLU), 2)


def test_networks_are_asked_what_wrappers_hand_on():
    builder = builder_for("PPO").with_policy_wrapper_factory(Wrapping(Doubling))
    builder.with_actor_factory(WideActor()).with_critic_factory(Wide()).build().create_experiment_world().close()


class Transposed(BatchedCriticFactory):
    """Single critics answer [B] and several of them [B, n]."""

    def create_batched(self, size, envs, device, actor=None):
        return ActionCriticFactoryDefault((4,)).create_batched(size, envs, device)

    def create_ensemble(self, size, envs, device, actor=None):
        critics = self.create_batched(size, envs, device)
        critics.register_forward_hook(lambda module, given, answer: answer.T)
        return critics


def test_an_ensemble_of_ones_own_is_asked_as_one():
    message = refusal("TD3", "with_common_critic_factory", Transposed())
    assert message.startswith(
        "critic_factories (Transposed): the network returns float32 of shape [2, 3], expected float32 of shape [3, 2]"
    )
