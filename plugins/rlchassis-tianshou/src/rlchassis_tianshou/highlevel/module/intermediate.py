"""Names of tianshou.highlevel.module.intermediate."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from attrs import define
from torch import nn

from rlchassis_tianshou.highlevel.module.core import ModuleFactory, TDevice


@define
class IntermediateModule:
    """A network and the number of its outputs."""

    module: nn.Module
    output_dim: int


class IntermediateModuleFactory(ModuleFactory):
    """Base class of factories of networks that others are put upon, or of Q-networks."""

    @abstractmethod
    def create_intermediate_module(self, envs: Any, device: TDevice) -> IntermediateModule:
        """Create the network; it may answer (tensor, state)."""

    def create_module(self, envs: Any, device: TDevice) -> nn.Module:
        """The network alone."""
        return self.create_intermediate_module(envs, device).module
