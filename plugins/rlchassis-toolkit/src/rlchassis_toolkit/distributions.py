"""Action distributions: named tuples of tensors with sampling, log-probability, entropy and KL divergence.

On small batches torch.distributions costs several times as much; tests compare the results with it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol, Self, TypeVar

import torch
from torch import Generator, Tensor

LOG_2PI = math.log(2 * math.pi)
IMPOSSIBLE = -1000.0
"""A log-probability whose probability is 0 in every float type."""


class ActionDistribution(Protocol):
    """Interface of an action distribution for a batch of observations [B]."""

    def __iter__(self) -> Iterator[Tensor]:
        """Parameter tensors, in the order of the constructor's arguments."""

    def sample(self, rng: Generator) -> Tensor:
        """Sample one action per observation, [B, …]."""

    def mode(self) -> Tensor:
        """Mode of the distribution per observation, [B, …]."""

    def log_prob(self, actions: Tensor) -> Tensor:
        """Log-probability log p(a) of the actions [B, …], [B]."""

    def entropy(self) -> Tensor:
        """Entropy per observation, [B]."""

    def log_prob_and_entropy(self, actions: Tensor) -> tuple[Tensor, Tensor]:
        """log p(a) and entropy, each [B]."""

    def kl(self, other: Self) -> Tensor:
        """KL divergence D(self ‖ other), [B]."""


Distribution = TypeVar("Distribution", bound=ActionDistribution)


def detached(distribution: Distribution) -> Distribution:
    """A copy of a distribution without gradients, which later optimizer steps do not change."""
    made: Any = type(distribution)
    return made(*(part.detach().clone() for part in distribution))  # type: ignore[no-any-return]  # of the class of what it is given


def forbid(numbers: Tensor, mask: Tensor) -> Tensor:
    """Replace logits or values […, K] of forbidden actions by −∞; mask: 1 for each allowed action, broadcast to them."""
    return numbers.masked_fill(mask == 0, -torch.inf)


class Categorical(NamedTuple):
    """Categorical distribution over K discrete actions:  p = softmax(logits), with logits [B, K]."""

    logits: Tensor

    def masked(self, mask: Tensor) -> Categorical:
        """The distribution given that the action is allowed: mask [B, K] is 1 for each allowed action."""
        return Categorical(forbid(self.logits, mask))

    def sample(self, rng: Generator) -> Tensor:
        """Sample actions [B] by an exponential race:  argmaxₖ pₖ / Eₖ  with Eₖ ~ Exp(1) is k with probability pₖ."""
        race = torch.empty_like(self.logits).exponential_(generator=rng)
        return (self.logits - race.log_()).argmax(-1)

    def mode(self) -> Tensor:
        """Mode of the distribution, [B]."""
        return self.logits.argmax(-1)

    def log_prob(self, actions: Tensor) -> Tensor:
        """log p(a)."""
        return _at(self.logits.log_softmax(-1), actions)

    def entropy(self) -> Tensor:
        """H = −Σ p log p, where 0 log 0 is 0."""
        return _entropy(self.logits.log_softmax(-1))

    def log_prob_and_entropy(self, actions: Tensor) -> tuple[Tensor, Tensor]:
        """log p(a) and entropy, each [B], from one log_softmax."""
        log_probs = self.logits.log_softmax(-1)
        return _at(log_probs, actions), _entropy(log_probs)

    def kl(self, other: Categorical) -> Tensor:
        """D(p ‖ q) = Σ p (log p − log q), where 0 log 0 is 0."""
        log_probs, others = _finite(self.logits.log_softmax(-1)), _finite(other.logits.log_softmax(-1))
        return (log_probs.exp() * (log_probs - others)).sum(-1)


def _at(log_probs: Tensor, actions: Tensor) -> Tensor:
    return log_probs.gather(-1, actions.unsqueeze(-1)).squeeze(-1)


def _entropy(log_probs: Tensor) -> Tensor:
    return -(log_probs.exp() * log_probs.clamp(min=IMPOSSIBLE)).sum(-1)  # a larger number would overflow in the gradient of a sum


def _finite(log_probs: Tensor) -> Tensor:
    """Replace −∞ by the lowest finite number, so that 0 · log 0 is 0."""
    return log_probs.clamp(min=torch.finfo(log_probs.dtype).min)


class DiagonalGaussian(NamedTuple):
    """Diagonal Gaussian over continuous actions, with mean μ and log σ, [B, D]."""

    mean: Tensor
    log_std: Tensor

    def sample(self, rng: Generator) -> Tensor:
        """Sample actions μ + σ ε with standard normal ε, [B, D]."""
        noise = torch.empty_like(self.mean).normal_(generator=rng)
        return torch.addcmul(self.mean, self.log_std.exp(), noise)

    def mode(self) -> Tensor:
        """Mean μ, [B, D]."""
        return self.mean

    def log_prob(self, actions: Tensor) -> Tensor:
        """log p(a) = −Σ [ ((a − μ) / σ)² / 2 + log σ + log(2π) / 2 ]."""
        distance = (actions - self.mean) * (-self.log_std).exp()
        return -(0.5 * distance.square() + self.log_std).sum(-1) - 0.5 * LOG_2PI * self.mean.shape[-1]

    def entropy(self) -> Tensor:
        """H = Σ [ log σ + (1 + log(2π)) / 2 ]."""
        return (self.log_std + 0.5 * (1 + LOG_2PI)).sum(-1).expand(self.mean.shape[:-1])

    def log_prob_and_entropy(self, actions: Tensor) -> tuple[Tensor, Tensor]:
        """log p(a) and entropy, each [B]."""
        return self.log_prob(actions), self.entropy()

    def kl(self, other: DiagonalGaussian) -> Tensor:
        """D(p ‖ q) = Σ [ (σₚ² + (μₚ − μ_q)²) / (2 σ_q²) − log(σₚ / σ_q) − 1/2 ]."""
        log_ratio = 2 * (self.log_std - other.log_std)
        distance = (self.mean - other.mean) * (-other.log_std).exp()
        return 0.5 * (log_ratio.expm1() - log_ratio + distance.square()).sum(-1)
