"""Proximal Policy Optimization (Schulman et al. 2017) for rlchassis."""

from __future__ import annotations

from rlchassis_ppo.algorithm import PPO, PPOBatch
from rlchassis_ppo.builder import PPOAgentFactory, PPOExperimentBuilder
from rlchassis_ppo.params import PPOParams

__all__ = ["PPO", "PPOAgentFactory", "PPOBatch", "PPOExperimentBuilder", "PPOParams"]
