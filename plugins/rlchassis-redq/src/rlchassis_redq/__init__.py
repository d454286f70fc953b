"""Randomized ensembled double Q-learning (Chen et al. 2021) for rlchassis."""

from __future__ import annotations

from rlchassis_redq.algorithm import REDQ, REDQBatch
from rlchassis_redq.builder import REDQAgentFactory, REDQExperimentBuilder
from rlchassis_redq.params import REDQParams

__all__ = ["REDQ", "REDQAgentFactory", "REDQBatch", "REDQExperimentBuilder", "REDQParams"]
