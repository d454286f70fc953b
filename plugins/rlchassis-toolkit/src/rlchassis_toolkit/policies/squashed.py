"""Gaussian distribution squashed by tanh into [−1, 1], and its policy."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch
from gymnasium import spaces
from torch import Generator, Tensor, nn
from torch.nn.functional import softplus

from rlchassis.api import Observation
from rlchassis_toolkit.distributions import DiagonalGaussian
from rlchassis_toolkit.memory.memory import Memory
from rlchassis_toolkit.numpy_inference import infer
from rlchassis_toolkit.policies.distribution_checks import require_gaussian
from rlchassis_toolkit.policies.recurrent import RecurrentPolicy

LOG_2 = math.log(2)


class SquashedGaussian(NamedTuple):
    """Squashed Gaussian:  a = tanh(u)  with u ~ N(μ, σ²), given μ and log σ, [B, D]  (Haarnoja et al. 2018, appendix C)."""

    mean: Tensor
    log_std: Tensor

    def at(self, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Actions  a = tanh(μ + σ ε)  for standard normal noise ε [B, D], and log p(a) [B]; both differentiable (reparameterization)."""
        unsquashed = torch.addcmul(self.mean, self.log_std.exp(), noise)
        return unsquashed.tanh(), self._gaussian.log_prob(unsquashed) - _log_slope(unsquashed).sum(-1)

    def sample(self, rng: Generator) -> Tensor:
        """Sample one action per observation, [B, …]."""
        return self._gaussian.sample(rng).tanh()

    def mode(self) -> Tensor:
        """tanh μ, [B, D]."""
        return self.mean.tanh()

    def log_prob(self, actions: Tensor) -> Tensor:
        """log p(a) = log N(u; μ, σ) − Σ log(1 − a²)  with  u = atanh(a); at ±1 that of the nearest float inside."""
        edge = 1 - torch.finfo(actions.dtype).eps
        unsquashed = actions.clamp(-edge, edge).atanh()
        return self._gaussian.log_prob(unsquashed) - _log_slope(unsquashed).sum(-1)

    @property
    def _gaussian(self) -> DiagonalGaussian:
        return DiagonalGaussian(self.mean, self.log_std)


def _log_slope(unsquashed: Tensor) -> Tensor:
    """log(1 − tanh²u) = 2 (log 2 − u − softplus(−2u)), exact where the left side rounds to log 0."""
    return 2 * (LOG_2 - unsquashed - softplus(-2 * unsquashed))


class SquashedGaussianPolicy(RecurrentPolicy):
    """Stochastic policy with the squashed Gaussian of its actor."""

    def __init__(self, actor: nn.Module, *, deterministic_eval: bool = True, memory: Memory | None = None) -> None:
        super().__init__(memory)
        self.actor = actor
        self.deterministic_eval = deterministic_eval

    def act(self, obs: Observation, state: Any = None, *, explore: bool, rng: Generator) -> tuple[Tensor, Any]:
        """Sample actions while exploring; else the squashed mean, or samples without deterministic_eval."""
        obs, after = self.perceive(obs, state)
        distribution = SquashedGaussian(*infer(self.actor, obs))
        if explore or not self.deterministic_eval:
            return distribution.sample(rng), after
        return distribution.mode(), after

    def check_networks(self, obs: Observation, action_space: spaces.Space[Any]) -> None:
        """Check that the actor returns mean and log standard deviation before tanh."""
        seen, _ = self.perceive(obs, None)
        require_gaussian(self.actor(seen), seen, math.prod(action_space.shape or ()))

    def distribution(self, obs: Observation) -> SquashedGaussian:
        """Action distribution π(·|s)."""
        return SquashedGaussian(*self.actor(obs))
