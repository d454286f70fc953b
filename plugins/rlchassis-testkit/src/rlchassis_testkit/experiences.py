"""Fixed experience and trivial policies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Generator, Tensor

from rlchassis.api import Experience, Observation, Policy

Rows = Sequence[float]


def experience_of(
    rewards: Rows,
    *,
    obs: Any = None,
    next_obs: Any = None,
    actions: Any = None,
    terminated: Sequence[int] = (),
    truncated: Sequence[int] = (),
    invalid: Sequence[int] = (),
) -> Experience:
    """Experience [T, 1, …] of one environment; rows that terminate, truncate or are invalid are given by index.

    Defaults: obs 0, 1, 2, …, each followed by the next; actions 0.
    """
    size = len(rewards)

    def marked(rows: Sequence[int]) -> Tensor:
        return torch.tensor([row in rows for row in range(size)])[:, None]

    numbers = torch.arange(size + 1.0)[:, None, None]
    return Experience(
        obs=numbers[:-1] if obs is None else torch.as_tensor(obs).unsqueeze(1),
        actions=torch.zeros(size, 1, dtype=torch.long) if actions is None else torch.as_tensor(actions).unsqueeze(1),
        rewards=torch.tensor(rewards, dtype=torch.float32)[:, None],
        next_obs=numbers[1:] if next_obs is None else torch.as_tensor(next_obs).unsqueeze(1),
        terminated=marked(terminated),
        truncated=marked(truncated),
        valid=~marked(invalid),
        weights=torch.ones(size, 1),
    )


def example_rollout() -> Experience:
    """A fixed rollout of twelve steps of two environments: observations [3], two actions, rewards in ± 10.

    One episode terminates, one is truncated, and the last row of one environment is invalid.
    """
    rng = torch.Generator().manual_seed(0)
    seen = torch.rand((13, 2, 3), generator=rng) * 2 - 1
    terminated, truncated, valid = torch.zeros(12, 2).bool(), torch.zeros(12, 2).bool(), torch.ones(12, 2).bool()
    terminated[4, 0] = truncated[7, 1] = True
    valid[11, 1] = False
    actions = torch.randint(2, (12, 2), generator=rng)
    rewards = torch.rand((12, 2), generator=rng) * 20 - 10
    return Experience(seen[:-1], actions, rewards, seen[1:], terminated, truncated, valid, torch.ones(12, 2))


class Constant(Policy):
    """Policy that always takes the same action."""

    def __init__(self, action: Any = 0) -> None:
        super().__init__()
        self.action = torch.as_tensor(action)

    def act(self, obs: Observation, state: Any = None, *, explore: bool, rng: Generator) -> tuple[Tensor, Any]:
        """The action, once per environment."""
        return self.action.expand(number_of(obs), *self.action.shape), None


class Remembering(Policy):
    """Stateful policy that takes action 0 and counts its steps in the episode; `memories` holds the counts of every step."""

    def __init__(self) -> None:
        super().__init__()
        self.memories: list[list[float]] = []

    def act(self, obs: Observation, state: Any = None, *, explore: bool, rng: Generator) -> tuple[Tensor, Any]:
        """Action 0, and the count plus one as the state."""
        remembered = torch.zeros(number_of(obs)) if state is None else state
        self.memories.append(remembered.tolist())
        return torch.zeros(number_of(obs), dtype=torch.long), remembered + 1


def number_of(obs: Observation) -> int:
    """Number of environments in observations."""
    while isinstance(obs, dict):
        obs = next(iter(obs.values()))
    return obs.shape[0]
