"""Base class of network factories."""

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
    """Observation and action space, for constructing networks."""

    @property
    def observation_space(self) -> spaces.Space[Any]:
        """Space of a single environment."""

    @property
    def action_space(self) -> spaces.Space[Any]:
        """Space of a single environment."""


@frozen(eq=False)
class Probe:
    """Example inputs for checking a network before training, made from the spaces alone."""

    envs: HasSpaces
    device: torch.device
    obs: Observation
    """Two observations [2, …], as the innermost policy sees them."""
    actions: Tensor
    """Actions [2, …] of the policy for these observations."""
    actor: nn.Module | None = None
    """A copy of the policy's actor, if it has one."""


class ModuleFactory(ConfigPart, ABC):
    """Factory of a network."""

    @abstractmethod
    def create_module(self, envs: HasSpaces, device: torch.device) -> nn.Module:
        """Create the network; only the spaces of envs may be used."""

    def check_network(self, probe: Probe) -> None:
        """Check a created network on the probe; raise UsageError if its outputs do not fit. Called once, before training.

        Default: nothing, for networks that the policy acts with, which are checked through the policy.
        """
