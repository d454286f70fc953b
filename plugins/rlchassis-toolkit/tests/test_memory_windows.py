from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from gymnasium import spaces
from torch import Tensor

from rlchassis.api import Environments, Experience, Transition
from rlchassis_toolkit import Memory, MemoryFactoryGRU, MemoryFactoryLSTM
from rlchassis_toolkit.memory.windows import features_of, next_features_of, sequence_priorities, sequence_transition

ENVS = Environments.from_spaces(spaces.Box(-1, 1, (3,), np.float32), spaces.Discrete(2))
FLAGS = ("terminated", "truncated", "valid")


def window_of(memory: Memory, *, rows: int, **flags: list[list[int]]) -> Experience:
    """A window [rows, 2] with random observations and states; flags are [2][rows], False unless given, valid True."""
    rng = torch.Generator().manual_seed(0)
    obs, final = (torch.rand(rows, 2, 3, generator=rng) for _ in range(2))
    states = torch.rand(rows, 2, sum(memory._widths), generator=rng)
    masks = {name: torch.tensor(flags.get(name, [[int(name == "valid")] * rows] * 2)).bool().T.clone() for name in FLAGS}
    rewards, actions = torch.arange(1.0, 2 * rows + 1).view(rows, 2), torch.arange(2 * rows).view(rows, 2)
    return Experience(obs, actions, rewards, final, **masks, weights=torch.tensor([[2.0, 1.0]] * rows), columns={"memory": states})


def memory_of(kind: Any = MemoryFactoryGRU, **options: Any) -> Memory:
    torch.manual_seed(0)
    return kind(size=4, hidden_sizes=(5,), **options).create_memory(ENVS, torch.device("cpu"))


def transition_of(window: Experience, memory: Memory) -> Transition:
    return sequence_transition(window, 0.5, length=memory.sequence_length, burn_in=memory.burn_in)


def test_rows_of_sequences_are_n_step_transitions_by_hand():
    memory = memory_of(sequence_length=3)
    window = window_of(memory, rows=4, terminated=[[0, 1, 0, 0], [0, 0, 0, 0]], valid=[[1, 1, 0, 0], [1, 1, 1, 1]])
    batch = transition_of(window, memory)
    assert batch.actions.tolist() == [0, 1, 2, 3, 4, 5]
    assert batch.rewards.view(3, 2)[:, 1].tolist() == [2 + 4 / 2, 4 + 6 / 2, 6 + 8 / 2]
    assert batch.rewards.view(3, 2)[:2, 0].tolist() == [1 + 3 / 2, 3]
    assert batch.discounts.view(3, 2)[:, 1].tolist() == [0.25] * 3
    assert batch.discounts.view(3, 2)[:2, 0].tolist() == [0, 0]


def test_rows_that_are_not_valid_have_weight_0_and_the_others_the_mean():
    memory = memory_of(sequence_length=3)
    window = window_of(memory, rows=3, valid=[[1, 1, 0], [1, 0, 0]])
    weights = transition_of(window, memory).weights
    assert weights.view(3, 2).tolist() == [[4, 2], [4, 0], [0, 0]]


@pytest.mark.parametrize("kind", [MemoryFactoryGRU, MemoryFactoryLSTM])
@pytest.mark.parametrize(("burn_in", "before"), [(0, [0, 0]), (2, [2, 0]), (3, [1, 3])])
def test_features_of_windows_are_those_of_a_loop_by_hand_across_burn_in_and_ends(kind, burn_in, before):
    """before: how many rows of the burn-in of each sequence are valid."""
    memory, n = memory_of(kind, sequence_length=2, burn_in=burn_in), 2
    rows = burn_in + 2 + n - 1
    valid = [[int(t >= burn_in - each and (t < rows - 1 or i == 0)) for t in range(rows)] for i, each in enumerate(before)]
    truncated = [[0] * rows, [int(t == rows - 2) for t in range(rows)]]
    window = window_of(memory, rows=rows, valid=valid, truncated=truncated)
    batch = transition_of(window, memory)
    features, following_features = features_of(batch, memory)
    for i, earlier in enumerate(before):
        state, after = window.columns["memory"][burn_in - earlier, i], {}
        for t in range(burn_in - earlier, rows):
            state = memory(window.obs[None, t, i], state[None])[0]
            after[t] = state
        for k in range(2):
            t = burn_in + k
            last = min(t + n - 1, rows - 1 if i == 0 else rows - 2)
            following = memory(window.next_obs[None, last, i], after[last][None])
            assert torch.allclose(features.view(2, 2, 4)[k, i], memory.features(after[t]), atol=1e-6)
            assert torch.allclose(following_features.view(2, 2, 4)[k, i], memory.features(following)[0], atol=1e-6)
    assert torch.equal(next_features_of(batch, memory), following_features)


@pytest.mark.parametrize("kind", [MemoryFactoryGRU, MemoryFactoryLSTM])
def test_no_gradient_flows_through_burn_in_and_next_observations(kind):
    memory = memory_of(kind, sequence_length=2, burn_in=2)
    window = window_of(memory, rows=4)
    window.obs.requires_grad_()
    window.next_obs.requires_grad_()
    features, following = features_of(transition_of(window, memory), memory)
    (gradient,) = torch.autograd.grad(features.view(2, 2, 4)[1].sum(), window.obs)
    assert gradient.abs().sum((1, 2)).bool().tolist() == [False, False, True, True]
    assert not following.requires_grad


def test_priorities_of_sequences_mix_the_largest_and_the_mean_error_of_valid_rows():
    errors, weights = torch.tensor([[1.0, 4.0], [3.0, 9.0]]).flatten(), torch.tensor([[1.0, 2.0], [1.0, 0.0]]).flatten()
    expected: Tensor = torch.tensor([0.9 * 3 + 0.1 * 2, 4.0])
    assert torch.allclose(sequence_priorities(errors, weights, 2), expected)
