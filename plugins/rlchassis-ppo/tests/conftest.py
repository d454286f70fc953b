from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from gymnasium.spaces import Box, Discrete

from rlchassis.api import Environments, Setup
from rlchassis.randomness import RandomStreams
from rlchassis_adam import OptimizerFactoryAdam
from rlchassis_ppo import PPO, PPOAgentFactory, PPOParams
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
def ppo() -> Callable[..., PPO]:
    """Makes PPO as its recipe says, always from the same seed."""
    return make


@pytest.fixture
def learned() -> Callable[..., PPO]:
    """Makes PPO and lets it learn from three rollouts, two passes each, with the schedule at a quarter of its way."""
    return make_learned


def make(agent: PPOAgentFactory | None = None, **params: Any) -> PPO:
    agent = agent or PPOAgentFactory(params=PPOParams(**params))
    streams = RandomStreams(0)
    setup = Setup(CPU, streams, 1000, lambda *_: OptimizerFactoryAdam())
    with streams.initialisation():
        return agent.create_algorithm(agent.create_policy(ENVS, CPU), ENVS, setup)


def make_learned(**params: Any) -> PPO:
    algorithm, rollout = make(**params), eventful()
    for _ in range(3):
        algorithm.optimizer.set_progress(0.25)
        batch = algorithm.prepare(rollout, torch.Generator())
        for repetition in range(2):
            if repetition:
                batch = algorithm.refresh(batch, rollout)
            algorithm.update(batch.flatten(rollout.counted), repetition)
    return algorithm
