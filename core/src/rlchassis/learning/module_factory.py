"""Frozen descriptions of networks: the contract that core checks; what networks there are is for others to say."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Protocol

import torch
from attrs import frozen
from gymnasium import spaces
from torch import Tensor, nn

from rlchassis.config.config_part import ConfigPart
from rlchassis.data.experience import Observation


class HasSpaces(Protocol):
    """All that a network needs to know of an environment."""

    @property
    def observation_space(self) -> spaces.Space[Any]:
        """Of one environment."""

    @property
    def action_space(self) -> spaces.Space[Any]:
        """Of one environment."""


@frozen(eq=False)
class Probe:
    """What a network is asked before training, made of the spaces alone."""

    envs: HasSpaces
    device: torch.device
    obs: Observation
    """Two observations, as the innermost policy sees them."""
    actions: Tensor
    """What that policy does there."""
    actor: nn.Module | None = None
    """A copy of its actor, where it has one."""


class ModuleFactory(ConfigPart, ABC):
    """Describes a network."""

    @abstractmethod
    def create_module(self, envs: HasSpaces, device: torch.device) -> nn.Module:
        """The network, from the spaces alone."""

    def check_network(self, probe: Probe) -> None:
        """UsageError where what it makes answers otherwise than its contract says; called once, before training.

        Networks that a policy acts by are asked through the policy, so that nothing is done here.
        """
