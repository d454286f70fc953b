from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pytest
from gymnasium.spaces import Box, Dict, Discrete

from rlchassis.envs import Environments
from rlchassis.errors import NotEnoughMemoryError, UsageError
from rlchassis.replay import ReplayBuffer
from rlchassis.training.checks.memory import ReplayMemory, in_words
from rlchassis_testkit.replay_runs import trained

IMAGES, TWO = Box(0, 255, (84, 84, 4), np.uint8), Discrete(2)


def memory_of(seen: Any, done: Any = TWO, capacity: int = 1000, **options: Any) -> ReplayMemory:
    return ReplayMemory.of(ReplayBuffer.create(capacity, **options), Environments.from_spaces(seen, done))


@pytest.mark.parametrize(
    ("seen", "done", "expected"),
    [
        (Box(-1, 1, (10,), np.int8), TWO, 2 * 10 + 8 + 6),
        (Box(-1, 1, (10,), np.float64), Box(-1, 1, (3,), np.float64), 2 * 10 * 4 + 3 * 4 + 6),
        (Dict(image=Box(0, 255, (2, 2), np.uint8), count=Discrete(9)), TWO, 2 * (4 + 8) + 8 + 6),
        (IMAGES, TWO, 2 * 84 * 84 * 4 + 8 + 6),
    ],
)
def test_by_hand_the_bytes_of_a_transition_follow_from_the_spaces(seen, done, expected):
    assert memory_of(seen, done).per_transition == expected


def test_one_frame_per_step_and_shared_successors_take_an_eighth_of_stacks_of_four():
    stacks = Box(0, 255, (4, 84, 84), np.uint8)
    assert memory_of(stacks, store_next_obs=False, stack_num=4).per_transition - 14 == (memory_of(stacks).per_transition - 14) / 8


def test_a_buffer_larger_than_the_memory_is_refused_with_what_shrinks_it():
    memory = memory_of(IMAGES, capacity=600_000)
    with pytest.raises(NotEnoughMemoryError) as refused:
        memory.require(10 * 2**30, total_steps=50_000)
    assert str(refused.value) == (
        "the full replay buffer takes 31.6 GiB of memory (600000 transitions of 56462 bytes each), but only 10.0 GiB are free; "
        "lower sampling.buffer_size to at most 190170 (this run stores at most 50000), or set sampling.replay_buffer_ignore_obs_next, "
        "or store one frame of each stack (sampling.replay_buffer_save_only_last_obs with replay_buffer_stack_num)."
    )
    assert isinstance(refused.value, UsageError)
    assert isinstance(refused.value, MemoryError)


def test_settings_that_are_used_or_of_no_use_are_not_suggested():
    with pytest.raises(UsageError, match=r"at most 5\.$"):
        memory_of(Box(-1, 1, (10,), np.int8), store_next_obs=False).require(5 * (10 + 8 + 6), total_steps=10_000)


@pytest.mark.parametrize("free", [34_000, None])
def test_a_buffer_that_fits_is_taken_and_so_is_any_where_the_memory_is_unknown(free):
    memory_of(Box(-1, 1, (10,), np.int8)).require(free, total_steps=10)


def test_sizes_are_printed_in_units_of_1024():
    assert [in_words(n) for n in (34_000, 3 * 2**20, 2**30, 45 * 2**30)] == ["33.2 KiB", "3.0 MiB", "1.0 GiB", "45.0 GiB"]


def test_a_run_is_refused_before_its_first_step_where_the_memory_does_not_suffice(monkeypatch):
    monkeypatch.setattr("rlchassis.training.off_policy.free_memory", lambda: 1000)
    with pytest.raises(NotEnoughMemoryError, match="1000 transitions of 22 bytes each"):
        trained()


def test_a_run_says_before_it_trains_what_its_buffer_takes(caplog):
    with caplog.at_level(logging.INFO, "rlchassis"):
        trained()
    said = "The full replay buffer takes 21.5 KiB of memory (1000 transitions of 22 bytes each)."
    assert said in [record.getMessage() for record in caplog.records]
