from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from gymnasium.spaces import Discrete

from rlchassis.api import Experience
from rlchassis_discrete_sac import DiscreteSAC, DiscreteSACAgentFactory, DiscreteSACParams
from rlchassis_testkit.fixtures import one_thread  # noqa: F401  # for all tests here
from rlchassis_testkit.making import learn_windows, make_algorithm, windows_of

ACTIONS = Discrete(3)


@pytest.fixture
def sac() -> Callable[..., DiscreteSAC]:
    """Makes discrete SAC as its recipe says, always from the same seed."""
    return make


@pytest.fixture
def windows() -> Callable[..., Experience]:
    """Sixteen windows of n rows, always the same: two of the first rows terminate, one is truncated."""
    return recorded


@pytest.fixture
def learned() -> Callable[..., DiscreteSAC]:
    """Makes discrete SAC and lets it do three rounds on recorded windows, with the schedules at a quarter of their way."""
    return make_learned


def make(agent: DiscreteSACAgentFactory | None = None, progress: float = 0.0, **params: Any) -> DiscreteSAC:
    return make_algorithm(agent or DiscreteSACAgentFactory(params=DiscreteSACParams(**params)), ACTIONS, progress=progress)


def recorded(n: int = 1) -> Experience:
    return windows_of(n, ACTIONS)


def make_learned(**params: Any) -> DiscreteSAC:
    algorithm = make(progress=0.25, **params)
    learn_windows(algorithm, recorded(algorithm.n_step))
    return algorithm
