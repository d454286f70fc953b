"""Default factories of networks: an MLP, or the body of another network, and a head."""

from __future__ import annotations

import math
from typing import Any, Protocol

import torch
from attrs import evolve, field, frozen
from gymnasium import spaces
from torch import nn

from rlchassis.api import ActionLayout, HasSpaces, UnsupportedSpaceError, UsageError, instance, switch
from rlchassis_toolkit.factories.contracts import ActorFactory, CriticFactory, IntermediateModuleFactory, NetworkFactory
from rlchassis_toolkit.factories.fields import is_activation, needs_layers, widths
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


@frozen
class IntermediateModuleFactoryDefault(IntermediateModuleFactory):
    """Factory of an MLP feature extractor, with an activation after every layer."""

    hidden_sizes: tuple[int, ...] = field(default=(64, 64), converter=widths, validator=needs_layers)
    """Widths of the layers, the last being the number of features; in a Q-network, widths of the hidden layers."""
    hidden_activation: type[nn.Module] = field(default=nn.ReLU, validator=is_activation)
    """Activation after each layer."""
    network: NetworkFactory | None = instance(NetworkFactory)
    """Body before these layers; None: observations are encoded by their space."""

    def create_module(self, envs: HasSpaces, device: torch.device) -> nn.Module:
        """Create the network with PyTorch's default initialization."""
        return create_features(self, envs, device).to(device)


@frozen
class ActorFactoryDefault(ActorFactory):
    """Factory of an MLP actor: categorical for Discrete actions, Gaussian for Box, a product of these for structured actions."""

    hidden_sizes: tuple[int, ...] = field(default=(64, 64), converter=widths, validator=needs_layers)
    """Widths of the hidden layers."""
    hidden_activation: type[nn.Module] = field(default=nn.Tanh, validator=is_activation)
    """Activation after each hidden layer."""
    continuous_unbounded: bool = switch(False)
    """Whether the Gaussian mean is unbounded, and actions are clipped, instead of squashed by tanh into [−1, 1]."""
    continuous_conditioned_sigma: bool = switch(False)
    """Whether the Gaussian σ depends on the observation instead of being a free parameter."""
    network: NetworkFactory | None = instance(NetworkFactory)
    """Body before these layers; None: observations are encoded by their space."""

    def on(self, network: NetworkFactory) -> ActorFactoryDefault:
        """An actor with its head alone on a network."""
        return evolve(self, network=network, hidden_sizes=())

    def create_module(self, envs: HasSpaces, device: torch.device) -> nn.Module:
        """Create the actor with orthogonal initialization, of gain 0.01 × the layers' in the head, for a near-uniform initial policy."""
        body = create_features(self, envs, device)
        orthogonal_(body.modules())
        actor = self._with_head(body, envs.action_space)
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

    hidden_sizes: tuple[int, ...] = field(default=(256, 256), converter=widths, validator=needs_layers)
    """Widths of the hidden layers."""
    hidden_activation: type[nn.Module] = field(default=nn.ReLU, validator=is_activation)
    """Activation after each hidden layer."""
    network: NetworkFactory | None = instance(NetworkFactory)
    """Body before these layers; None: observations are encoded by their space."""

    def on(self, network: NetworkFactory) -> DeterministicActorFactoryDefault:
        """An actor with its head alone on a network."""
        return evolve(self, network=network, hidden_sizes=())

    def create_module(self, envs: HasSpaces, device: torch.device) -> nn.Module:
        """Create the actor with PyTorch's default initialization; UnsupportedSpaceError unless the action space is Box."""
        if not isinstance(envs.action_space, spaces.Box):
            raise UnsupportedSpaceError(f"a deterministic actor needs a Box action space, got {envs.action_space}; choose another actor.")
        return DeterministicActor(create_features(self, envs, device), math.prod(envs.action_space.shape)).to(device)


@frozen
class CriticFactoryDefault(CriticFactory):
    """Factory of an MLP critic v(s)."""

    hidden_sizes: tuple[int, ...] = field(default=(64, 64), converter=widths, validator=needs_layers)
    """Widths of the hidden layers."""
    hidden_activation: type[nn.Module] = field(default=nn.Tanh, validator=is_activation)
    """Activation after each hidden layer."""
    network: NetworkFactory | None = instance(NetworkFactory)
    """Body before these layers; None: observations are encoded by their space."""

    def on(self, network: NetworkFactory) -> CriticFactoryDefault:
        """A critic with its head alone on a network."""
        return evolve(self, network=network, hidden_sizes=())

    def create_module(self, envs: HasSpaces, device: torch.device, actor: nn.Module | None = None) -> nn.Module:
        """Create the critic with its own features and orthogonal initialization."""
        critic = Critic(create_features(self, envs, device))
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


class HasLayers(Protocol):
    """A configuration of a feature extractor."""

    @property
    def hidden_sizes(self) -> tuple[int, ...]:
        """Widths of the layers."""

    @property
    def hidden_activation(self) -> type[nn.Module]:
        """Activation after each layer."""

    @property
    def network(self) -> NetworkFactory | None:
        """Body before the layers."""


def create_features(layers: HasLayers, envs: HasSpaces, device: torch.device) -> Features:
    """Create a feature extractor for observations of envs."""
    body = None if layers.network is None else layers.network.create_module(envs, device)
    return Features(envs.observation_space, layers.hidden_sizes, layers.hidden_activation, body)


def features_of(actor: nn.Module | None) -> nn.Module:
    """Feature extractor of an actor, for a critic to share; UsageError where it has no `features` with an `output_dim`."""
    features = getattr(actor, "features", None)
    if not isinstance(features, nn.Module) or not hasattr(features, "output_dim"):
        raise UsageError(
            "the critic cannot reuse this actor's features: give the actor a module `features` that has an `output_dim`, "
            "or the critic a network of its own (with_critic_factory_default)."
        )
    return features
