"""MLPs with layer norm, plain and residual, and their factories."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from itertools import pairwise

import torch
from attrs import field, frozen
from torch import Tensor, nn

from rlchassis.api import HasSpaces, Observation, whole
from rlchassis_toolkit import NetworkFactory, description_of, encoder_for, hidden_sizes, is_activation, width_of


class OnVectors(nn.Module):
    """A body after an encoder of observations, and of actions where it is called with them."""

    def __init__(self, encoder: nn.Module, body: nn.Module) -> None:
        super().__init__()
        self.encoder, self.body = encoder, body
        self.output_dim = width_of(body)

    def forward(self, obs: Observation, actions: Tensor | None = None) -> Tensor:
        """Observations and actions [B, …] → features [B, D]."""
        vectors = self.encoder(obs)
        if actions is not None:
            vectors = torch.cat([vectors, actions.flatten(1)], -1)
        return self.body(vectors)  # type: ignore[no-any-return]  # a module's return type is Any

    def description(self) -> str:
        """Description of the encoding, for the log."""
        return f"{description_of(self.encoder)}, {type(self.body).__name__} → {self.output_dim}"


class VectorNetworkFactory(NetworkFactory):
    """Base class of factories of networks that read a vector: the encoded observation and, in a critic q(s, a), the action beside it."""

    reads_actions = True

    @abstractmethod
    def create_body(self, width: int) -> nn.Module:
        """Create a network from vectors [B, width] to features [B, D], with `output_dim` D."""

    def create_module(self, envs: HasSpaces, device: torch.device) -> nn.Module:
        """Create the network."""
        encoder = encoder_for(envs.observation_space)
        return self.create_on(encoder, width_of(encoder)).to(device)

    def create_joint(self, envs: HasSpaces, device: torch.device) -> nn.Module:
        """Create the network of observations and actions."""
        encoder, num_actions = encoder_for(envs.observation_space), math.prod(envs.action_space.shape or ())
        return self.create_on(encoder, width_of(encoder) + num_actions).to(device)

    def create_on(self, encoder: nn.Module, width: int) -> OnVectors:
        """Create the network after an encoder of observations, from vectors [B, width]."""
        return OnVectors(encoder, self.create_body(width))


class LayerNormMLP(nn.Sequential):
    """MLP with layer norm (Ba et al. 2016) between each linear layer and its activation."""

    def __init__(self, input_dim: int, hidden_sizes: Sequence[int], activation: type[nn.Module] = nn.ReLU) -> None:
        layers: list[nn.Module] = []
        for before, after in pairwise([input_dim, *hidden_sizes]):
            layers += [nn.Linear(before, after), nn.LayerNorm(after), activation()]
        super().__init__(*layers)
        self.output_dim = hidden_sizes[-1]


class SimBaBlock(nn.Module):
    """x + W₂ relu(W₁ norm(x))  with layer norm and a hidden layer `expansion` times as wide."""

    def __init__(self, size: int, expansion: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.LayerNorm(size), nn.Linear(size, expansion * size), nn.ReLU(), nn.Linear(expansion * size, size))

    def forward(self, x: Tensor) -> Tensor:
        """[B, D] → [B, D]."""
        return x + self.layers(x)  # type: ignore[no-any-return]  # a module's return type is Any


class SimBa(nn.Sequential):
    """A linear layer, residual blocks and layer norm (Lee et al. 2024, section 4), after any normalization of observations."""

    def __init__(self, input_dim: int, size: int, num_blocks: int, expansion: int = 4) -> None:
        blocks = [SimBaBlock(size, expansion) for _ in range(num_blocks)]
        super().__init__(nn.Linear(input_dim, size), *blocks, nn.LayerNorm(size))
        self.output_dim = size


@frozen
class NetworkFactoryLayerNormMLP(VectorNetworkFactory):
    """Factory of an MLP with layer norm before each activation."""

    hidden_sizes: tuple[int, ...] = field(default=(256, 256), converter=hidden_sizes)
    """Widths of the layers."""
    hidden_activation: type[nn.Module] = field(default=nn.ReLU, validator=is_activation)
    """Activation after each layer norm."""

    def create_body(self, width: int) -> LayerNormMLP:
        """Create the MLP."""
        return LayerNormMLP(width, self.hidden_sizes, self.hidden_activation)


@frozen
class NetworkFactorySimBa(VectorNetworkFactory):
    """Factory of a SimBa network (Lee et al. 2024); its normalization of observations is the policy wrapper obs-norm."""

    size: int = whole(128)
    """Width of the residual stream: the paper's actor has 128, its critics 512."""
    num_blocks: int = whole(1)
    """Number of residual blocks: the paper's actor has 1, its critics 2."""
    expansion: int = whole(4)
    """Width of the hidden layer in each block, in units of `size`."""

    def create_body(self, width: int) -> SimBa:
        """Create the residual MLP."""
        return SimBa(width, self.size, self.num_blocks, self.expansion)
