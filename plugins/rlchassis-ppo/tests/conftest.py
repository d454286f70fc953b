from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from gymnasium.spaces import Discrete

from rlchassis_ppo import PPO, PPOAgentFactory, PPOParams
from rlchassis_testkit.experiences import example_rollout
from rlchassis_testkit.fixtures import one_thread  # noqa: F401  # for all tests here
from rlchassis_testkit.making import learn_rollout, make_algorithm


@pytest.fixture
def ppo() -> Callable[..., PPO]:
    """Makes PPO as its recipe says, always from the same seed."""
    return make


@pytest.fixture
def learned() -> Callable[..., PPO]:
    """Makes PPO and lets it learn from three rollouts, two passes each, with the schedule at a quarter of its way."""
    return make_learned


def make(agent: PPOAgentFactory | None = None, progress: float = 0.0, **params: Any) -> PPO:
    return make_algorithm(agent or PPOAgentFactory(params=PPOParams(**params)), Discrete(2), progress=progress)


def make_learned(**params: Any) -> PPO:
    algorithm = make(progress=0.25, **params)
    learn_rollout(algorithm, example_rollout())
    return algorithm
