"""Frozen descriptions of networks: what a recipe says about them, and how they are made from the spaces of an environment."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import torch
from attrs import Attribute, field, frozen
from gymnasium import spaces
from torch import nn

from rlchassis.api import HasSpaces, ModuleFactory, Probe, UnsupportedSpaceError, UsageError, require_values, switch
from rlchassis_toolkit.networks.actors_and_critics import CategoricalActor, Critic, DeterministicActor, Features, GaussianActor, orthogonal_


class IntermediateModuleFactory(ModuleFactory):
    """Describes a network from observations to vectors: the features that a head reads or, for DQN, the values of actions."""

    @abstractmethod
    def create_module(self, envs: HasSpaces, device: torch.device) -> nn.Module:
        """A network from observations [B, …] to features [B, D] whose `output_dim` is D; to values [B, K] where it is the whole network."""


class ActorFactory(ModuleFactory):
    """Describes an actor."""

    @abstractmethod
    def create_module(self, envs: HasSpaces, device: torch.device) -> nn.Module:
        """A network from observations to what its policy asks for: a distribution over actions, for a stochastic policy."""


class CriticFactory(ModuleFactory):
    """Describes a critic of observations."""

    @abstractmethod
    def create_module(self, envs: HasSpaces, device: torch.device, actor: nn.Module | None = None) -> nn.Module:
        """A network from observations [B, …] to values [B]; the actor is handed over for those that reuse its features."""

    def check_network(self, probe: Probe) -> None:
        """One value per observation."""
        critic = self.create_module(probe.envs, probe.device, actor=probe.actor).eval()
        require_values(critic(probe.obs), probe.obs, meaning="one value per observation")


def hidden_sizes(value: Sequence[int]) -> tuple[int, ...]:
    """A tuple of positive whole numbers, or a UsageError."""
    given: Any = value
    sizes = tuple(given) if isinstance(given, Sequence) else ()
    if not sizes or any(isinstance(n, bool) or not isinstance(n, int) or n < 1 for n in sizes):
        raise UsageError(f"hidden_sizes must be one or more positive whole numbers, such as (64, 64), not {value!r}.")
    return sizes


def is_activation(instance: Any, attribute: Attribute[Any], value: Any) -> None:
    """Refuse what is no module class."""
    if not (isinstance(value, type) and issubclass(value, nn.Module)):
        raise UsageError(f"{attribute.name} must be a torch module class, such as torch.nn.Tanh, not {value!r}.")


@frozen
class IntermediateModuleFactoryDefault(IntermediateModuleFactory):
    """An MLP, an activation behind its last layer too."""

    hidden_sizes: tuple[int, ...] = field(default=(64, 64), converter=hidden_sizes)
    """Widths of the layers, the last being the number of features; in a Q-network, widths of the hidden layers."""
    hidden_activation: type[nn.Module] = field(default=nn.ReLU, validator=is_activation)
    """Activation after each layer."""

    def create_module(self, envs: HasSpaces, device: torch.device) -> nn.Module:
        """With torch's own initial weights."""
        return Features(envs.observation_space, self.hidden_sizes, self.hidden_activation).to(device)


@frozen
class ActorFactoryDefault(ActorFactory):
    """An MLP with the head that the action space asks for: categorical for Discrete, Gaussian for Box."""

    hidden_sizes: tuple[int, ...] = field(default=(64, 64), converter=hidden_sizes)
    """Widths of the hidden layers."""
    hidden_activation: type[nn.Module] = field(default=nn.Tanh, validator=is_activation)
    """Activation after each hidden layer."""
    continuous_unbounded: bool = switch(False)
    """Whether the Gaussian mean is unbounded, and actions are clipped, instead of squashed by tanh into [−1, 1]."""
    continuous_conditioned_sigma: bool = switch(False)
    """Whether the Gaussian σ depends on the observation instead of being a free parameter."""

    def create_module(self, envs: HasSpaces, device: torch.device) -> nn.Module:
        """Orthogonal weights; those of the head a hundred times smaller, so that the first actions are undecided."""
        features = Features(envs.observation_space, self.hidden_sizes, self.hidden_activation)
        orthogonal_(features.modules())
        actor = self._with_head(features, envs.action_space)
        orthogonal_([actor.head], gain=0.01)
        return actor.to(device)

    def _with_head(self, features: Features, space: spaces.Space[Any]) -> CategoricalActor | GaussianActor:
        if isinstance(space, spaces.Discrete):
            return CategoricalActor(features, int(space.n))
        size = int(torch.Size(space.shape or ()).numel())
        return GaussianActor(features, size, unbounded=self.continuous_unbounded, conditioned_sigma=self.continuous_conditioned_sigma)


@frozen
class DeterministicActorFactoryDefault(ActorFactory):
    """An MLP that answers one action in [−1, 1]."""

    hidden_sizes: tuple[int, ...] = field(default=(256, 256), converter=hidden_sizes)
    """Widths of the hidden layers."""
    hidden_activation: type[nn.Module] = field(default=nn.ReLU, validator=is_activation)
    """Activation after each hidden layer."""

    def create_module(self, envs: HasSpaces, device: torch.device) -> nn.Module:
        """With torch's own initial weights; UnsupportedSpaceError where actions are not continuous."""
        if not isinstance(envs.action_space, spaces.Box):
            raise UnsupportedSpaceError(f"a deterministic actor answers continuous actions, not {envs.action_space}; choose another actor.")
        features = Features(envs.observation_space, self.hidden_sizes, self.hidden_activation)
        return DeterministicActor(features, math.prod(envs.action_space.shape)).to(device)


@frozen
class CriticFactoryDefault(CriticFactory):
    """An MLP with one value at its end."""

    hidden_sizes: tuple[int, ...] = field(default=(64, 64), converter=hidden_sizes)
    """Widths of the hidden layers."""
    hidden_activation: type[nn.Module] = field(default=nn.Tanh, validator=is_activation)
    """Activation after each hidden layer."""

    def create_module(self, envs: HasSpaces, device: torch.device, actor: nn.Module | None = None) -> nn.Module:
        """Features of its own, with orthogonal weights."""
        critic = Critic(Features(envs.observation_space, self.hidden_sizes, self.hidden_activation))
        orthogonal_(critic.features.modules())
        orthogonal_([critic.head], gain=1.0)
        return critic.to(device)


@frozen
class CriticFactoryReuseActor(CriticFactory):
    """A value head on the actor's own features: one network learns both."""

    def create_module(self, envs: HasSpaces, device: torch.device, actor: nn.Module | None = None) -> nn.Module:
        """UsageError where the actor has no features to reuse."""
        critic = Critic(features_of(actor))
        orthogonal_([critic.head], gain=1.0)
        return critic.to(device)


def features_of(actor: nn.Module | None) -> nn.Module:
    """The network behind an actor's heads, for a critic to share; UsageError where it has no `features` with an `output_dim`."""
    features = getattr(actor, "features", None)
    if not isinstance(features, nn.Module) or not hasattr(features, "output_dim"):
        raise UsageError(
            "the critic cannot reuse this actor's features: give the actor a module `features` that has an `output_dim`, "
            "or the critic a network of its own (with_critic_factory_default)."
        )
    return features
