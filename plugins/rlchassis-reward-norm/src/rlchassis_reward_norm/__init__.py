"""Reward normalization for rlchassis: a policy wrapper that divides rewards by the running standard deviation of discounted returns."""

from __future__ import annotations

from rlchassis_reward_norm.wrapper import PolicyWrapperFactoryRewardNorm, RewardNorm

__all__ = ["PolicyWrapperFactoryRewardNorm", "RewardNorm"]
