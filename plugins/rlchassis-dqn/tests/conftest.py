from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from gymnasium.spaces import Discrete

from rlchassis.api import Experience
from rlchassis_dqn import DQN, DQNAgentFactory, DQNParams
from rlchassis_testkit.fixtures import one_thread  # noqa: F401  # for all tests here
from rlchassis_testkit.making import learn_windows, make_algorithm, windows_of

ACTIONS = Discrete(2)


@pytest.fixture
def dqn() -> Callable[..., DQN]:
    """Makes DQN as its recipe says, always from the same seed."""
    return make


@pytest.fixture
def learned() -> Callable[..., DQN]:
    """Makes DQN and lets it learn three rounds, with the schedule at a quarter of its way."""
    return make_learned


@pytest.fixture
def windows() -> Callable[[DQN], Experience]:
    """Windows [n, B, …] of as many rows as the algorithm asks for, always the same."""
    return windows_for


def make(agent: DQNAgentFactory | None = None, progress: float = 0.0, **params: Any) -> DQN:
    return make_algorithm(agent or DQNAgentFactory(params=DQNParams(**params)), ACTIONS, progress=progress)


def windows_for(algorithm: DQN) -> Experience:
    return windows_of(algorithm.n_step, ACTIONS, scale=10.0)


def make_learned(**params: Any) -> DQN:
    algorithm = make(progress=0.25, **params)
    learn_windows(algorithm, windows_for(algorithm))
    return algorithm
