from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from gymnasium.spaces import Discrete

from rlchassis.api import Experience
from rlchassis_iqn import IQN, IQNAgentFactory, IQNParams
from rlchassis_testkit.fixtures import one_thread  # noqa: F401  # for all tests here
from rlchassis_testkit.making import learn_windows, make_algorithm, windows_of

ACTIONS = Discrete(2)


@pytest.fixture
def iqn() -> Callable[..., IQN]:
    """Makes IQN as its recipe says, always from the same seed."""
    return make


@pytest.fixture
def learned() -> Callable[..., IQN]:
    """Makes IQN and lets it learn three rounds, with the schedule at a quarter of its way."""
    return make_learned


@pytest.fixture
def windows() -> Callable[[IQN], Experience]:
    """Windows [n, B, …] of as many rows as the algorithm asks for, always the same."""
    return windows_for


def make(agent: IQNAgentFactory | None = None, progress: float = 0.0, **params: Any) -> IQN:
    return make_algorithm(agent or IQNAgentFactory(params=IQNParams(**params)), ACTIONS, progress=progress)


def windows_for(algorithm: IQN) -> Experience:
    return windows_of(algorithm.n_step, ACTIONS, scale=10.0)


def make_learned(**params: Any) -> IQN:
    algorithm = make(progress=0.25, **params)
    learn_windows(algorithm, windows_for(algorithm))
    return algorithm
