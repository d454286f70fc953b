from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from gymnasium.spaces import Discrete

from rlchassis_npg import NPG, NPGAgentFactory, NPGParams
from rlchassis_testkit.experiences import example_rollout
from rlchassis_testkit.fixtures import one_thread  # noqa: F401  # for all tests here
from rlchassis_testkit.making import learn_rollout, make_algorithm


@pytest.fixture
def npg() -> Callable[..., NPG]:
    """Makes NPG as its recipe says, always from the same seed."""
    return make


@pytest.fixture
def learned() -> Callable[..., NPG]:
    """Makes NPG and lets it learn from two rollouts, two passes each, with the schedule at a quarter of its way."""
    return make_learned


def make(agent: NPGAgentFactory | None = None, progress: float = 0.0, **params: Any) -> NPG:
    return make_algorithm(agent or NPGAgentFactory(params=NPGParams(**params)), Discrete(2), progress=progress)


def make_learned(**params: Any) -> NPG:
    algorithm = make(progress=0.25, **params)
    learn_rollout(algorithm, example_rollout(), rounds=2)
    return algorithm
