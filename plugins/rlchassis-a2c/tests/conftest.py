from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from gymnasium.spaces import Discrete

from rlchassis_a2c import A2C, A2CAgentFactory, A2CParams
from rlchassis_testkit.experiences import example_rollout
from rlchassis_testkit.fixtures import one_thread  # noqa: F401  # for all tests here
from rlchassis_testkit.making import learn_rollout, make_algorithm


@pytest.fixture
def a2c() -> Callable[..., A2C]:
    """Makes A2C as its recipe says, always from the same seed."""
    return make


@pytest.fixture
def learned() -> Callable[..., A2C]:
    """Makes A2C and lets it learn from three rollouts, two passes each, with the schedule at a quarter of its way."""
    return make_learned


def make(agent: A2CAgentFactory | None = None, progress: float = 0.0, **params: Any) -> A2C:
    return make_algorithm(agent or A2CAgentFactory(params=A2CParams(**params)), Discrete(2), progress=progress)


def make_learned(**params: Any) -> A2C:
    algorithm = make(progress=0.25, **params)
    learn_rollout(algorithm, example_rollout())
    return algorithm
