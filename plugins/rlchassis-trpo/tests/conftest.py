from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from gymnasium.spaces import Discrete

from rlchassis_testkit.experiences import example_rollout
from rlchassis_testkit.fixtures import one_thread  # noqa: F401  # for all tests here
from rlchassis_testkit.making import learn_rollout, make_algorithm
from rlchassis_trpo import TRPO, TRPOAgentFactory, TRPOParams


@pytest.fixture
def trpo() -> Callable[..., TRPO]:
    """Makes TRPO as its recipe says, always from the same seed."""
    return make


@pytest.fixture
def learned() -> Callable[..., TRPO]:
    """Makes TRPO and lets it learn from two rollouts, two passes each, with the schedule at a quarter of its way."""
    return make_learned


def make(agent: TRPOAgentFactory | None = None, progress: float = 0.0, **params: Any) -> TRPO:
    return make_algorithm(agent or TRPOAgentFactory(params=TRPOParams(**params)), Discrete(2), progress=progress)


def make_learned(**params: Any) -> TRPO:
    algorithm = make(progress=0.25, **params)
    learn_rollout(algorithm, example_rollout(), rounds=2)
    return algorithm
