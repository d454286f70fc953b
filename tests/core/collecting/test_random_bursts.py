"""A restored policy and random actions take turns while critics learn."""

from __future__ import annotations

from itertools import groupby

import gymnasium as gym
import numpy as np
import pytest
import torch
from torch import Generator, Tensor

from rlchassis.collecting.warm_up import RandomBursts, UniformPolicy
from rlchassis.learning.policy import Policy

ENVS, STEPS = 20, 400


class Counting(Policy):
    """Chooses a number that no random action is, and counts its steps as its state."""

    def act(self, obs: Tensor, state: Tensor | None = None, *, explore: bool, rng: Generator) -> tuple[Tensor, Tensor]:
        before = torch.zeros(len(obs)) if state is None else state
        return torch.full((len(obs), 2), 7.0), before + 1


@pytest.fixture(scope="module")
def actions() -> tuple[np.ndarray, Tensor]:
    """Of [STEPS, ENVS] steps whether an action was random, and the last state."""
    space = gym.spaces.Box(-1, 1, (2,))
    bursts = RandomBursts(Counting(), UniformPolicy(space, np.random.default_rng(1)), np.random.default_rng(2))
    state, taken = None, []
    for _ in range(STEPS):
        chosen, state = bursts.act(torch.zeros(ENVS, 3), state, explore=True, rng=Generator())
        taken.append((chosen != 7).numpy())
    rows = np.array(taken)
    assert (rows[..., 0] == rows[..., 1]).all(), "an action is random in all its parts or in none"
    return rows[..., 0], state


def test_half_of_the_steps_are_random_in_turns_of_ten_on_average(actions):
    rows, _ = actions
    turns = [len(list(turn)) for row in rows.T for _, turn in groupby(row)]
    assert 0.4 < rows.mean() < 0.6
    assert 8 < np.mean(turns) < 12


def test_environments_take_turns_independently(actions):
    rows, _ = actions
    together = np.corrcoef(rows.T.astype(float))[np.triu_indices(ENVS, 1)]
    assert abs(together.mean()) < 0.1
    assert 0.2 < rows[0].mean() < 0.8


def test_the_state_of_the_policy_goes_on_through_random_turns(actions):
    _, state = actions
    assert state.tolist() == [STEPS] * ENVS
