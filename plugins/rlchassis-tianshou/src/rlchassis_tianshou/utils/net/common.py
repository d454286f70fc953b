"""Names of tianshou.utils.net.common: networks that answer (tensor, state)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn


class MLP(nn.Module):
    """Linear layers with an activation after each but the last, which is there where output_dim is above 0."""

    def __init__(
        self,
        input_dim: int,
        output_dim: int = 0,
        hidden_sizes: Sequence[int] = (),
        activation: type[nn.Module] | None = nn.ReLU,
        device: Any = None,
        flatten_input: bool = True,
    ) -> None:
        super().__init__()
        sizes = (input_dim, *hidden_sizes)
        layers: list[nn.Module] = []
        for before, after in pairwise(sizes):
            layers += [nn.Linear(before, after), *([] if activation is None else [activation()])]
        if output_dim > 0:
            layers.append(nn.Linear(sizes[-1], output_dim))
        self.model, self.output_dim, self.flatten_input = nn.Sequential(*layers), output_dim or sizes[-1], flatten_input
        self.to(device or "cpu")

    def forward(self, obs: Any) -> Tensor:
        """[B, …] → [B, D]."""
        numbers = as_floats(obs)
        answer: Tensor = self.model(numbers.flatten(1) if self.flatten_input else numbers)
        return answer


class Net(nn.Module):
    """An MLP of observations, or with `concat` of observations and actions; answers (tensor, state)."""

    def __init__(
        self,
        state_shape: int | Sequence[int],
        action_shape: int | Sequence[int] = 0,
        hidden_sizes: Sequence[int] = (),
        activation: type[nn.Module] | None = nn.ReLU,
        device: Any = "cpu",
        softmax: bool = False,
        concat: bool = False,
    ) -> None:
        super().__init__()
        state, actions = size_of(state_shape), size_of(action_shape)
        self.model = MLP(state + actions if concat else state, 0 if concat else actions, hidden_sizes, activation, device)
        self.softmax, self.output_dim = softmax, self.model.output_dim

    def forward(self, obs: Any, state: Any = None, info: Any = None) -> tuple[Tensor, Any]:
        """[B, …] → [B, D], and the state."""
        answer = self.model(obs)
        return (answer.softmax(-1) if self.softmax else answer), state


class OnFeatures(nn.Module):
    """What actors have in common: the network of features below them, and the size of their output."""

    def __init__(self, preprocess_net: nn.Module, action_shape: int | Sequence[int]) -> None:
        super().__init__()
        self.preprocess, self.output_dim = preprocess_net, size_of(action_shape)

    def get_preprocess_net(self) -> nn.Module:
        """The network of features."""
        return self.preprocess

    def get_output_dim(self) -> int:
        """Number of actions, or of dimensions of one."""
        return self.output_dim


def size_of(shape: int | Sequence[int]) -> int:
    """Number of elements of a shape; a number is its own."""
    return math.prod(shape) if isinstance(shape, Sequence) else int(shape)


def as_floats(obs: Any) -> Tensor:
    """Observations as a tensor of floats."""
    return torch.as_tensor(obs).float()


def width_of(preprocess_net: nn.Module, given: int | None) -> int:
    """Number of features: the given one, or the output_dim of the network."""
    return given or int(getattr(preprocess_net, "output_dim"))  # noqa: B009  modules answer tensors or modules by attribute
