"""Advantage actor-critic (Mnih et al. 2016) for rlchassis."""

from __future__ import annotations

from rlchassis_a2c.algorithm import A2C, A2CBatch
from rlchassis_a2c.builder import A2CAgentFactory, A2CExperimentBuilder
from rlchassis_a2c.params import A2CParams

__all__ = ["A2C", "A2CAgentFactory", "A2CBatch", "A2CExperimentBuilder", "A2CParams"]
