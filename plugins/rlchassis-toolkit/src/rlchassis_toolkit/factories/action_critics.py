"""Factories of critics of actions, q(s, a); factories/networks.py has those of observations alone, v(s)."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

import torch
from attrs import Attribute, evolve, field, frozen
from gymnasium import spaces
from torch import nn

from rlchassis.api import HasSpaces, ModuleFactory, Probe, UsageError, instance, require_values
from rlchassis_toolkit.factories.contracts import NetworkFactory
from rlchassis_toolkit.factories.fields import body_of, hidden_sizes, is_activation, needs_layers, widths
from rlchassis_toolkit.factories.networks import features_of
from rlchassis_toolkit.networks.encoders import encoder_for
from rlchassis_toolkit.networks.ensembles import CriticEnsemble, DiscreteCriticEnsemble, JointCritic, OnlyMember, SideBySide
from rlchassis_toolkit.networks.masking import masked, seen_by_networks


class ActionCriticFactory(ModuleFactory):
    """Factory of critics of actions, q(s, a)."""

    also_given_as = (NetworkFactory,)

    @abstractmethod
    def create_module(self, envs: HasSpaces, device: torch.device, actor: nn.Module | None = None) -> nn.Module:
        """Create one critic: for Box actions from observations and actions [B, …] to values [B]; for Discrete from observations to [B, K].

        The actor is passed for critics that reuse its features.
        """

    def create_ensemble(self, size: int, envs: HasSpaces, device: torch.device, actor: nn.Module | None = None) -> nn.Module:
        """Create n critics, initialized independently, as one network with outputs [n, B] or [n, B, K].

        For Box actions its forward takes `members`, indices [m] or a slice, and returns [m, B] of those alone.
        """
        return SideBySide([self.create_module(envs, device, actor) for _ in range(size)])

    def check_network(self, probe: Probe) -> None:
        """Check that critics return [n, B] or, for Discrete actions, [n, B, K], from ensembles of subclasses too."""
        space = probe.envs.action_space
        sizes, asked = ((int(space.n),), (probe.obs,)) if isinstance(space, spaces.Discrete) else ((), (probe.obs, probe.actions))
        meaning = "one value per action" if sizes else "one value per observation and action"
        critic = self.create_module(probe.envs, probe.device, probe.actor).eval()
        require_values(critic(*asked), probe.obs, *sizes, meaning=meaning)
        if type(self).create_ensemble is not ActionCriticFactory.create_ensemble:
            critics = self.create_ensemble(3, probe.envs, probe.device, probe.actor).eval()
            require_values(critics(*asked), probe.obs, *sizes, meaning=f"of each of three critics {meaning}", members=3)


class BatchedCriticFactory(ActionCriticFactory):
    """Factory of critics computed by batched products; a subclass that overrides create_module gets separate networks."""

    @abstractmethod
    def create_batched(self, size: int, envs: HasSpaces, device: torch.device, actor: nn.Module | None = None) -> nn.Module:
        """Create n critics as one network of batched products."""

    def create_module(self, envs: HasSpaces, device: torch.device, actor: nn.Module | None = None) -> nn.Module:
        """Create one critic: an ensemble of one."""
        return OnlyMember(self.create_batched(1, envs, device, actor))

    def create_ensemble(self, size: int, envs: HasSpaces, device: torch.device, actor: nn.Module | None = None) -> nn.Module:
        """Create n critics as one network."""
        if type(self).create_module is not BatchedCriticFactory.create_module:
            return super().create_ensemble(size, envs, device, actor)
        return self.create_batched(size, envs, device, actor)


@frozen
class ActionCriticFactoryDefault(BatchedCriticFactory):
    """Factory of MLP critics of observation and action, computed by batched products; for images, separately with a CNN each."""

    hidden_sizes: tuple[int, ...] = field(default=(256, 256), converter=widths, validator=needs_layers)
    """Widths of the hidden layers."""
    hidden_activation: type[nn.Module] = field(default=nn.ReLU, validator=is_activation)
    """Activation after each hidden layer."""
    network: NetworkFactory | None = instance(NetworkFactory)
    """Body before these layers; None: observations are encoded by their space."""

    def on(self, network: NetworkFactory) -> ActionCriticFactoryDefault:
        """Critics on a network; where it does not read the action, that joins its features, and the hidden layers follow."""
        return evolve(self, network=network, hidden_sizes=() if network.reads_actions else self.hidden_sizes)

    def create_batched(self, size: int, envs: HasSpaces, device: torch.device, actor: nn.Module | None = None) -> nn.Module:
        """Create n critics after an encoder; a network, or an encoder with parameters, is never shared by members."""
        body = self._body(envs, device)
        if size > 1 and any(True for _ in body.parameters()):
            return SideBySide([OnlyMember(self.create_batched(1, envs, device, actor)) for _ in range(size)])
        if self._reads_actions(envs):
            return JointCritic(body, self.hidden_sizes, self.hidden_activation).to(device)
        return _ensemble(size, body, envs.action_space, self.hidden_sizes, self.hidden_activation).to(device)

    def _body(self, envs: HasSpaces, device: torch.device) -> nn.Module:
        if self.network is None:
            return encoder_for(envs.observation_space)
        return self.network.create_joint(envs, device) if self._reads_actions(envs) else self.network.create_module(envs, device)

    def _reads_actions(self, envs: HasSpaces) -> bool:
        return self.network is not None and self.network.reads_actions and not isinstance(envs.action_space, spaces.Discrete)


@frozen
class ActionCriticFactoryReuseActor(BatchedCriticFactory):
    """Factory of MLP critics of the actor's features and the action, computed by batched products on one forward pass."""

    hidden_sizes: tuple[int, ...] = field(default=(256,), converter=hidden_sizes)
    """Widths of the hidden layers after the features."""
    hidden_activation: type[nn.Module] = field(default=nn.ReLU, validator=is_activation)
    """Activation after each hidden layer."""

    def create_batched(self, size: int, envs: HasSpaces, device: torch.device, actor: nn.Module | None = None) -> nn.Module:
        """Create n critics after the shared features; UsageError where the actor has none to reuse."""
        return _ensemble(size, features_of(actor), envs.action_space, self.hidden_sizes, self.hidden_activation).to(device)


def two_critics() -> Any:
    """attrs field for a tuple of two critic factories, equal by default."""
    default = ActionCriticFactoryDefault
    return field(factory=lambda: (default(), default()), converter=_each(body_of(default)), validator=_are_two)


def _each(convert: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: tuple(map(convert, value)) if isinstance(value, tuple) else value


def _are_two(recipe: Any, attribute: Attribute[Any], value: Any) -> None:
    if not (isinstance(value, tuple) and len(value) == 2 and all(isinstance(each, ActionCriticFactory) for each in value)):
        raise UsageError(f"{attribute.name} must be a tuple of two ActionCriticFactory, not {value!r}.")


def create_critics(
    factories: Sequence[ActionCriticFactory], envs: HasSpaces, device: torch.device, actor: nn.Module | None = None
) -> nn.Module:
    """Create one critic per factory, with outputs [n, B] or [n, B, K] together; equal factories share batched products.

    Where observations hold an action mask, the critics do not see it: values of forbidden actions are finite.
    """
    seen = seen_by_networks(envs)
    if all(factory == factories[0] for factory in factories):
        return masked(factories[0].create_ensemble(len(factories), seen, device, actor), envs)
    return masked(SideBySide([factory.create_module(seen, device, actor) for factory in factories]), envs)


def _ensemble(
    size: int, encoder: nn.Module, actions: spaces.Space[Any], hidden_sizes: Sequence[int], activation: type[nn.Module]
) -> nn.Module:
    if isinstance(actions, spaces.Discrete):
        return DiscreteCriticEnsemble(size, encoder, int(actions.n), hidden_sizes, activation)
    return CriticEnsemble(size, encoder, math.prod(actions.shape or ()), hidden_sizes, activation)
