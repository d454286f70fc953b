from __future__ import annotations

import json

import numpy as np
import pytest
from gymnasium.spaces import Box, Dict, Discrete, Graph, MultiBinary, MultiDiscrete, OneOf, Sequence, Text, Tuple
from hypothesis import given, settings
from hypothesis import strategies as st

from rlchassis.data.arrays import write
from rlchassis.envs import allocate, describe, kinds_in, space_data, space_from_data, space_to_data
from rlchassis.envs.spaces import require_supported
from rlchassis.errors import StoredFileError, UnsupportedSpaceError

VECTOR = Box(-1, 1, (3,))
NESTED = Dict({"at": VECTOR, "inner": Dict({"keys": MultiBinary(4), "image": Box(0, 255, (2, 2, 1), np.uint8)}), "on": Discrete(2)})

floats = st.floats(-1e6, 1e6, width=32) | st.sampled_from([0.1, np.pi, 3.4028235e38])
shapes = st.lists(st.integers(1, 3), max_size=3).map(tuple)


@st.composite
def boxes(draw):
    shape, dtype = draw(shapes), draw(st.sampled_from([np.float32, np.float64]))
    size = int(np.prod(shape))
    one, other = (np.array(draw(st.lists(floats, min_size=size, max_size=size)), dtype).reshape(shape) for _ in range(2))
    low, high = np.array(np.minimum(one, other)), np.array(np.maximum(one, other))
    low[np.array(draw(st.lists(st.booleans(), min_size=size, max_size=size)), bool).reshape(shape)] = -np.inf
    high[np.array(draw(st.lists(st.booleans(), min_size=size, max_size=size)), bool).reshape(shape)] = np.inf
    return Box(low, high, shape, dtype)


leaf_spaces = (
    boxes()
    | st.builds(lambda shape: Box(0, 255, shape, np.uint8), shapes)
    | st.builds(lambda shape, dtype: Box(0, 1, shape, np.dtype(dtype).type), shapes, st.sampled_from(["bool", "int8", "uint16", "int32"]))
    | st.builds(lambda n, start: Discrete(n, start=start), st.integers(1, 9), st.integers(-5, 5))
    | st.builds(MultiBinary, st.integers(1, 5) | st.lists(st.integers(1, 3), min_size=1, max_size=3))
    | st.builds(MultiDiscrete, st.lists(st.integers(1, 9), min_size=1, max_size=4))
    | st.builds(lambda start: MultiDiscrete([[2, 3], [4, 5]], np.int16, start=[[start, 0], [1, 2]]), st.integers(-5, 5))
)
any_space = st.recursive(
    leaf_spaces,
    lambda inner: (
        st.dictionaries(st.text(min_size=1, max_size=5), inner, min_size=1, max_size=3).map(Dict)
        | st.lists(inner, min_size=1, max_size=3).map(Tuple)
    ),
)


@settings(max_examples=150, deadline=None)
@given(any_space)
def test_a_space_survives_json_exactly(space):
    again = space_from_data(json.loads(json.dumps(space_to_data(space), allow_nan=False)))
    assert again == space
    assert describe(again) == describe(space)
    if isinstance(space, Box):
        assert again.low.tobytes() == space.low.tobytes()
        assert again.high.tobytes() == space.high.tobytes()


def test_equal_bounds_are_stored_as_one_number_and_infinities_as_strings():
    assert space_to_data(Box(-2.5, np.inf, (3,))) == {"kind": "Box", "low": -2.5, "high": "inf", "shape": [3], "dtype": "float32"}


@pytest.mark.parametrize(
    "damage",
    [
        {"extra": 1},
        {"kind": "Cube"},
        {"kind": ["Box"]},
        {"low": "minus one"},
        {"low": [1, 2]},
        {"dtype": "floaty"},
        {"shape": None},
        {"low": 0.0, "high": 1.0, "shape": [2**15, 2**15]},
        {"low": 0.0, "high": 1.0, "shape": [2**40]},
        {"high": None},
        {"low": 5.0},
    ],
)
def test_a_damaged_stored_space_is_refused(damage):
    with pytest.raises(StoredFileError):
        space_from_data({**space_to_data(VECTOR), **damage})


@pytest.mark.parametrize(
    "data", [None, 3, [], "Box", {}, {"kind": "Discrete", "n": 2}, {"kind": "Discrete", "n": 0, "start": 0, "dtype": "int64"}]
)
def test_data_that_is_no_stored_space_is_refused(data):
    with pytest.raises(StoredFileError):
        space_from_data(data)


@pytest.mark.parametrize(
    "space", [OneOf([VECTOR]), Text(3), Graph(VECTOR, None), Sequence(VECTOR), Dict({"good": VECTOR, "deep": Tuple([VECTOR, Text(3)])})]
)
def test_an_unsupported_observation_is_named_with_what_is_supported(space):
    with pytest.raises(UnsupportedSpaceError, match=r"not supported; supported are Box, .*: convert it in a wrapper") as refused:
        require_supported(space, Discrete(2))
    assert ("'deep.1'" in str(refused.value)) == isinstance(space, Dict)


@pytest.mark.parametrize(
    ("space", "message"),
    [
        (Box(0, 9, (2,), np.int64), "the action space is Box.* of int64, which is not supported; supported are floating-point Box"),
        (Text(3), "the action space is Text"),
        (Sequence(VECTOR), "the action space is Sequence"),
        (Dict({"a": VECTOR, "b": Tuple([Text(3)])}), "action 'b.0' is Text"),
        (Dict({}), "the action space is .*, which has no parts to choose"),
    ],
)
def test_an_unsupported_action_is_refused(space, message):
    with pytest.raises(UnsupportedSpaceError, match=message):
        require_supported(VECTOR, space)


def test_all_supported_spaces_pass():
    require_supported(NESTED, VECTOR)
    require_supported(MultiDiscrete([2, 3]), Discrete(3, start=-1))
    require_supported(Tuple([VECTOR, NESTED]), Dict({"a": VECTOR, "b": Tuple([MultiBinary(2), MultiDiscrete([2, 3])])}))


def test_kinds_name_every_space_inside():
    assert kinds_in(VECTOR) == {"Box"}
    assert kinds_in(NESTED) == {"Dict", "Box", "MultiBinary", "Discrete"}
    assert kinds_in(Dict({"a": Dict({"b": Discrete(2)})})) == {"Dict", "Discrete"}
    assert kinds_in(Tuple([VECTOR])) == {"Tuple", "Box"}
    assert kinds_in(Dict({"a": Tuple([Dict({"b": Discrete(2)})])})) == {"Dict", "Tuple", "Discrete"}


def test_descriptions_are_short():
    assert describe(Box(-1, 1, (4,))) == "Box(4,)"
    assert describe(Dict({"a": Discrete(2), "b": Box(0, 255, (2, 2), np.uint8)})) == "Dict(a: Discrete(2), b: Box(2, 2) of uint8)"
    assert describe(Tuple([Box(-1, 1, (4,)), Discrete(2)])) == "Tuple(Box(4,), Discrete(2))"
    assert describe(Discrete(3, start=-1)) == "Discrete(3, start=-1)"


def test_room_has_leading_dimensions_and_the_storage_dtype():
    room = allocate(NESTED, 5, 2)
    assert room["at"].shape == (5, 2, 3)
    assert room["at"].dtype == np.float32
    assert room["inner"]["keys"].dtype == np.int8
    assert room["inner"]["image"].shape == (5, 2, 2, 2, 1)
    assert room["inner"]["image"].dtype == np.uint8
    assert room["on"].shape == (5, 2)
    assert room["on"].dtype == np.int64


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64"])
def test_integers_and_booleans_are_stored_in_the_dtype_of_their_space(dtype):
    assert allocate(Box(0, 1, (2,), np.dtype(dtype).type)).dtype == dtype


def test_numbers_of_another_byte_order_are_stored_in_that_of_the_machine():
    assert allocate(Box(0, 1, (2,), np.dtype(">i2"))).dtype == np.dtype("=i2")


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_floats_are_stored_in_single_precision(dtype):
    assert allocate(Box(0, 1, (2,), np.dtype(dtype).type)).dtype == np.float32


def test_counted_values_are_stored_in_the_dtype_of_their_space():
    assert allocate(MultiDiscrete([3, 4])).dtype == np.int64
    assert allocate(MultiDiscrete([3, 4], dtype=np.int16)).dtype == np.int16


def test_writing_fills_one_index_of_every_leaf():
    room = allocate(NESTED, 3)
    NESTED.seed(1)
    observation = NESTED.sample()
    write(room, 1, observation)
    assert np.array_equal(room["inner"]["image"][1], observation["inner"]["image"])
    assert np.array_equal(room["at"][1], observation["at"])
    assert not room["at"][[0, 2]].any()


BOX = {"kind": "Box", "low": 0.0, "high": 1.0, "shape": [2**20], "dtype": "float32"}
"""Bounds of 10 MiB: two numbers of four bytes, and of each whether it is finite."""


def test_by_hand_bounds_are_counted_over_all_parts_of_a_space(monkeypatch):
    part = {**BOX, "shape": [3]}
    monkeypatch.setattr(space_data, "MOST_SPACE_BYTES", 2 * 3 * 2 * 5)
    assert space_from_data({"kind": "Dict", "spaces": {"a": part, "b": part}})["a"].shape == (3,)
    monkeypatch.setattr(space_data, "MOST_SPACE_BYTES", 2 * 3 * 2 * 5 - 1)
    nested = {"kind": "Dict", "spaces": {"c": part}}, {"kind": "Tuple", "spaces": [part]}
    for spaces in ({"a": part, "b": part}, *({"a": part, "b": inner} for inner in nested)):
        with pytest.raises(StoredFileError, match="bounds of more than 59 bytes"):
            space_from_data({"kind": "Dict", "spaces": spaces})


def test_thirty_large_boxes_are_refused_before_any_is_made(monkeypatch):
    monkeypatch.setattr(space_data, "_made", lambda *_: pytest.fail("it was made"))
    with pytest.raises(StoredFileError, match="bounds of more than"):
        space_from_data({"kind": "Dict", "spaces": {str(i): BOX for i in range(30)}})
    with pytest.raises(StoredFileError, match="more than 1000 parts"):
        space_from_data({"kind": "Dict", "spaces": {str(i): {"kind": "Discrete"} for i in range(1000)}})


@pytest.mark.parametrize("shape", [[-1], [-1, -(2**40)], [1.5], ["4"], [True], "44", {"a": 1}, [None]], ids=str)
def test_a_shape_that_is_none_is_refused(shape):
    with pytest.raises(StoredFileError):
        space_from_data({**BOX, "shape": shape})


@pytest.mark.parametrize("dtype", ["V1000000000", "U1000000000", "(1000,1000)f8", "object", "nothing", "M8[s]", ""])
def test_a_dtype_that_no_box_has_is_refused(dtype):
    with pytest.raises(StoredFileError):
        space_from_data({**BOX, "shape": [1000], "dtype": dtype})
