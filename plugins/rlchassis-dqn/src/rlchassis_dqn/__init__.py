"""Deep Q-learning (Mnih et al. 2015) for rlchassis."""

from __future__ import annotations

from rlchassis_dqn.algorithm import DQN
from rlchassis_dqn.builder import DQNAgentFactory, DQNExperimentBuilder
from rlchassis_dqn.callbacks import EpochTestCallbackDQNSetEps, EpochTrainCallbackDQNEpsLinearDecay, EpochTrainCallbackDQNSetEps
from rlchassis_dqn.network import QNetwork, QNetworkFactoryDefault
from rlchassis_dqn.params import DQNParams

__all__ = [
    "DQN",
    "DQNAgentFactory",
    "DQNExperimentBuilder",
    "DQNParams",
    "EpochTestCallbackDQNSetEps",
    "EpochTrainCallbackDQNEpsLinearDecay",
    "EpochTrainCallbackDQNSetEps",
    "QNetwork",
    "QNetworkFactoryDefault",
]
