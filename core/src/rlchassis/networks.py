"""Networks: an encoder of observations, an MLP, actors and a critic. How they are put together is described in modules.py."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, ClassVar

import torch
from gymnasium import spaces
from torch import Tensor, nn
from torch.nn.functional import one_hot

from rlchassis.distributions import Categorical, DiagonalGaussian
from rlchassis.experience import Observation


class VectorEncoder(nn.Module):
    """Flat floating observations: nothing to do but drop the dimensions beyond the first."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.output_dim = size

    def forward(self, obs: Tensor) -> Tensor:
        """[B, …] → [B, D]."""
        return obs.float() if obs.dim() == 2 else obs.reshape(len(obs), -1).float()


class ImageEncoder(VectorEncoder):
    """Images of bytes, scaled to [0, 1] and flattened."""

    def forward(self, obs: Tensor) -> Tensor:
        """[B, H, W, C] → [B, H·W·C]."""
        return obs.flatten(1).float().mul_(1 / 255)


class OneHotEncoder(nn.Module):
    """One or several discrete values, each counted from its own start, as one-hot vectors side by side."""

    def __init__(self, sizes: Sequence[int], starts: Sequence[int]) -> None:
        super().__init__()
        self.sizes, self.starts = tuple(sizes), tuple(starts)
        self.output_dim = sum(self.sizes)

    def forward(self, obs: Tensor) -> Tensor:
        """[B] or [B, K] → [B, ΣK]."""
        columns = obs.reshape(obs.shape[0], len(self.sizes)).long().unbind(-1)
        described = zip(columns, self.sizes, self.starts, strict=True)
        return torch.cat([one_hot(column - start, size) for column, size, start in described], -1).float()


class DictEncoder(nn.Module):
    """Encodes each part of a dict and puts the results side by side, in the order of the space's keys."""

    def __init__(self, parts: dict[str, nn.Module]) -> None:
        super().__init__()
        self.keys = tuple(parts)
        self.parts = nn.ModuleList(parts.values())  # a list: a key of a space may hold characters that a module name may not
        self.output_dim = sum(_width(part) for part in parts.values())

    def forward(self, obs: dict[str, Observation]) -> Tensor:
        """{key: [B, …]} → [B, D]."""
        return torch.cat([part(obs[key]) for key, part in zip(self.keys, self.parts, strict=True)], -1)


def encoder_for(space: spaces.Space[Any]) -> nn.Module:
    """The encoder that turns observations of a space into vectors [B, output_dim]."""
    match space:
        case spaces.Dict():
            return DictEncoder({key: encoder_for(part) for key, part in space.spaces.items()})
        case spaces.Discrete():
            return OneHotEncoder([int(space.n)], [int(space.start)])
        case spaces.MultiDiscrete():
            return OneHotEncoder(space.nvec.flatten().tolist(), space.start.flatten().tolist())
        case spaces.Box() if space.dtype == "uint8" and len(space.shape) > 1:
            return ImageEncoder(math.prod(space.shape))
        case _:
            return VectorEncoder(math.prod(space.shape or ()))


def _width(module: nn.Module) -> int:
    """How many features a module puts out, as it says itself."""
    return int(module.output_dim)  # type: ignore[arg-type]  # torch types every attribute of a module as tensor or module


def _is_plain(space: spaces.Space[Any]) -> bool:
    """Whether observations arrive as the float vectors that a linear layer takes."""
    return isinstance(space, spaces.Box) and len(space.shape) == 1 and space.dtype in ("float32", "float64", "float16")


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
        encoder = encoder_for(space)
        mlp = MLP(_width(encoder), hidden_sizes, activation)
        super().__init__(*([] if _is_plain(space) else [encoder]), *mlp)
        self.output_dim = mlp.output_dim


class CategoricalActor(nn.Module):
    """A distribution over discrete actions."""

    is_head_on_features: ClassVar[bool] = True
    """Tells lean.py that it is `interpret(head(features(obs)))` and nothing else."""

    def __init__(self, features: nn.Module, num_actions: int) -> None:
        super().__init__()
        self.features = features
        self.head = nn.Linear(_width(features), num_actions)

    def forward(self, obs: Observation) -> Categorical:
        """Observations [B, …] → distribution over K actions."""
        return self.interpret(self.head(self.features(obs)))

    def interpret(self, outputs: Tensor) -> Categorical:
        """What the head's outputs [B, K] mean."""
        return Categorical(outputs)


class GaussianActor(nn.Module):
    """A distribution over continuous actions; σ is a parameter, or read from the observation where `conditioned_sigma`.

    The mean is squashed by tanh into the chassis' range [−1, 1] unless `unbounded`; log σ starts at −0.5 and, when conditioned, is
    kept within [−20, 2].
    """

    is_head_on_features: ClassVar[bool] = True
    """Tells lean.py that it is `interpret(head(features(obs)))` and nothing else."""

    def __init__(self, features: nn.Module, size: int, *, unbounded: bool = False, conditioned_sigma: bool = False) -> None:
        super().__init__()
        self.features = features
        width = _width(features)
        self.head = nn.Linear(width, 2 * size if conditioned_sigma else size)
        self.log_std = None if conditioned_sigma else nn.Parameter(torch.full((size,), -0.5))
        self.unbounded = unbounded

    def forward(self, obs: Observation) -> DiagonalGaussian:
        """Observations [B, …] → distribution over actions [B, D]."""
        return self.interpret(self.head(self.features(obs)))

    def interpret(self, outputs: Tensor) -> DiagonalGaussian:
        """What the head's outputs mean: means [B, D], with log σ [B, D] beside them where it is conditioned."""
        mean, log_std = (outputs, self.log_std) if self.log_std is not None else outputs.chunk(2, -1)
        log_std = log_std.clamp(-20, 2) if self.log_std is None else log_std
        return DiagonalGaussian(mean if self.unbounded else mean.tanh(), log_std.expand_as(mean))


class Critic(nn.Module):
    """The value of an observation."""

    def __init__(self, features: nn.Module) -> None:
        super().__init__()
        self.features = features
        self.head = nn.Linear(_width(features), 1)

    def forward(self, obs: Observation) -> Tensor:
        """Observations [B, …] → values [B]."""
        values: Tensor = self.head(self.features(obs))
        return values.squeeze(-1)


def orthogonal_(modules: Iterable[nn.Module], gain: float = math.sqrt(2)) -> None:
    """Give each linear layer orthogonal weights of a gain and zero biases, in place (Saxe et al. 2014)."""
    for module in modules:
        if isinstance(module, nn.Linear):
            nn.init.orthogonal_(module.weight, gain)
            nn.init.zeros_(module.bias)


def unique_parameters(*modules: nn.Module) -> list[nn.Parameter]:
    """The trainable parameters of all modules, each once, in a fixed order: what one optimizer over shared features steps."""
    parameters = {id(p): p for module in modules for p in module.parameters() if p.requires_grad}
    return list(parameters.values())
