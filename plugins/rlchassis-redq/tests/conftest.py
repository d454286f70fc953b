from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from gymnasium.spaces import Box

from rlchassis.api import Experience
from rlchassis_redq import REDQ, REDQAgentFactory, REDQParams
from rlchassis_testkit.fixtures import one_thread  # noqa: F401  # for all tests here
from rlchassis_testkit.making import learn_windows, make_algorithm, windows_of

ACTIONS = Box(-1, 1, (2,), np.float32)


@pytest.fixture
def redq() -> Callable[..., REDQ]:
    """Makes REDQ with five critics and an actor that steps in every second round, always from the same seed."""
    return make


@pytest.fixture
def windows() -> Callable[..., Experience]:
    """Sixteen windows of n rows, always the same: two of the first rows terminate, one is truncated."""
    return recorded


@pytest.fixture
def learned() -> Callable[..., REDQ]:
    """Makes REDQ and lets it do three rounds on recorded windows, with the schedules at a quarter of their way."""
    return make_learned


def make(agent: REDQAgentFactory | None = None, progress: float = 0.0, **params: Any) -> REDQ:
    hyperparameters = REDQParams(**{"ensemble_size": 5, "actor_delay": 2, **params})
    return make_algorithm(agent or REDQAgentFactory(params=hyperparameters), ACTIONS, progress=progress)


def recorded(n: int = 1) -> Experience:
    return windows_of(n, ACTIONS)


def make_learned(**params: Any) -> REDQ:
    algorithm = make(progress=0.25, **params)
    learn_windows(algorithm, recorded(algorithm.n_step))
    return algorithm
