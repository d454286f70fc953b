"""ε-greedy policy and the linear schedule of its exploration rate ε."""

from __future__ import annotations

from typing import Any

import torch
from attrs import frozen
from gymnasium import spaces
from torch import Generator, Tensor, nn

from rlchassis.api import Observation, UsageError, require_values
from rlchassis_toolkit.memory.memory import Memory
from rlchassis_toolkit.numpy_inference import infer
from rlchassis_toolkit.policies.recurrent import RecurrentPolicy

FIRST, LAST, FRACTION = 1.0, 0.05, 0.1
"""Default ε schedule: initial value, final value and fraction of the run."""


@frozen
class LinearEps:
    """Exploration rate schedule: linear decay over a fraction of the run, then constant."""

    first: float
    last: float | None = None
    """None: constant."""
    fraction: float = 1.0

    @classmethod
    def of_params(cls, first: float | None, last: float | None, fraction: float | None) -> LinearEps:
        """Create the schedule from eps_training, eps_training_final and eps_decay_fraction; constant where only the first is given.

        UsageError where the fraction is given but ε is constant.
        """
        if first is None and last is None:
            first, last = FIRST, LAST
        if last is None and fraction is not None:
            raise UsageError(
                f"eps_decay_fraction={fraction:g} has no effect, since eps_training={first:g} alone is constant; "
                "set eps_training_final too, or leave it out."
            )
        return cls(FIRST if first is None else first, last, FRACTION if fraction is None else fraction)

    def __call__(self, progress: float) -> float:
        """ε = first + (last − first) · min(1, progress / fraction)."""
        if self.last is None:
            return self.first
        return self.first + (self.last - self.first) * min(1.0, progress / self.fraction)


class EpsilonGreedyPolicy(RecurrentPolicy):
    """ε-greedy policy on a Q-network: argmaxₐ q(s, a), or with probability ε a uniformly random action.

    A network of masked values says so by an attribute is_masked: actions of value −∞ are never chosen.
    """

    joint_actions = True

    def __init__(self, network: nn.Module, *, eps_training: float, eps_inference: float = 0.0, memory: Memory | None = None) -> None:
        super().__init__(memory)
        self.network = network
        self.is_masked = bool(getattr(network, "is_masked", False))
        self.eps_training = eps_training
        self.eps_inference = eps_inference

    def act(self, obs: Observation, state: Any = None, *, explore: bool, rng: Generator) -> tuple[Tensor, Any]:
        """Actions [N]; each environment explores independently, and no random numbers are drawn where ε is 0."""
        obs, after = self.perceive(obs, state)
        values = self.values(obs, explore=explore, rng=rng)
        best = values.argmax(-1)
        eps = self.eps_training if explore else self.eps_inference
        if eps == 0:
            return best, after
        drawn = torch.rand(best.shape, generator=rng, device=rng.device)
        if min(drawn.tolist()) >= eps:  # faster than in torch, and true for nearly all steps
            return best, after
        return torch.where(drawn < eps, self._anything(values, rng), best), after

    def _anything(self, values: Tensor, rng: Generator) -> Tensor:
        if self.is_masked:
            return (values > -torch.inf).float().multinomial(1, generator=rng).squeeze(-1)
        return torch.randint(values.shape[-1], values.shape[:-1], generator=rng, device=rng.device)

    def check_networks(self, obs: Observation, action_space: spaces.Space[Any]) -> None:
        """Check that the network returns one value per action; unchecked where the action space is not Discrete."""
        if isinstance(action_space, spaces.Discrete):
            device = next((p.device for p in self.parameters()), torch.device("cpu"))
            seen, _ = self.perceive(obs, None)
            values = self.values(seen, explore=False, rng=Generator(device))
            require_values(values, seen, int(action_space.n), meaning="one value per action", may_be_infinite=self.is_masked)

    def values(self, obs: Observation, *, explore: bool, rng: Generator) -> Tensor:
        """Values q(s, ·) of K actions, [N, K]; networks that estimate them by samples use rng."""
        values: Tensor = infer(self.network, obs)
        return values
