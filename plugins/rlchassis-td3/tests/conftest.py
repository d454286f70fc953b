from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from gymnasium.spaces import Box

from rlchassis.api import Experience
from rlchassis_td3 import TD3, TD3AgentFactory, TD3Params
from rlchassis_testkit.fixtures import one_thread  # noqa: F401  # for all tests here
from rlchassis_testkit.making import learn_windows, make_algorithm, windows_of

ACTIONS = Box(-1, 1, (2,), np.float32)


@pytest.fixture
def td3() -> Callable[..., TD3]:
    """Makes TD3 as its recipe says, always from the same seed."""
    return make


@pytest.fixture
def windows() -> Callable[..., Experience]:
    """Sixteen windows of n rows, always the same: two of the first rows terminate, one is truncated."""
    return recorded


@pytest.fixture
def learned() -> Callable[..., TD3]:
    """Makes TD3 and lets it do three rounds on recorded windows, with the schedules at a quarter of their way."""
    return make_learned


def make(agent: TD3AgentFactory | None = None, progress: float = 0.0, **params: Any) -> TD3:
    return make_algorithm(agent or TD3AgentFactory(params=TD3Params(**params)), ACTIONS, progress=progress)


def recorded(n: int = 1) -> Experience:
    return windows_of(n, ACTIONS)


def make_learned(**params: Any) -> TD3:
    algorithm = make(progress=0.25, **params)
    learn_windows(algorithm, recorded(algorithm.n_step))
    return algorithm
