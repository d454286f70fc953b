from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from gymnasium.spaces import Box

from rlchassis.api import Environments, Experience, Setup
from rlchassis.randomness import RandomStreams
from rlchassis_adam import OptimizerFactoryAdam
from rlchassis_sac import SAC, SACAgentFactory, SACParams

ENVS = Environments.from_spaces(Box(-1, 1, (3,), np.float32), Box(-1, 1, (2,), np.float32))
CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """As in a run: small networks are faster so."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def sac() -> Callable[..., SAC]:
    """Makes SAC as its recipe says, always from the same seed."""
    return make


@pytest.fixture
def windows() -> Callable[..., Experience]:
    """Sixteen windows of n rows, always the same: two of the first rows terminate, one is truncated."""
    return recorded


@pytest.fixture
def learned() -> Callable[..., SAC]:
    """Makes SAC and lets it do three rounds on recorded windows, with the schedules at a quarter of their way."""
    return make_learned


def make(agent: SACAgentFactory | None = None, **params: Any) -> SAC:
    agent = agent or SACAgentFactory(params=SACParams(**params))
    streams = RandomStreams(0)
    setup = Setup(CPU, streams, 1000, lambda *_: OptimizerFactoryAdam())
    with streams.initialisation():
        return agent.create_algorithm(agent.create_policy(ENVS, CPU), ENVS, setup)


def recorded(n: int = 1) -> Experience:
    rng = torch.Generator().manual_seed(0)
    seen = torch.rand((n + 1, 16, 3), generator=rng) * 2 - 1
    actions, rewards = torch.rand((n, 16, 2), generator=rng) * 2 - 1, torch.rand((n, 16), generator=rng) * 2 - 1
    terminated, truncated = torch.zeros(n, 16, dtype=torch.bool), torch.zeros(n, 16, dtype=torch.bool)
    terminated[0, :2] = truncated[0, 2] = True
    return Experience(seen[:-1], actions, rewards, seen[1:], terminated, truncated, torch.ones(n, 16))


def make_learned(**params: Any) -> SAC:
    algorithm, rng = make(**params), torch.Generator().manual_seed(0)
    for count in range(3):
        for optimizer in (algorithm.actor_optimizer, algorithm.critic_optimizer):
            optimizer.set_progress(0.25)
        algorithm.update(algorithm.prepare(recorded(algorithm.n_step), rng), count)
    return algorithm
