"""Implicit quantile networks (Dabney et al. 2018) for rlchassis."""

from __future__ import annotations

from rlchassis_iqn.algorithm import IQN, IQNBatch
from rlchassis_iqn.builder import IQNAgentFactory, IQNExperimentBuilder
from rlchassis_iqn.network import QuantileNetwork
from rlchassis_iqn.params import IQNParams
from rlchassis_iqn.policy import QuantilePolicy

__all__ = ["IQN", "IQNAgentFactory", "IQNBatch", "IQNExperimentBuilder", "IQNParams", "QuantileNetwork", "QuantilePolicy"]
