from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from gymnasium.spaces import Box, Discrete

from rlchassis.api import Environments, Experience, Setup
from rlchassis.randomness import RandomStreams
from rlchassis_adam import OptimizerFactoryAdam
from rlchassis_dqn import DQN, DQNAgentFactory, DQNParams
from rlchassis_testkit.experiences import eventful

ENVS = Environments.from_spaces(Box(-1, 1, (3,), np.float32), Discrete(2))
CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """As in a run: small networks are faster so."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


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


def make(agent: DQNAgentFactory | None = None, **params: Any) -> DQN:
    agent = agent or DQNAgentFactory(params=DQNParams(**params))
    streams = RandomStreams(0)
    setup = Setup(CPU, streams, 1000, lambda *_: OptimizerFactoryAdam())
    with streams.initialisation():
        return agent.create_algorithm(agent.create_policy(ENVS, CPU), ENVS, setup)


def windows_for(algorithm: DQN) -> Experience:
    return eventful()[: algorithm.n_step] if algorithm.n_step > 1 else eventful().flatten()[None]


def make_learned(**params: Any) -> DQN:
    algorithm = make(**params)
    algorithm.optimizer.set_progress(0.25)
    for count in range(3):
        algorithm.update(algorithm.prepare(windows_for(algorithm), torch.Generator()), count)
    return algorithm
