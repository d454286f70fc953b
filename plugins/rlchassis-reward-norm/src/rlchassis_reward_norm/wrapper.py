"""The policy wrapper: statistics are updated once per collection, after learning; buffers and reports keep raw rewards."""

from __future__ import annotations

import torch
from attrs import evolve, frozen

from rlchassis.api import Environments, Experience, OptimizerFactory, Policy, PolicyWrapper, PolicyWrapperFactory, number
from rlchassis_toolkit import RewardScale


class RewardNorm(PolicyWrapper):
    """Policy wrapper that divides rewards by the running standard deviation of discounted returns; it changes no action."""

    def __init__(self, inner: Policy, scale: RewardScale, clip: float) -> None:
        super().__init__(inner)
        self.scale = scale
        self.clip = clip

    def transform(self, experience: Experience) -> Experience:
        """The experience with normalized rewards, by the current statistics: those of a replayed window too."""
        return evolve(experience, rewards=self.scale.normalized(experience.rewards, self.clip))

    def observe(self, experience: Experience) -> None:
        """Update the statistics with the new rewards."""
        self.scale.update(experience.rewards, experience.terminated | experience.truncated, experience.valid)


@frozen
class PolicyWrapperFactoryRewardNorm(PolicyWrapperFactory):
    """Factory of RewardNorm."""

    gamma: float = number(0.99, at_least=0, at_most=1)
    """Discount factor γ of the returns whose spread is measured; usually that of the algorithm."""
    clip: float = number(10.0, above=0)
    """Clip range of normalized rewards: ± clip."""

    def create_wrapped_policy(
        self, policy: Policy, envs: Environments, optim_factory: OptimizerFactory, device: torch.device
    ) -> RewardNorm:
        """Wrap a policy."""
        return RewardNorm(policy, RewardScale(self.gamma, device), self.clip)
