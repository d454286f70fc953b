from __future__ import annotations

import pickle
import sys
from functools import partial
from typing import Any

import cloudpickle
import numpy as np
import pytest
from gymnasium.spaces import Box, Dict, Discrete, MultiBinary, MultiDiscrete, Tuple
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from gymnasium.wrappers import PassiveEnvChecker
from hypothesis import given, settings
from hypothesis import strategies as st

from rlchassis.data.action_layout import ActionLayout
from rlchassis.envs import ActionMap, one_by_one
from rlchassis.envs.gymnasium_vector import NativeEnvironment
from rlchassis.envs.in_process import InProcessEnvironment
from rlchassis.envs.subprocess.workers import WorkerEnvironment
from rlchassis.errors import ActionFailure, EnvironmentFailure
from rlchassis_testkit.any_spaces import AnySpaces

cloudpickle.register_pickle_by_value(sys.modules[__name__])

GRIPPER = Dict(
    {
        "grip": Discrete(3, start=-1),
        "move": Box(np.array([0.0, -4.0]), np.array([2.0, 4.0]), dtype=np.float64),
        "rest": Tuple([MultiBinary((2, 1)), Box(0.0, 10.0, (1,), np.float32), MultiDiscrete([4, 5], np.int16, start=[7, -2])]),
    }
)
"""Columns: grip 3; rest.0 2, 2; rest.2 4, 5; then move 2 and rest.1 1."""
WHOLE = Tuple([Discrete(2, start=4), Dict({"a": MultiDiscrete([[3, 2]]), "b": MultiBinary(1)})])
SPACES = [
    GRIPPER,
    WHOLE,
    MultiDiscrete([3, 4], start=[-1, 5]),
    MultiDiscrete([[2, 3], [4, 5]], np.uint8),
    MultiBinary(3),
    MultiBinary((2, 2)),
    Dict({"only": Box(-1, 1, (2,))}),
]
PAIR = MultiDiscrete([3, 4])
VECTOR = Box(-1.0, 1.0, (2,))

starts, shapes = st.integers(-3, 3), st.lists(st.integers(1, 2), max_size=2).map(tuple)
leaves = (
    st.builds(
        lambda n, start, dtype: Discrete(n, start=start, dtype=dtype), st.integers(1, 5), starts, st.sampled_from([np.int64, np.int8])
    )
    | st.builds(lambda n, start: MultiDiscrete([[n, 2]], np.int32, start=[[start, 1]]), st.integers(1, 4), starts)
    | st.builds(lambda n, start: MultiDiscrete([n, 1, 3], np.int8, start=[start, 0, 2]), st.integers(1, 4), starts)
    | st.builds(MultiBinary, st.integers(1, 3) | st.lists(st.integers(1, 2), min_size=1, max_size=2))
    | st.builds(
        lambda shape, low, width, dtype: Box(low, low + width, shape, dtype),
        shapes,
        starts,
        st.sampled_from([0.5, 7.0, np.inf]),
        st.sampled_from([np.float16, np.float32, np.float64]),
    )
)
dicts = partial(st.dictionaries, st.sampled_from("abc"), min_size=1, max_size=3)
action_spaces = st.recursive(
    leaves, lambda inner: dicts(inner).map(Dict) | st.lists(inner, min_size=1, max_size=3).map(Tuple), max_leaves=4
)


def test_by_hand_a_row_holds_the_discrete_parts_first_and_then_the_continuous_ones():
    assert ActionLayout.of(GRIPPER) == ActionLayout((3, 2, 2, 4, 5), 3)
    (action,) = one_by_one(ActionMap(GRIPPER).to_env(np.array([[2, 1, 0, 3, 4, 0.5, -1, 0.2]], np.float32)))
    assert action["grip"] == 1
    assert action["move"].tolist() == [1.5, -4.0]
    assert action["move"].dtype == np.float64
    buttons, strength, counts = action["rest"]
    assert buttons.tolist() == [[1], [0]]
    assert strength.tolist() == pytest.approx([6.0])
    assert counts.tolist() == [10, 2]
    assert GRIPPER.contains(action)


def test_by_hand_a_joint_index_counts_the_last_part_fastest():
    actions = ActionMap(MultiDiscrete([3, 4], start=[-1, 5])).to_env(np.array([0, 1, 4, 11]))
    assert actions.tolist() == [[-1, 5], [-1, 6], [0, 5], [1, 8]]


def test_joint_indices_of_a_tuple_reach_each_joint_choice_once():
    layout, to_env = ActionLayout.of(WHOLE), ActionMap(WHOLE).to_env
    assert (layout.sizes, layout.joint_size, layout.is_discrete) == ((2, 3, 2, 2), 24, True)
    chosen = one_by_one(to_env(np.arange(24)))
    assert all(map(WHOLE.contains, chosen))
    assert len({str(action) for action in chosen}) == 24


@settings(max_examples=200, deadline=None)
@given(action_spaces, st.integers(0, 2**32 - 1))
def test_every_random_row_becomes_an_action_of_the_space(space, seed):
    rows = ActionMap(space).random(5, np.random.default_rng(seed))
    layout = ActionLayout.of(space)
    assert rows.dtype == (np.int64 if layout.is_discrete else np.float32)
    if not isinstance(space, Discrete | Box):
        assert rows.shape == (5, len(layout.sizes) + layout.num_continuous)
    actions = one_by_one(ActionMap(space).to_env(rows))
    assert len(actions) == 5
    assert all(map(space.contains, actions))


@pytest.mark.parametrize("space", SPACES, ids=str)
def test_random_rows_of_a_structured_space_reach_every_choice_and_repeat_with_the_seed(space):
    rows, layout = ActionMap(space).random(600, np.random.default_rng(0)), ActionLayout.of(space)
    assert [set(column) for column in rows[:, : len(layout.sizes)].T.tolist()] == [set(range(size)) for size in layout.sizes]
    assert np.array_equal(rows, ActionMap(space).random(600, np.random.default_rng(0)))
    numbers = rows[:, len(layout.sizes) :]
    assert all(column.min() < -0.95 and column.max() > 0.95 for column in numbers.T)


@pytest.mark.parametrize("space", SPACES, ids=str)
def test_a_structured_action_map_can_be_pickled(space):
    rows = ActionMap(space).random(3, np.random.default_rng(0))
    assert str(pickle.loads(pickle.dumps(ActionMap(space))).to_env(rows)) == str(ActionMap(space).to_env(rows))


@pytest.mark.parametrize(
    ("space", "actions", "message"),
    [
        (
            MultiDiscrete([3, 4]),
            np.array([[0, 1], [1, 4]]),
            "4 for discrete part 1 in row 1 of its actions, expected an integer from 0 to 3$",
        ),
        (PAIR, np.array([[-1, 1]]), "-1 for discrete part 0 in row 0"),
        (PAIR, np.array([[0.0, 1.0]]), r"actions of shape \(1, 2\) and dtype float64, expected 2 integers for each"),
        (PAIR, np.array([[0, 1, 2]]), r"actions of shape \(1, 3\) .* expected 2 integers"),
        (PAIR, np.array([3, 12]), "12 in row 1 of its actions, expected a joint index from 0 to 11"),
        (PAIR, np.array([0.5]), r"actions of shape \(1,\) and dtype float64"),
        (GRIPPER, np.zeros((1, 7), np.float32), r"actions of shape \(1, 7\) .* expected 8 floats for each environment"),
        (GRIPPER, np.zeros(2, np.int64), r"actions of shape \(2,\) and dtype int64, expected 8 floats"),
        (
            GRIPPER,
            np.array([[0.5, 0, 0, 0, 0, 0, 0, 0]], np.float32),
            "0.5 for discrete part 0 in row 0",
        ),
        (GRIPPER, np.array([[0, 0, 0, np.nan, 0, 0, 0, 0]], np.float32), "nan for discrete part 3"),
        (GRIPPER, np.array([[0, 0, 0, 0, 0, 0, 0, np.inf]], np.float32), "inf in row 0 of its actions, expected finite numbers"),
    ],
)
def test_a_row_that_is_no_action_is_the_policys_failure(space, actions, message):
    with pytest.raises(ActionFailure, match=f"the policy chose {message}"):
        ActionMap(space).to_env(actions)


def opened(kind: str, space: Any, num_envs: int = 3) -> Any:
    constructors = [partial(AnySpaces, VECTOR, space)] * num_envs
    if kind == "native":
        return NativeEnvironment(SyncVectorEnv(constructors, autoreset_mode=AutoresetMode.SAME_STEP))
    return WorkerEnvironment.open(constructors, num_workers=2) if kind == "workers" else InProcessEnvironment.open(constructors)


@pytest.mark.parametrize("kind", ["in process", "workers", "native"])
@pytest.mark.parametrize("space", [GRIPPER, WHOLE, MultiDiscrete([3, 4], start=[-1, 5])], ids=["dict", "tuple", "multi-discrete"])
def test_every_kind_of_vector_environment_takes_structured_actions(kind, space):
    venv, rows = opened(kind, space), ActionMap(space).random(3, np.random.default_rng(0))
    venv.reset([1, 2, 3])
    for _ in range(5):
        step, _ = venv.step(rows)
        assert np.array_equal(step.actions, rows)
    venv.close()


@pytest.mark.parametrize("kind", ["in process", "workers"])
def test_an_environment_that_fails_is_reported_with_its_structured_action(kind):
    refusing = [partial(AnySpaces, VECTOR, WHOLE), partial(Refusing, VECTOR, WHOLE)]
    venv = WorkerEnvironment.open(refusing) if kind == "workers" else InProcessEnvironment.open(refusing)
    venv.reset([1, 2])
    with pytest.raises(EnvironmentFailure, match=r"^environment 1 .*with action \(.*5.*, \{'a': array\(\[\[2, 1\]\]\), 'b': array\(\[1\]"):
        venv.step(np.array([[0, 0, 0, 0], [1, 2, 1, 1]]))
    venv.close()


class Refusing(AnySpaces):
    def step(self, action):
        raise ValueError("refused")


@pytest.mark.filterwarnings("ignore:.*For Box action spaces, we recommend")
@pytest.mark.parametrize("space", SPACES, ids=str)
def test_gymnasiums_checker_accepts_every_structured_action(space):
    env = AnySpaces(VECTOR, space)
    check_env(env, skip_render_check=True)
    checked = PassiveEnvChecker(AnySpaces(VECTOR, space, length=50))
    checked.reset(seed=0)
    for action in one_by_one(ActionMap(space).to_env(ActionMap(space).random(20, np.random.default_rng(0)))):
        checked.step(action)
    assert len(checked.unwrapped.received) == 20
