"""Trust Region Policy Optimization (Schulman et al. 2015) for rlchassis."""

from __future__ import annotations

from rlchassis_trpo.algorithm import TRPO, TRPOBatch
from rlchassis_trpo.builder import TRPOAgentFactory, TRPOExperimentBuilder
from rlchassis_trpo.params import TRPOParams

__all__ = ["TRPO", "TRPOAgentFactory", "TRPOBatch", "TRPOExperimentBuilder", "TRPOParams"]
