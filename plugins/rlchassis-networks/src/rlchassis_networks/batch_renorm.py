"""Batch renormalization, an MLP with it for critics q(s, a), and its factory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise

import torch
from attrs import field, frozen
from torch import Tensor, nn

from rlchassis.api import HasSpaces, Observation, UsageError, number, whole
from rlchassis_networks.vectors import OnVectors, VectorNetworkFactory
from rlchassis_toolkit import hidden_sizes, is_activation


class BatchRenorm(nn.Module):
    """Batch renormalization:  y = w (r (x − μ_B) / σ_B + d) + b  (Ioffe 2017, algorithm 1).

    r = clip(σ_B / σ, 1/r_max, r_max) and d = clip((μ_B − μ) / σ, −d_max, d_max) without gradient, from mean μ_B and standard deviation
    σ_B of the batch and their running averages μ and σ. In the first `warm_up` batches r = 1 and d = 0, which is batch normalization.
    """

    mean: Tensor
    std: Tensor
    num_batches: Tensor

    def __init__(
        self, size: int, *, momentum: float = 0.01, r_max: float = 3.0, d_max: float = 5.0, warm_up: int = 100_000, eps: float = 1e-3
    ) -> None:
        super().__init__()
        self.momentum, self.r_max, self.d_max, self.warm_up, self.eps = momentum, r_max, d_max, warm_up, eps
        self.weight, self.bias = nn.Parameter(torch.ones(size)), nn.Parameter(torch.zeros(size))
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("std", torch.ones(size))
        self.register_buffer("num_batches", torch.zeros(()))

    def forward(self, x: Tensor, *, fixed: bool = False) -> Tensor:
        """[B, D] → [B, D]; with running statistics alone where they are fixed, in evaluation mode, and where no gradient is computed."""
        if fixed or not self.training or not torch.is_grad_enabled():
            return (x - self.mean) / self.std * self.weight + self.bias
        mean, std = x.mean(0), (x.var(0, unbiased=False) + self.eps).sqrt()
        r, d = self._corrections(mean.detach(), std.detach())
        self._update(mean.detach(), std.detach())
        return ((x - mean) / std * r + d) * self.weight + self.bias

    def _corrections(self, mean: Tensor, std: Tensor) -> tuple[Tensor, Tensor]:
        """r and d, [D] each."""
        is_warm = self.num_batches >= self.warm_up
        r = (std / self.std).clamp(1 / self.r_max, self.r_max)
        d = ((mean - self.mean) / self.std).clamp(-self.d_max, self.d_max)
        return torch.where(is_warm, r, torch.ones_like(r)), torch.where(is_warm, d, torch.zeros_like(d))

    @torch.no_grad()
    def _update(self, mean: Tensor, std: Tensor) -> None:
        """Move the running averages towards the statistics of a batch."""
        self.mean.lerp_(mean, self.momentum)
        self.std.lerp_(std, self.momentum)
        self.num_batches += 1


class BatchRenormMLP(nn.Module):
    """MLP with batch renormalization of its inputs and after each activation (Bhatt et al. 2024)."""

    def __init__(
        self, input_dim: int, hidden_sizes: Sequence[int], activation: type[nn.Module], renorm: Callable[[int], BatchRenorm] = BatchRenorm
    ) -> None:
        super().__init__()
        self.layers = nn.ModuleList([renorm(input_dim)])
        for before, after in pairwise([input_dim, *hidden_sizes]):
            self.layers += [nn.Linear(before, after), activation(), renorm(after)]
        self.output_dim = hidden_sizes[-1]

    def forward(self, x: Tensor, *, fixed: bool = False) -> Tensor:
        """[B, D] → [B, H]; fixed: whether running statistics normalize and do not move."""
        for layer in self.layers:
            x = layer(x, fixed=fixed) if isinstance(layer, BatchRenorm) else layer(x)
        return x


class RenormalizedCritic(OnVectors):
    """Body of a critic q(s, a): statistics are those of batches that the critic learns from.

    They are fixed where a gradient with respect to actions is computed, as in the loss of a policy.
    """

    def forward(self, obs: Observation, actions: Tensor | None = None) -> Tensor:
        """Observations and actions [B, …] → features [B, D]."""
        assert actions is not None
        vectors = torch.cat([self.encoder(obs), actions.flatten(1)], -1)
        return self.body(vectors, fixed=actions.requires_grad)  # type: ignore[no-any-return]  # a module's return type is Any


@frozen
class NetworkFactoryBatchRenormMLP(VectorNetworkFactory):
    """Factory of an MLP with batch renormalization (Ioffe 2017), the body of critics q(s, a) of Box actions (Bhatt et al. 2024)."""

    hidden_sizes: tuple[int, ...] = field(default=(256, 256), converter=hidden_sizes)
    """Widths of the layers."""
    hidden_activation: type[nn.Module] = field(default=nn.ReLU, validator=is_activation)
    """Activation after each layer."""
    momentum: float = number(0.01, above=0, at_most=1)
    """Part of a batch's statistics in the new running ones: 1 keeps those of the last batch alone."""
    r_max: float = number(3.0, at_least=1)
    """Bound of the correction r of the standard deviation: with 1 and d_max 0 it is batch normalization."""
    d_max: float = number(5.0, at_least=0)
    """Bound of the correction d of the mean."""
    warm_up: int = whole(100_000, at_least=0)
    """First batches without corrections, until running statistics are good enough."""

    def create_body(self, width: int) -> BatchRenormMLP:
        """Create the MLP."""
        renorm = partial(BatchRenorm, momentum=self.momentum, r_max=self.r_max, d_max=self.d_max, warm_up=self.warm_up)
        return BatchRenormMLP(width, self.hidden_sizes, self.hidden_activation, renorm)

    def create_on(self, encoder: nn.Module, width: int) -> OnVectors:
        """Create the network of observations and actions."""
        return RenormalizedCritic(encoder, self.create_body(width))

    def create_module(self, envs: HasSpaces, device: torch.device) -> nn.Module:
        """UsageError: a network that acts on other statistics than it learns with would not be the one that is learned."""
        raise UsageError(
            f"{type(self).__name__} is made for critics q(s, a) of Box actions, such as those of SAC, TD3, DDPG and REDQ, "
            "got a place for a network of observations alone; choose layer-norm-mlp there."
        )
