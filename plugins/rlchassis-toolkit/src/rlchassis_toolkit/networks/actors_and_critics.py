"""MLP, feature extractor, actors and critic; factories/networks.py creates them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import torch
from gymnasium import spaces
from torch import Tensor, nn

from rlchassis_toolkit.distributions import Categorical, DiagonalGaussian
from rlchassis_toolkit.networks.encoders import description_of, encoder_for, width_of
from rlchassis_toolkit.networks.head import HeadOnFeatures
from rlchassis_toolkit.product_distributions import MixedDistribution, MultiCategorical, PartLogits


def _is_plain(space: spaces.Space[Any]) -> bool:
    """Whether observations are float32 vectors already, which need no encoder."""
    floats = isinstance(space, spaces.Box) and len(space.shape) == 1 and space.dtype in ("float32", "float64", "float16")
    return floats and torch.get_default_dtype() == torch.float32


class MLP(nn.Sequential):
    """MLP: linear layers with an activation after each; with an output size, the last layer is linear."""

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
    """Feature extractor: encoder and MLP; observations [B, …] → features [B, D] for the heads of actor and critic.

    network: takes the place of the encoder of the space.
    """

    def __init__(
        self, space: spaces.Space[Any], hidden_sizes: Sequence[int], activation: type[nn.Module], network: nn.Module | None = None
    ) -> None:
        encoder = encoder_for(space) if network is None else network
        mlp = MLP(width_of(encoder), hidden_sizes, activation)
        super().__init__(*([] if network is None and _is_plain(space) else [encoder]), *mlp)
        self.output_dim = mlp.output_dim
        self.encoding: str = description_of(encoder)
        """Encoding of each part of an observation, for the log."""


class CategoricalActor(HeadOnFeatures):
    """Actor for discrete actions: observations [B, …] → Categorical over K actions."""

    def interpret(self, outputs: Tensor) -> Categorical:
        """Head outputs as logits [B, K]."""
        return Categorical(outputs)


class GaussianActor(HeadOnFeatures):
    """Actor for continuous actions: observations [B, …] → DiagonalGaussian over actions [B, D].

    σ is a free parameter, or depends on the observation with `conditioned_sigma`. The mean is squashed by tanh into [−1, 1], the
    action range of policies, unless `unbounded`; log σ starts at −0.5 and, when conditioned, is kept within [−20, 2].
    """

    def __init__(self, features: nn.Module, size: int, *, unbounded: bool = False, conditioned_sigma: bool = False) -> None:
        super().__init__(features, 2 * size if conditioned_sigma else size)
        self.log_std = None if conditioned_sigma else nn.Parameter(torch.full((size,), -0.5))
        self.unbounded = unbounded

    def interpret(self, outputs: Tensor) -> DiagonalGaussian:
        """Head outputs as mean [B, D], and log σ [B, D] where it is conditioned."""
        return _gaussian(outputs, self.log_std, unbounded=self.unbounded)


def _gaussian(outputs: Tensor, log_std: Tensor | None, *, unbounded: bool) -> DiagonalGaussian:
    """Outputs [B, D] with a free log σ [D], or [B, 2 D] with log σ as their second half."""
    mean, spread = (outputs, log_std) if log_std is not None else outputs.chunk(2, -1)
    spread = spread.clamp(-20, 2) if log_std is None else spread
    return DiagonalGaussian(mean if unbounded else mean.tanh(), spread.expand_as(mean))


class MultiCategoricalActor(HeadOnFeatures):
    """Actor for actions of K discrete parts: observations [B, …] → MultiCategorical over actions [B, K]."""

    def __init__(self, features: nn.Module, sizes: Sequence[int]) -> None:
        super().__init__(features, sum(sizes))
        self.arrange = PartLogits(sizes)

    def interpret(self, outputs: Tensor) -> MultiCategorical:
        """Head outputs as the logits of all parts side by side."""
        return self.arrange(outputs)  # type: ignore[no-any-return]  # a module's return type is Any


class MixedActor(HeadOnFeatures):
    """Actor for actions of K discrete parts and D continuous dimensions: observations [B, …] → MixedDistribution over [B, K + D].

    The continuous dimensions are as in a GaussianActor.
    """

    def __init__(
        self, features: nn.Module, sizes: Sequence[int], size: int, *, unbounded: bool = False, conditioned_sigma: bool = False
    ) -> None:
        super().__init__(features, sum(sizes) + (2 * size if conditioned_sigma else size))
        self.arrange, self.num_logits = PartLogits(sizes), sum(sizes)
        self.log_std = None if conditioned_sigma else nn.Parameter(torch.full((size,), -0.5))
        self.unbounded = unbounded

    def interpret(self, outputs: Tensor) -> MixedDistribution:
        """Head outputs as the logits of all parts side by side, then what a GaussianActor reads."""
        choices: MultiCategorical = self.arrange(outputs[..., : self.num_logits])
        numbers = _gaussian(outputs[..., self.num_logits :], self.log_std, unbounded=self.unbounded)
        return MixedDistribution(choices.logits, choices.slots, numbers.mean, numbers.log_std)


class DeterministicActor(HeadOnFeatures):
    """Deterministic actor: observations [B, …] → actions [B, D] in [−1, 1]."""

    def interpret(self, outputs: Tensor) -> Tensor:
        """Head outputs squashed by tanh, [B, D]."""
        return outputs.tanh()


class Critic(HeadOnFeatures):
    """Critic v(s): observations [B, …] → values [B]."""

    def __init__(self, features: nn.Module) -> None:
        super().__init__(features, 1)

    def interpret(self, outputs: Tensor) -> Tensor:
        """Head outputs [B, 1] as values [B]."""
        return outputs.squeeze(-1)


def orthogonal_(modules: Iterable[nn.Module], gain: float = math.sqrt(2)) -> None:
    """Initialize linear and convolutional layers in place: orthogonal weights with a gain, zero biases (Saxe et al. 2014)."""
    for module in modules:
        if isinstance(module, nn.Linear | nn.Conv2d):
            nn.init.orthogonal_(module.weight, gain)
            if module.bias is not None:
                nn.init.zeros_(module.bias)


def unique_parameters(*modules: nn.Module, without: Iterable[nn.Parameter] = ()) -> list[nn.Parameter]:
    """Trainable parameters of all modules, each once, in a fixed order, for one optimizer over shared features.

    Parameters in `without`, which another optimizer updates, are left out.
    """
    left_out = {id(p) for p in without}
    parameters = {id(p): p for module in modules for p in module.parameters() if p.requires_grad and id(p) not in left_out}
    return list(parameters.values())
