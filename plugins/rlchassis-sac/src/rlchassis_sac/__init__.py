"""Soft Actor-Critic (Haarnoja et al. 2018) for rlchassis."""

from __future__ import annotations

from rlchassis_sac.algorithm import SAC, SACBatch
from rlchassis_sac.builder import SACAgentFactory, SACExperimentBuilder
from rlchassis_sac.params import SACParams

__all__ = ["SAC", "SACAgentFactory", "SACBatch", "SACExperimentBuilder", "SACParams"]
