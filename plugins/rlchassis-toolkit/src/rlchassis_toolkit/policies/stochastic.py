"""Stochastic policy."""

from __future__ import annotations

from typing import Any

from gymnasium import spaces
from torch import Generator, Tensor, nn

from rlchassis.api import Observation
from rlchassis_toolkit.distributions import ActionDistribution
from rlchassis_toolkit.memory.memory import Memory
from rlchassis_toolkit.numpy_inference import infer
from rlchassis_toolkit.policies.distribution_checks import require_distribution
from rlchassis_toolkit.policies.recurrent import RecurrentPolicy


class StochasticPolicy(RecurrentPolicy):
    """Stochastic policy with the action distribution of its actor."""

    def __init__(
        self, actor: nn.Module, *, deterministic_eval: bool = True, memory: Memory | None = None, joint_actions: bool = False
    ) -> None:
        super().__init__(memory)
        self.actor = actor
        self.joint_actions = joint_actions
        self.deterministic_eval = deterministic_eval

    def act(self, obs: Observation, state: Any = None, *, explore: bool, rng: Generator) -> tuple[Tensor, Any]:
        """Sample actions while exploring; else the mode, or samples without deterministic_eval."""
        obs, after = self.perceive(obs, state)
        distribution: ActionDistribution = infer(self.actor, obs)
        if explore or not self.deterministic_eval:
            return distribution.sample(rng), after
        return distribution.mode(), after

    def check_networks(self, obs: Observation, action_space: spaces.Space[Any]) -> None:
        """Check that the actor returns a distribution over the actions of the space."""
        seen, _ = self.perceive(obs, None)
        require_distribution(self.actor(seen), seen, action_space)

    def distribution(self, obs: Observation) -> ActionDistribution:
        """Action distribution π(·|s)."""
        return self.actor(obs)  # type: ignore[no-any-return]  # a module's return type is Any

    def log_prob(self, obs: Observation, actions: Tensor) -> Tensor:
        """log π(a|s), [B]."""
        return self.distribution(obs).log_prob(actions)

    def log_prob_and_entropy(self, obs: Observation, actions: Tensor) -> tuple[Tensor, Tensor]:
        """log π(a|s) and the entropy of π(·|s), each [B], from one pass."""
        return self.distribution(obs).log_prob_and_entropy(actions)
