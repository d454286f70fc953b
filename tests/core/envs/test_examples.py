from __future__ import annotations

import numpy as np
import pytest
from gymnasium.spaces import Box, Dict, Discrete, MultiBinary, MultiDiscrete

from rlchassis.envs import examples

LARGEST = np.finfo(np.float32).max
SPACES = [
    Box(-1.0, 1.0, (3,)),
    Box(-1.0, 1.0, ()),
    Box(5.0, np.inf, (2,)),
    Box(-np.inf, -7.3, (2,)),
    Box(-LARGEST, LARGEST, (2,)),
    Box(np.float32(0.1), np.float32(0.3), (2,)),
    Box(-2, 2, (2,), np.float16),
    Box(0, 255, (4, 4, 3), np.uint8),
    Box(0, 1, (2, 2), np.uint8),
    Box(200, 255, (4,), np.uint8),
    Box(-3, 3, (2,), np.int8),
    Box(0, 1, (2,), np.bool_),
    Box(np.iinfo(np.int64).min, np.iinfo(np.int64).max, (3,), np.int64),
    Discrete(5, start=3),
    Discrete(2, start=-9),
    MultiDiscrete([3, 2], start=[1, 1]),
    MultiDiscrete([[3, 2], [4, 5]]),
    MultiBinary((2, 3)),
    Dict(a=Discrete(3, start=1), b=Dict(c=Box(-1.0, 1.0, (2,)))),
]


def row_of(stored, row, space):
    if isinstance(space, Dict):
        return {key: row_of(stored[key], row, part) for key, part in space.spaces.items()}
    return stored[row].astype(space.dtype) if space.shape else space.dtype.type(stored[row])


@pytest.mark.parametrize("space", SPACES, ids=str)
def test_examples_are_elements_of_the_space_that_differ_and_are_always_the_same(space):
    stored = examples(space, 16)
    rows = [row_of(stored, row, space) for row in range(16)]
    assert all(space.contains(np.asarray(row) if isinstance(space, Box) and space.shape == () else row) for row in rows)
    assert str(rows[0]) != str(rows[1])
    assert str(stored) == str(examples(space, 16))


def test_numbers_stay_near_zero_so_that_no_network_overflows():
    assert np.abs(examples(Box(-LARGEST, LARGEST, (8,)), 16)).max() <= 1
    assert np.abs(examples(Box(-1000, 1000, (8,), np.int64), 16)).max() <= 128


@pytest.mark.parametrize("space", [Box(1.0, 1.0, (2,)), Discrete(1), Box(-1.0, 1.0, (0,))], ids=str)
def test_where_a_space_has_one_element_alone_it_is_that(space):
    first, second = examples(space, 2)
    assert np.array_equal(first, second)
