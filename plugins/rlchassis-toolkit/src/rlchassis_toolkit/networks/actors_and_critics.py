"""Networks: an MLP, actors and a critic. How they are put together is described in factories/networks.py."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import torch
from gymnasium import spaces
from torch import Tensor, nn

from rlchassis_toolkit.distributions import Categorical, DiagonalGaussian
from rlchassis_toolkit.networks.encoders import encoder_for, width_of
from rlchassis_toolkit.networks.head import HeadOnFeatures


def _is_plain(space: spaces.Space[Any]) -> bool:
    """Whether observations arrive as the vectors of single precision that a linear layer takes."""
    floats = isinstance(space, spaces.Box) and len(space.shape) == 1 and space.dtype in ("float32", "float64", "float16")
    return floats and torch.get_default_dtype() == torch.float32


class MLP(nn.Sequential):
    """Linear layers with an activation behind each; the last is linear where an output size is given."""

    def __init__(self, input_dim: int, hidden_sizes: Sequence[int], activation: type[nn.Module], output_dim: int | None = None) -> None:
        layers: list[nn.Module] = []
        sizes = [input_dim, *hidden_sizes]
        for before, after in pairwise(sizes):
            layers += [nn.Linear(before, after), activation()]
        if output_dim is not None:
            layers.append(nn.Linear(sizes[-1], output_dim))
        super().__init__(*layers)
        self.output_dim = output_dim if output_dim is not None else sizes[-1]


class Features(nn.Sequential):
    """From observations to the vector that the heads of actor and critic read."""

    def __init__(self, space: spaces.Space[Any], hidden_sizes: Sequence[int], activation: type[nn.Module]) -> None:
        encoder: Any = encoder_for(space)
        mlp = MLP(width_of(encoder), hidden_sizes, activation)
        super().__init__(*([] if _is_plain(space) else [encoder]), *mlp)
        self.output_dim = mlp.output_dim
        self.encoding: str = encoder.description()
        """What becomes of each part of an observation, for the log."""


class CategoricalActor(HeadOnFeatures):
    """A distribution over discrete actions: observations [B, …] → Categorical over K actions."""

    def interpret(self, outputs: Tensor) -> Categorical:
        """Logits [B, K]."""
        return Categorical(outputs)


class GaussianActor(HeadOnFeatures):
    """A distribution over continuous actions: observations [B, …] → DiagonalGaussian over actions [B, D].

    σ is a parameter, or read from the observation where `conditioned_sigma`. The mean is squashed by tanh into the chassis' range
    [−1, 1] unless `unbounded`; log σ starts at −0.5 and, when conditioned, is kept within [−20, 2].
    """

    def __init__(self, features: nn.Module, size: int, *, unbounded: bool = False, conditioned_sigma: bool = False) -> None:
        super().__init__(features, 2 * size if conditioned_sigma else size)
        self.log_std = None if conditioned_sigma else nn.Parameter(torch.full((size,), -0.5))
        self.unbounded = unbounded

    def interpret(self, outputs: Tensor) -> DiagonalGaussian:
        """Means [B, D], with log σ [B, D] beside them where it is conditioned."""
        mean, log_std = (outputs, self.log_std) if self.log_std is not None else outputs.chunk(2, -1)
        log_std = log_std.clamp(-20, 2) if self.log_std is None else log_std
        return DiagonalGaussian(mean if self.unbounded else mean.tanh(), log_std.expand_as(mean))


class DeterministicActor(HeadOnFeatures):
    """One action per observation: observations [B, …] → actions [B, D] in [−1, 1]."""

    def interpret(self, outputs: Tensor) -> Tensor:
        """Squashed by tanh."""
        return outputs.tanh()


class Critic(HeadOnFeatures):
    """The value of an observation: observations [B, …] → values [B]."""

    def __init__(self, features: nn.Module) -> None:
        super().__init__(features, 1)

    def interpret(self, outputs: Tensor) -> Tensor:
        """Without the dimension of the one output."""
        return outputs.squeeze(-1)


def orthogonal_(modules: Iterable[nn.Module], gain: float = math.sqrt(2)) -> None:
    """Give each linear and convolutional layer orthogonal weights of a gain and zero biases, in place (Saxe et al. 2014)."""
    for module in modules:
        if isinstance(module, nn.Linear | nn.Conv2d):
            nn.init.orthogonal_(module.weight, gain)
            if module.bias is not None:
                nn.init.zeros_(module.bias)


def unique_parameters(*modules: nn.Module, without: Iterable[nn.Parameter] = ()) -> list[nn.Parameter]:
    """The trainable parameters of all modules, each once, in a fixed order: what one optimizer over shared features steps.

    Those that another optimizer steps are left out.
    """
    left_out = {id(p) for p in without}
    parameters = {id(p): p for module in modules for p in module.parameters() if p.requires_grad and id(p) not in left_out}
    return list(parameters.values())
