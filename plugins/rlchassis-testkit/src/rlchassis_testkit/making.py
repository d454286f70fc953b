"""Algorithms from agent factories with a fixed seed, and fixed experience to learn from."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from torch import Generator, Tensor

from rlchassis.api import AgentFactory, Algorithm, Environments, Experience, Setup

VECTOR = spaces.Box(-1, 1, (3,), np.float32)
TOTAL_STEPS = 1000
"""Total steps of the run that schedules get."""


def make_algorithm(
    agent: AgentFactory,
    actions: spaces.Space[Any],
    observations: spaces.Space[Any] = VECTOR,
    *,
    progress: float = 0.0,
) -> Any:
    """Create the algorithm of an agent factory with its optimizer, at a fraction `progress` of a run of TOTAL_STEPS.

    It is compiled if the factory's `compile` is set.
    """
    envs = Environments.from_spaces(observations, actions)
    setup = Setup.outside_of_a_run(agent.optim_factory, TOTAL_STEPS, for_graph=agent.compile)
    with setup.streams.initialisation():
        algorithm = agent.create_algorithm(agent.create_policy(envs, setup.device), envs, setup)
    if agent.compile:
        algorithm.compile(setup.optimizers)
    for optimizer in setup.optimizers:
        optimizer.set_progress(progress)
    algorithm.set_progress(progress)
    return algorithm


def learn_rollout(algorithm: Algorithm[Any], rollout: Experience, *, rounds: int = 3, passes: int = 2) -> None:
    """Update on one rollout [T, N] for some rounds, each of `passes` passes over it."""
    rng = torch.Generator().manual_seed(0)
    for _ in range(rounds):
        batch = algorithm.prepare(rollout, rng)
        for repetition in range(passes):
            if repetition:
                batch = algorithm.refresh(batch, rollout)
            algorithm.update(batch.flatten(rollout.valid), repetition)


def learn_windows(algorithm: Algorithm[Any], windows: Experience, *, rounds: int = 3) -> None:
    """Update on windows [n, B] for some rounds."""
    rng = torch.Generator().manual_seed(0)
    for count in range(rounds):
        algorithm.update(algorithm.prepare(windows, rng), count)


def windows_of(length: int, actions: spaces.Space[Any], *, scale: float = 1.0) -> Experience:
    """Sixteen fixed windows of `length` rows with rewards in ± scale.

    Two of the first rows terminate, and one is truncated.
    """
    rng = torch.Generator().manual_seed(0)
    seen = torch.rand((length + 1, 16, 3), generator=rng) * 2 - 1
    done = _actions(actions, (length, 16), rng)
    rewards = (torch.rand((length, 16), generator=rng) * 2 - 1) * scale
    terminated, truncated = torch.zeros(length, 16, dtype=torch.bool), torch.zeros(length, 16, dtype=torch.bool)
    terminated[0, :2] = truncated[0, 2] = True
    valid, weights = torch.ones(length, 16, dtype=torch.bool), torch.ones(length, 16)
    return Experience(seen[:-1], done, rewards, seen[1:], terminated, truncated, valid, weights)


def _actions(space: spaces.Space[Any], shape: tuple[int, int], rng: Generator) -> Tensor:
    if isinstance(space, spaces.Discrete):
        return torch.randint(int(space.n), shape, generator=rng)
    return torch.rand((*shape, *(space.shape or ())), generator=rng) * 2 - 1
