from __future__ import annotations

import numpy as np
import pytest

from rlchassis.collecting.rollout import RolloutBuffer
from rlchassis.data.step import Step


def step(number: int, as_dict: bool = False) -> Step:
    """A step of two environments, full of its number."""
    obs = np.full((2, 3), number, np.float32)
    flags = np.array([number % 2 == 1, False])
    return Step(
        {"deep": {"obs": obs}} if as_dict else obs,
        np.array([number, number]),
        np.array([number, -number], np.float64),
        {"deep": {"obs": obs + 1}} if as_dict else obs + 1,
        flags,
        ~flags,
        np.array([True, number != 3]),
    )


@pytest.mark.parametrize("capacity", [1, 2, 5, 128])
def test_all_steps_come_out_in_their_order_however_much_room_there_was(capacity):
    buffer = RolloutBuffer(capacity)
    for number in range(5):
        buffer.add(step(number))
    rollout = buffer.drain()
    assert rollout.obs[:, :, 0].tolist() == [[n, n] for n in range(5)]
    assert rollout.next_obs[:, :, 0].tolist() == [[n + 1, n + 1] for n in range(5)]
    assert rollout.actions.tolist() == [[n, n] for n in range(5)]
    assert rollout.rewards.tolist() == [[n, -n] for n in range(5)]
    assert rollout.terminated[:, 0].tolist() == [False, True, False, True, False]
    assert rollout.truncated[:, 0].tolist() == [True, False, True, False, True]
    assert rollout.valid.tolist() == [[True, n != 3] for n in range(5)]
    assert rollout.weights.tolist() == [[1.0, 1.0]] * 5


def test_parts_of_dicts_are_kept_apart():
    buffer = RolloutBuffer(1)
    for number in range(3):
        buffer.add(step(number, as_dict=True))
    assert buffer.drain().obs["deep"]["obs"][:, 0, 0].tolist() == [0, 1, 2]


def test_a_row_is_copied_when_it_is_added():
    buffer, given = RolloutBuffer(), step(1)
    buffer.add(given)
    given.rewards[:] = 99
    assert buffer.drain().rewards.tolist() == [[1, -1]]


def test_a_drained_buffer_is_empty_and_takes_new_rows_alone():
    buffer = RolloutBuffer(2)
    for number in range(3):
        buffer.add(step(number))
    assert (len(buffer), len(buffer.drain()), len(buffer)) == (3, 3, 0)
    buffer.add(step(7))
    assert buffer.drain().rewards[:, 0].tolist() == [7]


def test_an_empty_buffer_cannot_be_drained():
    with pytest.raises(IndexError, match="empty"):
        RolloutBuffer().drain()
    buffer = RolloutBuffer()
    buffer.add(step(1))
    buffer.drain()
    with pytest.raises(IndexError, match="empty"):
        buffer.drain()
