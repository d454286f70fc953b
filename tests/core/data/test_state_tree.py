from __future__ import annotations

import random
from collections import deque
from typing import Any

import numpy as np
import pytest
import torch
from attrs import Factory, define, frozen
from torch import nn

from rlchassis.data.state_restoring import Restoration, plain_value
from rlchassis.data.state_tensors import TensorCapture, TensorRestoration
from rlchassis.data.state_tree import Capture, UncoveredState


@frozen
class Schedule:
    first: float
    last: float


@define(eq=False)
class Part:
    weights: torch.Tensor = Factory(lambda: torch.zeros(3))
    schedule: Schedule = Factory(lambda: Schedule(1.0, 0.0))
    history: list[Any] = Factory(list)
    seen: dict[Any, Any] = Factory(dict)


@define(eq=False)
class Whole:
    one: Part
    other: Part
    generator: torch.Generator = Factory(torch.Generator)


class Counting(nn.Module):
    def __init__(self, eps: float) -> None:
        super().__init__()
        self.layer = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
        self.eps = eps
        self.stream = np.random.default_rng(0)


def stored(value: Any) -> Any:
    return TensorCapture().state_of(value, "it")


def restored(current: Any, state: Any) -> Any:
    return TensorRestoration().value(current, state, "it")


VALUES = [None, True, 3, 2.5, "text", [1, [2]], (1, (2.0, None)), {"a": 1, 3: [4]}, {1, 2}, np.float32(1.5), deque([1, 2])]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_plain_values_are_restored_in_their_type(value):
    again = plain_value(stored(value), "it")
    assert again == value
    assert type(again) is type(value)


@pytest.mark.parametrize("make", [lambda: torch.Generator().manual_seed(3), lambda: np.random.default_rng(3), lambda: random.Random(3)])
def test_generators_go_on_where_they_were(make):
    def draw(generator: Any) -> Any:
        if isinstance(generator, torch.Generator):
            return torch.rand(3, generator=generator).tolist()
        return [generator.random() for _ in range(3)]

    original = make()
    draw(original)
    state, other = stored(original), make()
    assert draw(restored(other, state)) == draw(original)


def test_objects_are_changed_in_place_and_keep_what_they_share():
    shared = Part()
    before, after = Whole(shared, shared), Whole(*[Part()] * 2)
    shared.weights += 2
    shared.history.append(5)
    weights, history = after.one.weights, after.one.history
    assert restored(after, stored(before)) is after
    assert after.one is after.other
    assert (after.one.weights is weights, weights.tolist(), after.one.history is history, history) == (True, [2.0] * 3, True, [5])


def test_a_frozen_object_that_was_replaced_is_replaced_again():
    before, after = Part(schedule=Schedule(0.5, 0.1)), Part()
    default = after.schedule
    restored(after, stored(before))
    assert after.schedule == Schedule(0.5, 0.1)
    assert default == Schedule(1.0, 0.0)


def test_modules_are_restored_with_buffers_generators_and_attributes():
    before, after = Counting(0.3), Counting(1.0)
    before.layer(torch.randn(5, 2))
    before.stream.random(7)
    restored(after, stored(before))
    assert all(torch.equal(value, after.state_dict()[name]) for name, value in before.state_dict().items())
    assert (after.eps, after.stream.random()) == (0.3, before.stream.random())


def test_a_state_does_not_change_with_the_objects_unless_copies_are_left_out():
    part = Part()
    copied, shared = stored(part), TensorCapture(copies=False).state_of(part, "it")
    part.weights += 1
    assert (copied.content["weights"].sum(), shared.content["weights"].sum()) == (0, 3)


class Odd:
    pass


@pytest.mark.parametrize(
    ("value", "path"), [(Odd(), "it"), ({"a": [Odd()]}, r"it\['a'\]\[0\]"), (Part(history=[Odd()]), r"it\.history\[0\]")]
)
def test_an_object_of_unknown_kind_is_refused_with_its_path(value, path):
    with pytest.raises(UncoveredState, match=f"^{path} is of Odd, which is neither"):
        stored(value)


def test_state_of_another_class_is_refused():
    with pytest.raises(UncoveredState, match="it is of Schedule here, with other fields than it was stored with"):
        restored(Schedule(1, 2), stored(Part()))


def test_arrays_are_restored_in_place_where_they_fit():
    current, state = np.zeros(3), Capture().state_of(np.arange(3.0), "it")
    assert restored(current, state) is current
    assert current.tolist() == [0, 1, 2]
    assert restored(np.zeros(5), state).tolist() == [0, 1, 2]


@pytest.mark.parametrize("generator", [np.random.MT19937(1), np.random.Philox(1)])
@pytest.mark.parametrize("position", [-1, 10**8, 2.0])
def test_a_generator_that_would_read_beyond_its_words_is_refused(generator, position):
    state = Capture().state_of(np.random.Generator(generator), "rng")
    holder = state.content if "buffer_pos" in state.content else state.content["state"]
    holder["buffer_pos" if holder is state.content else "pos"] = position
    with pytest.raises(ValueError, match="words, but is at"):
        Restoration().value(np.random.Generator(generator), state, "rng")


@pytest.mark.parametrize("stored", [3, "x", ["list"], {}, np.zeros(2)])
def test_plain_data_never_replaces_an_object_with_a_state(stored):
    with pytest.raises(UncoveredState, match=r"rng is of Generator here, but was of \w+ when it was stored"):
        Restoration().value(np.random.default_rng(0), stored, "rng")


def test_an_array_that_stands_in_several_places_is_one_array_again():
    frame = np.arange(3.0)
    state = Capture().state_of({"frames": deque([frame, frame]), "last": frame}, "seen")
    restored = plain_value(state, "seen")
    assert [each.tolist() for each in restored["frames"]] == [[0.0, 1.0, 2.0]] * 2
    assert restored["frames"][0] is restored["frames"][1] is restored["last"]


def test_a_list_or_dict_of_objects_is_not_restored_from_fewer():
    rngs = [np.random.default_rng(seed) for seed in range(2)]
    fewer = [Capture().state_of(rngs[0], "rng")]
    with pytest.raises(UncoveredState, match="rngs has other parts here than it was stored with"):
        Restoration().value(list(rngs), fewer, "rngs")
    with pytest.raises(UncoveredState, match="rngs has other parts here than it was stored with"):
        Restoration().value(dict(enumerate(rngs)), {0: fewer[0]}, "rngs")


def test_arrays_of_an_object_that_makes_room_keep_shape_and_dtype():
    @define
    class Room:
        cells: Any

        def make_room(self, fields: Any) -> None:
            self.cells = np.zeros(3)

    for cells in (np.zeros(4), np.zeros(3, np.float32)):
        state = Capture().state_of(Room(cells), "room")
        with pytest.raises(UncoveredState, match=r"room.cells is float64 \(3,\) here, but was float"):
            Restoration().value(Room(None), state, "room")
