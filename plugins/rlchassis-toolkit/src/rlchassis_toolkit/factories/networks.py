"""Factories of networks: frozen configurations that create networks for the spaces of an environment."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import torch
from attrs import Attribute, field, frozen
from gymnasium import spaces
from torch import nn

from rlchassis.api import ActionLayout, HasSpaces, ModuleFactory, Probe, UnsupportedSpaceError, UsageError, require_values, switch
from rlchassis_toolkit.networks.actors_and_critics import (
    CategoricalActor,
    Critic,
    DeterministicActor,
    Features,
    GaussianActor,
    MixedActor,
    MultiCategoricalActor,
    orthogonal_,
)
from rlchassis_toolkit.networks.head import HeadOnFeatures


class IntermediateModuleFactory(ModuleFactory):
    """Factory of networks from observations to vectors: features for a head or, for DQN, the values of actions."""

    @abstractmethod
    def create_module(self, envs: HasSpaces, device: torch.device) -> nn.Module:
        """Create a network from observations [B, …] to features [B, D], with `output_dim` D; to values [B, K] for a Q-network."""


class ActorFactory(ModuleFactory):
    """Factory of actors."""

    @abstractmethod
    def create_module(self, envs: HasSpaces, device: torch.device) -> nn.Module:
        """Create a network from observations to the output its policy needs: an action distribution for a stochastic policy."""


class CriticFactory(ModuleFactory):
    """Factory of critics v(s)."""

    @abstractmethod
    def create_module(self, envs: HasSpaces, device: torch.device, actor: nn.Module | None = None) -> nn.Module:
        """Create a network from observations [B, …] to values [B]; the actor is passed for critics that reuse its features."""

    def check_network(self, probe: Probe) -> None:
        """Check that a critic returns one value per observation, [B]."""
        critic = self.create_module(probe.envs, probe.device, actor=probe.actor).eval()
        require_values(critic(probe.obs), probe.obs, meaning="one value per observation")


def hidden_sizes(value: Sequence[int]) -> tuple[int, ...]:
    """Convert to a tuple of positive integers; UsageError for other values."""
    given: Any = value
    sizes = tuple(given) if isinstance(given, Sequence) else ()
    if not sizes or any(isinstance(n, bool) or not isinstance(n, int) or n < 1 for n in sizes):
        raise UsageError(f"hidden_sizes must be one or more positive whole numbers, such as (64, 64), not {value!r}.")
    return sizes


def is_activation(instance: Any, attribute: Attribute[Any], value: Any) -> None:
    """Validator of an activation: raises UsageError unless it is a torch module class."""
    if not (isinstance(value, type) and issubclass(value, nn.Module)):
        raise UsageError(f"{attribute.name} must be a torch module class, such as torch.nn.Tanh, not {value!r}.")


@frozen
class IntermediateModuleFactoryDefault(IntermediateModuleFactory):
    """Factory of an MLP feature extractor, with an activation after every layer."""

    hidden_sizes: tuple[int, ...] = field(default=(64, 64), converter=hidden_sizes)
    """Widths of the layers, the last being the number of features; in a Q-network, widths of the hidden layers."""
    hidden_activation: type[nn.Module] = field(default=nn.ReLU, validator=is_activation)
    """Activation after each layer."""

    def create_module(self, envs: HasSpaces, device: torch.device) -> nn.Module:
        """Create the network with PyTorch's default initialization."""
        return Features(envs.observation_space, self.hidden_sizes, self.hidden_activation).to(device)


@frozen
class ActorFactoryDefault(ActorFactory):
    """Factory of an MLP actor: categorical for Discrete actions, Gaussian for Box, a product of these for structured actions."""

    hidden_sizes: tuple[int, ...] = field(default=(64, 64), converter=hidden_sizes)
    """Widths of the hidden layers."""
    hidden_activation: type[nn.Module] = field(default=nn.Tanh, validator=is_activation)
    """Activation after each hidden layer."""
    continuous_unbounded: bool = switch(False)
    """Whether the Gaussian mean is unbounded, and actions are clipped, instead of squashed by tanh into [−1, 1]."""
    continuous_conditioned_sigma: bool = switch(False)
    """Whether the Gaussian σ depends on the observation instead of being a free parameter."""

    def create_module(self, envs: HasSpaces, device: torch.device) -> nn.Module:
        """Create the actor with orthogonal initialization, of gain 0.01 × the layers' in the head, for a near-uniform initial policy."""
        features = Features(envs.observation_space, self.hidden_sizes, self.hidden_activation)
        orthogonal_(features.modules())
        actor = self._with_head(features, envs.action_space)
        orthogonal_([actor.head], gain=0.01)
        return actor.to(device)

    def _with_head(self, features: Features, space: spaces.Space[Any]) -> HeadOnFeatures:
        if isinstance(space, spaces.Discrete):
            return CategoricalActor(features, int(space.n))
        layout = ActionLayout.of(space)
        if layout.is_discrete:
            return MultiCategoricalActor(features, layout.sizes)
        gaussian = {"unbounded": self.continuous_unbounded, "conditioned_sigma": self.continuous_conditioned_sigma}
        if layout.sizes:
            return MixedActor(features, layout.sizes, layout.num_continuous, **gaussian)
        return GaussianActor(features, layout.num_continuous, **gaussian)


@frozen
class DeterministicActorFactoryDefault(ActorFactory):
    """Factory of a deterministic MLP actor with actions in [−1, 1]."""

    hidden_sizes: tuple[int, ...] = field(default=(256, 256), converter=hidden_sizes)
    """Widths of the hidden layers."""
    hidden_activation: type[nn.Module] = field(default=nn.ReLU, validator=is_activation)
    """Activation after each hidden layer."""

    def create_module(self, envs: HasSpaces, device: torch.device) -> nn.Module:
        """Create the actor with PyTorch's default initialization; UnsupportedSpaceError unless the action space is Box."""
        if not isinstance(envs.action_space, spaces.Box):
            raise UnsupportedSpaceError(f"a deterministic actor needs a Box action space, got {envs.action_space}; choose another actor.")
        features = Features(envs.observation_space, self.hidden_sizes, self.hidden_activation)
        return DeterministicActor(features, math.prod(envs.action_space.shape)).to(device)


@frozen
class CriticFactoryDefault(CriticFactory):
    """Factory of an MLP critic v(s)."""

    hidden_sizes: tuple[int, ...] = field(default=(64, 64), converter=hidden_sizes)
    """Widths of the hidden layers."""
    hidden_activation: type[nn.Module] = field(default=nn.Tanh, validator=is_activation)
    """Activation after each hidden layer."""

    def create_module(self, envs: HasSpaces, device: torch.device, actor: nn.Module | None = None) -> nn.Module:
        """Create the critic with its own features and orthogonal initialization."""
        critic = Critic(Features(envs.observation_space, self.hidden_sizes, self.hidden_activation))
        orthogonal_(critic.features.modules())
        orthogonal_([critic.head], gain=1.0)
        return critic.to(device)


@frozen
class CriticFactoryReuseActor(CriticFactory):
    """Factory of a value head on the actor's features: one shared network."""

    def create_module(self, envs: HasSpaces, device: torch.device, actor: nn.Module | None = None) -> nn.Module:
        """Create the head; UsageError where the actor has no features to reuse."""
        critic = Critic(features_of(actor))
        orthogonal_([critic.head], gain=1.0)
        return critic.to(device)


def features_of(actor: nn.Module | None) -> nn.Module:
    """Feature extractor of an actor, for a critic to share; UsageError where it has no `features` with an `output_dim`."""
    features = getattr(actor, "features", None)
    if not isinstance(features, nn.Module) or not hasattr(features, "output_dim"):
        raise UsageError(
            "the critic cannot reuse this actor's features: give the actor a module `features` that has an `output_dim`, "
            "or the critic a network of its own (with_critic_factory_default)."
        )
    return features
