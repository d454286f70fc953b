from __future__ import annotations

import pickle

import numpy as np
import pytest
from gymnasium.spaces import Box, Discrete
from hypothesis import given
from hypothesis import strategies as st

from rlchassis.envs import ActionMap
from rlchassis.envs.actions import one_by_one
from rlchassis.errors import ActionFailure


def mapped(space: Box, *actions: list[float]) -> list[list[float]]:
    return ActionMap(space).to_env(np.array(actions, np.float32)).tolist()


def test_asymmetric_bounds_are_reached_per_dimension():
    space = Box(np.array([0.0, -1.0, 10.0], np.float32), np.array([4.0, 3.0, 20.0], np.float32))
    assert mapped(space, [-1, -1, -1], [0, 0, 0], [1, 1, 1], [0.5, -0.5, 0.0]) == [[0, -1, 10], [2, 1, 15], [4, 3, 20], [3, 0, 15]]


def test_actions_outside_the_bounds_are_clipped():
    assert mapped(Box(-2, 6, (1,)), [-7.0], [1.5]) == [[-2.0], [6.0]]


def test_a_dimension_without_bounds_passes_unchanged():
    assert mapped(Box(-np.inf, np.inf, (2,)), [-3.0, 123.5]) == [[-3.0, 123.5]]


def test_a_dimension_with_one_bound_is_counted_from_there_and_clipped_there():
    space = Box(np.array([4, -np.inf], np.float32), np.array([np.inf, -3], np.float32))
    assert mapped(space, [-1, 1], [0, 0], [1, -1], [9, -9], [-7, 7]) == [[4, -3], [5, -4], [6, -5], [14, -13], [4, -3]]


@given(st.floats(-(2.0**90), 2.0**90, width=32), st.floats(0, 2.0**90, width=32), st.floats(-3, 3, width=32))
def test_every_finite_action_becomes_one_of_the_space(low, width, action):
    space = Box(np.float32(low), np.float32(low) + np.float32(width), (1,))
    (row,) = one_by_one(ActionMap(space).to_env(np.array([[action]], np.float32)))
    assert space.contains(row)


def test_the_widest_bounds_do_not_overflow():
    limit = float(np.finfo(np.float32).max)
    assert mapped(Box(-limit, limit, (1,)), [-1.0], [1.0], [0.0]) == [[-limit], [limit], [0.0]]


def test_an_action_without_bounds_stays_finite_in_the_dtype_of_its_space():
    assert mapped(Box(-np.inf, np.inf, (2,), np.float16), [1e30, -1e30], [2.0, -2.0]) == [[65504, -65504], [2, -2]]


def test_discrete_actions_are_counted_from_the_start_of_the_space():
    space = Discrete(3, start=-1)
    actions = one_by_one(ActionMap(space).to_env(np.array([0, 1, 2])))
    assert actions == [-1, 0, 1]
    assert all(space.contains(action) for action in actions)


def test_actions_have_the_dtype_of_their_space():
    assert ActionMap(Box(-1, 1, (2,), np.float64)).to_env(np.zeros((1, 2), np.float32)).dtype == np.float64
    narrow = Discrete(4, dtype=np.uint8)
    assert all(narrow.contains(action) for action in one_by_one(ActionMap(narrow).to_env(np.arange(4))))


def test_a_box_without_dimensions_gets_arrays_without_dimensions():
    (action,) = one_by_one(ActionMap(Box(0, 2, ())).to_env(np.array([1.0], np.float32)))
    assert isinstance(action, np.ndarray)
    assert action.shape == ()
    assert action == 2.0


def test_random_actions_fill_the_chassis_range_and_repeat_with_the_seed():
    space = Box(np.array([5, -np.inf], np.float32), np.array([6, np.inf], np.float32))
    drawn = ActionMap(space).random(4000, np.random.default_rng(0))
    assert drawn.dtype == np.float32
    assert drawn[:, 0].min() < -0.99
    assert 0.99 < drawn[:, 0].max() <= 1.0
    assert drawn[:, 1].std() == pytest.approx(1.0, abs=0.05)
    assert np.array_equal(drawn, ActionMap(space).random(4000, np.random.default_rng(0)))


def test_random_discrete_actions_are_counted_from_zero():
    assert set(ActionMap(Discrete(3, start=7)).random(100, np.random.default_rng(0)).tolist()) == {0, 1, 2}


@pytest.mark.parametrize("space", [Discrete(3, start=5), Box(-2.0, 4.0, (2,))])
def test_an_action_map_can_be_pickled(space):
    actions = np.array([1, 0]) if isinstance(space, Discrete) else np.zeros((2, 2), np.float32)
    assert pickle.loads(pickle.dumps(ActionMap(space))).to_env(actions).tolist() == ActionMap(space).to_env(actions).tolist()


@pytest.mark.parametrize("size", [2, 40])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_an_action_that_is_not_finite_is_the_policys_failure(bad, size):
    actions = np.zeros((3, size), np.float32)
    actions[2, 1] = bad
    with pytest.raises(ActionFailure, match=f"^the policy chose {bad} in row 2 of its actions, expected finite numbers: learning diverged"):
        ActionMap(Box(-1, 1, (size,))).to_env(actions)


@pytest.mark.parametrize(
    ("actions", "message"),
    [
        (np.array([0, 3]), "3 in row 1 of its actions, expected an integer from 0 to 2"),
        (np.array([-1, 0]), "-1 in row 0"),
        (np.array([0.7, 1.0]), r"actions of shape \(2,\) and dtype float64, expected an integer from 0 to 2 for each environment"),
        (np.array([[0], [1]]), r"actions of shape \(2, 1\)"),
    ],
)
def test_a_discrete_action_that_is_none_is_the_policys_failure(actions, message):
    with pytest.raises(ActionFailure, match=f"the policy chose {message}"):
        ActionMap(Discrete(3, start=5)).to_env(actions)
