"""Contracts of network factories; factories/action_critics.py has that of critics q(s, a)."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

import torch
from torch import nn

from rlchassis.api import HasSpaces, ModuleFactory, Probe, require_values


class IntermediateModuleFactory(ModuleFactory):
    """Factory of networks from observations to vectors: features for a head or, for DQN, the values of actions."""

    @abstractmethod
    def create_module(self, envs: HasSpaces, device: torch.device) -> nn.Module:
        """Create a network from observations [B, …] to features [B, D], with `output_dim` D; to values [B, K] for a Q-network."""


class NetworkFactory(IntermediateModuleFactory):
    """Factory of the body of a network, from observations to features.

    Given as an actor, a critic or a Q-network, it takes the place of the MLP in the algorithm's default one. Actors and critics
    initialize its layers as they do their own.
    """

    reads_actions: ClassVar[bool] = False
    """Whether it reads Box actions besides, as the body of a critic q(s, a); else the action joins the features of the observation."""

    @abstractmethod
    def create_module(self, envs: HasSpaces, device: torch.device) -> nn.Module:
        """Create a network from observations [B, …] to features [B, D], with `output_dim` D; UsageError where it cannot read them."""

    def create_joint(self, envs: HasSpaces, device: torch.device) -> nn.Module:
        """Create a network from observations and Box actions [B, …] to features [B, D]; where `reads_actions`."""
        raise NotImplementedError(f"{type(self).__name__} reads actions, so it has to override create_joint")


class ActorFactory(ModuleFactory):
    """Factory of actors."""

    also_given_as = (NetworkFactory,)

    @abstractmethod
    def create_module(self, envs: HasSpaces, device: torch.device) -> nn.Module:
        """Create a network from observations to the output its policy needs: an action distribution for a stochastic policy."""


class CriticFactory(ModuleFactory):
    """Factory of critics v(s)."""

    also_given_as = (NetworkFactory,)

    @abstractmethod
    def create_module(self, envs: HasSpaces, device: torch.device, actor: nn.Module | None = None) -> nn.Module:
        """Create a network from observations [B, …] to values [B]; the actor is passed for critics that reuse its features."""

    def check_network(self, probe: Probe) -> None:
        """Check that a critic returns one value per observation, [B]."""
        critic = self.create_module(probe.envs, probe.device, actor=probe.actor).eval()
        require_values(critic(probe.obs), probe.obs, meaning="one value per observation")
