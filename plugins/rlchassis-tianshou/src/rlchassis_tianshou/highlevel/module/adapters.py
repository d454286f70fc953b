"""Network factories written for Tianshou as factories of rlchassis, which hand over Environments with Tianshou's methods."""

from __future__ import annotations

from typing import Any

import torch
from attrs import frozen
from gymnasium import spaces
from torch import nn

from rlchassis.api import HasSpaces
from rlchassis_tianshou.highlevel.env import Environments
from rlchassis_tianshou.highlevel.module.actor import ActorFactory
from rlchassis_tianshou.highlevel.module.critic import CriticEnsembleFactory, CriticFactory
from rlchassis_tianshou.highlevel.module.intermediate import IntermediateModuleFactory
from rlchassis_tianshou.highlevel.params.dist_fn import DistributionFunctionFactory, default_dist_fn
from rlchassis_tianshou.translation.networks import Answering, Gaussian, Stochastic, Values
from rlchassis_toolkit import ActionCriticFactory as NativeActionCriticFactory
from rlchassis_toolkit import ActorFactory as NativeActorFactory
from rlchassis_toolkit import CriticFactory as NativeCriticFactory
from rlchassis_toolkit import IntermediateModuleFactory as NativeIntermediateModuleFactory


@frozen
class StochasticActorOf(NativeActorFactory):
    """Actor of a stochastic policy."""

    factory: ActorFactory
    dist_fn: DistributionFunctionFactory | None = None
    """What makes a distribution of what the actor answers, where its factory does not say; None: what suits the action space."""

    def create_module(self, envs: HasSpaces, device: torch.device) -> nn.Module:
        """Create the actor."""
        seen = Environments.viewing(envs)
        dist_fn = self.factory.create_dist_fn(seen) or (self.dist_fn or default_dist_fn(envs.action_space)).create_dist_fn(seen)
        return Stochastic(self.factory.create_module(seen, device), dist_fn).to(device)


@frozen
class GaussianActorOf(NativeActorFactory):
    """Actor of a squashed Gaussian policy."""

    factory: ActorFactory

    def create_module(self, envs: HasSpaces, device: torch.device) -> nn.Module:
        """Create the actor."""
        return Gaussian(self.factory.create_module(Environments.viewing(envs), device)).to(device)


@frozen
class DeterministicActorOf(NativeActorFactory):
    """Actor of a deterministic policy."""

    factory: ActorFactory

    def create_module(self, envs: HasSpaces, device: torch.device) -> nn.Module:
        """Create the actor."""
        return Answering(self.factory.create_module(Environments.viewing(envs), device)).to(device)


@frozen
class CriticOf(NativeCriticFactory):
    """Critic of observations."""

    factory: CriticFactory

    def create_module(self, envs: HasSpaces, device: torch.device, actor: nn.Module | None = None) -> nn.Module:
        """Create the critic."""
        return Values(self.factory.create_module(Environments.viewing(envs), device, use_action=False)).to(device)


@frozen
class ActionCriticOf(NativeActionCriticFactory):
    """Critic of observations and actions, or of each discrete action."""

    factory: CriticFactory

    def create_module(self, envs: HasSpaces, device: torch.device, actor: nn.Module | None = None) -> nn.Module:
        """Create the critic."""
        discrete, seen = isinstance(envs.action_space, spaces.Discrete), Environments.viewing(envs)
        made = self.factory.create_module(seen, device, use_action=not discrete, discrete_last_size_use_action_shape=discrete)
        return Values(made, of_each_action=discrete).to(device)


class _Members(nn.Module):
    def __init__(self, network: nn.Module, size: int) -> None:
        super().__init__()
        self.network, self.size = network, size

    def forward(self, obs: Any, actions: torch.Tensor, members: Any = slice(None)) -> torch.Tensor:
        """Observations and actions → values [n, B], or those of some members."""
        answer = self.network(obs, actions)
        values: torch.Tensor = answer[0] if isinstance(answer, tuple) else answer
        return values.reshape(self.size, -1)[members]


class _Only(nn.Module):
    def __init__(self, ensemble: nn.Module) -> None:
        super().__init__()
        self.ensemble = ensemble

    def forward(self, obs: Any, actions: torch.Tensor) -> torch.Tensor:
        """Observations and actions → values [B] of the only member."""
        values: torch.Tensor = self.ensemble(obs, actions)
        return values.squeeze(0)


@frozen
class CriticEnsembleOf(NativeActionCriticFactory):
    """Ensemble of critics of observations and actions."""

    factory: CriticEnsembleFactory

    def create_module(self, envs: HasSpaces, device: torch.device, actor: nn.Module | None = None) -> nn.Module:
        """Create one critic."""
        return _Only(self.create_ensemble(1, envs, device, actor))

    def create_ensemble(self, size: int, envs: HasSpaces, device: torch.device, actor: nn.Module | None = None) -> nn.Module:
        """Create n critics."""
        return _Members(self.factory.create_module(Environments.viewing(envs), device, size, use_action=True), size).to(device)


@frozen
class IntermediateModuleOf(NativeIntermediateModuleFactory):
    """Q-network, or features."""

    factory: IntermediateModuleFactory

    def create_module(self, envs: HasSpaces, device: torch.device) -> nn.Module:
        """Create the network."""
        made = self.factory.create_intermediate_module(Environments.viewing(envs), device)
        return Answering(made.module, made.output_dim).to(device)
