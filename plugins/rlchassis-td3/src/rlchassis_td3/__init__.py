"""Twin delayed deep deterministic policy gradient, TD3 (Fujimoto et al. 2018), for rlchassis."""

from __future__ import annotations

from rlchassis_td3.algorithm import TD3, TD3Batch
from rlchassis_td3.builder import TD3AgentFactory, TD3ExperimentBuilder
from rlchassis_td3.params import TD3Params

__all__ = ["TD3", "TD3AgentFactory", "TD3Batch", "TD3ExperimentBuilder", "TD3Params"]
