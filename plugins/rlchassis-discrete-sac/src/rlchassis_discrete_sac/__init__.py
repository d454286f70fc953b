"""Soft Actor-Critic with discrete actions (Christodoulou 2019) for rlchassis."""

from __future__ import annotations

from rlchassis_discrete_sac.algorithm import DiscreteSAC
from rlchassis_discrete_sac.builder import DiscreteSACAgentFactory, DiscreteSACExperimentBuilder
from rlchassis_discrete_sac.params import DiscreteSACParams

__all__ = ["DiscreteSAC", "DiscreteSACAgentFactory", "DiscreteSACExperimentBuilder", "DiscreteSACParams"]
