"""Distributions over structured actions: products of independent categorical distributions and a diagonal Gaussian.

Actions are the rows of an ActionLayout. Log-probability, entropy and KL divergence of a product are sums over its parts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Generator, Tensor, nn
from torch.nn.functional import pad

from rlchassis_toolkit.distributions import Categorical, DiagonalGaussian


class MultiCategorical(NamedTuple):
    """K independent categorical distributions, part k over Mₖ choices:  p(a) = Πₖ softmax(logitsₖ)[aₖ].

    Logits are [B, K, M] with M = maxₖ Mₖ, −∞ where a part has fewer choices.
    """

    logits: Tensor
    slots: Tensor
    """Position of each of the ΣMₖ choices in the flattened logits [K · M], int64 [ΣMₖ]."""

    @classmethod
    def of(cls, logits: Tensor, sizes: Sequence[int]) -> MultiCategorical:
        """From the logits of all parts side by side, [B, ΣMₖ]."""
        return PartLogits(sizes).to(logits.device)(logits)  # type: ignore[no-any-return]  # a module's return type is Any

    def masked(self, mask: Tensor) -> MultiCategorical:
        """The distribution given that each choice is allowed: a mask of all parts side by side, [B, ΣMₖ], is 1 for allowed choices."""
        forbidden = torch.zeros_like(self.logits, dtype=torch.bool).flatten(-2).index_copy(-1, self.slots, mask == 0)
        return MultiCategorical(self.logits.masked_fill(forbidden.view_as(self.logits), -torch.inf), self.slots)

    def sample(self, rng: Generator) -> Tensor:
        """Sample actions [B, K]."""
        return Categorical(self.logits).sample(rng)

    def mode(self) -> Tensor:
        """Mode of each part, [B, K]."""
        return self.logits.argmax(-1)

    def log_prob(self, actions: Tensor) -> Tensor:
        """log p(a) = Σₖ log pₖ(aₖ)."""
        return Categorical(self.logits).log_prob(actions).sum(-1)

    def entropy(self) -> Tensor:
        """H = Σₖ Hₖ."""
        return Categorical(self.logits).entropy().sum(-1)

    def log_prob_and_entropy(self, actions: Tensor) -> tuple[Tensor, Tensor]:
        """log p(a) and entropy, each [B], from one log_softmax."""
        log_probs, entropies = Categorical(self.logits).log_prob_and_entropy(actions)
        return log_probs.sum(-1), entropies.sum(-1)

    def kl(self, other: MultiCategorical) -> Tensor:
        """D(p ‖ q) = Σₖ D(pₖ ‖ qₖ)."""
        return Categorical(self.logits).kl(Categorical(other.logits)).sum(-1)


class MixedDistribution(NamedTuple):
    """Product of a MultiCategorical over K discrete parts and a DiagonalGaussian over D dimensions; actions are floats [B, K + D]."""

    logits: Tensor
    """Logits of the discrete parts, [B, K, M]."""
    slots: Tensor
    """See MultiCategorical."""
    mean: Tensor
    """Mean μ of the continuous dimensions, [B, D]."""
    log_std: Tensor
    """log σ of the continuous dimensions, [B, D]."""

    @property
    def discrete(self) -> MultiCategorical:
        """Distribution of the discrete parts."""
        return MultiCategorical(self.logits, self.slots)

    @property
    def continuous(self) -> DiagonalGaussian:
        """Distribution of the continuous dimensions."""
        return DiagonalGaussian(self.mean, self.log_std)

    def masked(self, mask: Tensor) -> MixedDistribution:
        """The distribution given that each choice of a discrete part is allowed: mask [B, ΣMₖ] is 1 for allowed choices."""
        return MixedDistribution(*self.discrete.masked(mask), *self.continuous)

    def sample(self, rng: Generator) -> Tensor:
        """Sample actions [B, K + D]."""
        return self._joined(self.discrete.sample(rng), self.continuous.sample(rng))

    def mode(self) -> Tensor:
        """Mode of each part, [B, K + D]."""
        return self._joined(self.discrete.mode(), self.mean)

    def log_prob(self, actions: Tensor) -> Tensor:
        """log p(a) = log p(discrete parts) + log p(continuous dimensions)."""
        choices, numbers = self._split(actions)
        return self.discrete.log_prob(choices) + self.continuous.log_prob(numbers)

    def entropy(self) -> Tensor:
        """H = H(discrete parts) + H(continuous dimensions)."""
        return self.discrete.entropy() + self.continuous.entropy()

    def log_prob_and_entropy(self, actions: Tensor) -> tuple[Tensor, Tensor]:
        """log p(a) and entropy, each [B]."""
        choices, numbers = self._split(actions)
        log_probs, entropies = self.discrete.log_prob_and_entropy(choices)
        return log_probs + self.continuous.log_prob(numbers), entropies + self.continuous.entropy()

    def kl(self, other: MixedDistribution) -> Tensor:
        """D(p ‖ q), the sum of that of the discrete parts and that of the continuous dimensions."""
        return self.discrete.kl(other.discrete) + self.continuous.kl(other.continuous)

    def _joined(self, choices: Tensor, numbers: Tensor) -> Tensor:
        return torch.cat([choices.to(numbers.dtype), numbers], -1)

    def _split(self, actions: Tensor) -> tuple[Tensor, Tensor]:
        count = self.logits.shape[-2]
        return actions[..., :count].long(), actions[..., count:]


class PartLogits(nn.Module):
    """Arranges the logits of K parts side by side, [B, ΣMₖ], as a MultiCategorical; no parameters."""

    slots: Tensor
    sources: Tensor

    def __init__(self, sizes: Sequence[int]) -> None:
        super().__init__()
        self.count, self.largest = len(sizes), max(sizes)
        self.is_even = all(size == self.largest for size in sizes)
        slots = (torch.arange(self.largest) < torch.tensor(sizes).unsqueeze(-1)).flatten().nonzero().squeeze(-1)
        sources = torch.full((self.count * self.largest,), sum(sizes)).index_copy(0, slots, torch.arange(sum(sizes)))
        self.register_buffer("slots", slots, persistent=False)
        self.register_buffer("sources", sources, persistent=False)

    def forward(self, logits: Tensor) -> MultiCategorical:
        """Logits side by side [B, ΣMₖ] → distribution with logits [B, K, M]."""
        if not self.is_even:
            logits = pad(logits, (0, 1), value=-torch.inf).index_select(-1, self.sources)
        return MultiCategorical(logits.reshape(-1, self.count, self.largest), self.slots)
