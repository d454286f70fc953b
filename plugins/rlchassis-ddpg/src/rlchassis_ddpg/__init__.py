"""Deep deterministic policy gradient (Lillicrap et al. 2016) for rlchassis."""

from __future__ import annotations

from rlchassis_ddpg.algorithm import DDPG
from rlchassis_ddpg.builder import DDPGAgentFactory, DDPGExperimentBuilder
from rlchassis_ddpg.params import DDPGParams

__all__ = ["DDPG", "DDPGAgentFactory", "DDPGExperimentBuilder", "DDPGParams"]
