"""Factories of memories: GRU and LSTM after an MLP."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from attrs import field, frozen
from torch import nn

from rlchassis.api import ConfigPart, HasSpaces, instance, whole
from rlchassis_toolkit.factories.contracts import NetworkFactory
from rlchassis_toolkit.factories.fields import is_activation, needs_layers, widths
from rlchassis_toolkit.factories.networks import create_features
from rlchassis_toolkit.memory.layers import GRULayer, LSTMLayer, RecurrentLayer
from rlchassis_toolkit.memory.memory import Memory
from rlchassis_toolkit.networks.actors_and_critics import orthogonal_
from rlchassis_toolkit.networks.masking import masked, seen_by_networks


@frozen
class MemoryFactory(ConfigPart, ABC):
    """Base class of factories of memories, with what they share: an MLP, and recurrent layers after it."""

    size: int = whole(64)
    """Number of units H of each recurrent layer, and of features that actor and critic see."""
    num_layers: int = whole(1)
    """Number of recurrent layers."""
    sequence_length: int = whole(16)
    """Consecutive rows through which a gradient flows (truncated backpropagation through time)."""
    burn_in: int = whole(0, at_least=0)
    """Rows before each replayed sequence from which its initial state is computed, without gradient; 0: the stored state is taken."""
    hidden_sizes: tuple[int, ...] = field(default=(64,), converter=widths, validator=needs_layers)
    """Widths of the layers between observation and recurrent layers."""
    hidden_activation: type[nn.Module] = field(default=nn.Tanh, validator=is_activation)
    """Activation after each of these layers."""
    network: NetworkFactory | None = instance(NetworkFactory)
    """Body before these layers; None: observations are encoded by their space."""

    @abstractmethod
    def create_layer(self, input_dim: int) -> RecurrentLayer:
        """Create one recurrent layer of `size` units."""

    def create_memory(self, envs: HasSpaces, device: torch.device) -> Memory:
        """Create the memory; only the spaces of envs may be used."""
        encoder = create_features(self, seen_by_networks(envs), device)
        orthogonal_(encoder.modules())
        widths = [encoder.output_dim, *[self.size] * (self.num_layers - 1)]
        layers = [self.create_layer(width) for width in widths]
        return Memory(masked(encoder, envs), layers, sequence_length=self.sequence_length, burn_in=self.burn_in).to(device)


@frozen
class MemoryFactoryGRU(MemoryFactory):
    """Factory of a memory of gated recurrent units (GRU)."""

    def create_layer(self, input_dim: int) -> RecurrentLayer:
        """Create a GRU layer."""
        return GRULayer(input_dim, self.size)


@frozen
class MemoryFactoryLSTM(MemoryFactory):
    """Factory of a long short-term memory (LSTM)."""

    def create_layer(self, input_dim: int) -> RecurrentLayer:
        """Create an LSTM layer."""
        return LSTMLayer(input_dim, self.size)


def create_memory(factory: MemoryFactory | None, envs: HasSpaces, device: torch.device) -> Memory | None:
    """Create the memory of a policy; None without a factory."""
    return None if factory is None else factory.create_memory(envs, device)
