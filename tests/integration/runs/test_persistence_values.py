"""Values of every kind become plain data and come back equal."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from enum import IntEnum
from pathlib import Path, PurePath
from typing import TypeVar

import attrs
import numpy as np
import pytest
import torch

from rlchassis.api import LoggerFactory
from rlchassis.config.config_part import ConfigPart
from rlchassis.experiment import (
    LoggerFactoryDefault,
    Mode,
)
from rlchassis.storage.spec.contents import foreign_names, used_plugins
from rlchassis.storage.spec.decoding import from_data
from rlchassis.storage.spec.encoding import to_data


@pytest.mark.parametrize("value", [np.float32(0.5), np.int64(3), np.bool_(True), Mode.POLICY, np.float64(2.0)], ids=repr)
def test_data_holds_nothing_but_what_json_knows(value):
    assert type(to_data(value)) in (bool, int, float, str)


def test_every_recipe_part_of_the_house_is_registered():
    import rlchassis.experiment  # noqa: F401  it registers every recipe part
    from rlchassis.config.config_part import ConfigPart
    from rlchassis.registry import name_of

    def below(cls):
        return {cls}.union(*map(below, cls.__subclasses__()))

    ours = [cls for cls in below(ConfigPart) if cls.__module__.startswith("rlchassis") and not getattr(cls, "__abstractmethods__", None)]
    handed_on = {"OptimizerWhenNeeded"}  # made for wrappers while a policy is built; no recipe holds it
    translated = ("rlchassis_testkit", "rlchassis_tianshou")  # of tests, or turned into registered parts before an experiment is made
    stored = [cls for cls in ours if not cls.__module__.startswith(translated) and cls is not ConfigPart]
    named = [cls for cls in stored if cls.__name__ not in handed_on]
    assert [cls.__name__ for cls in named if name_of(cls) is None] == []
    assert len(named) > 10


@attrs.frozen
class HalfTyped(LoggerFactory):
    size: OnlyForTypeCheckers = (1, 2)  # noqa: F821  that it does not exist is the point

    def create_logger(self, log_dir, experiment_name, run_id, config_dict):
        raise NotImplementedError


def test_a_class_whose_annotations_exist_only_for_type_checkers_can_be_stored_and_restored():
    assert to_data(HalfTyped())["options"] == {"size": {"tuple": [1, 2]}}
    assert from_data(to_data(HalfTyped((3,))), LoggerFactory, [HalfTyped]) == HalfTyped((3,))


class Level(IntEnum):
    HIGH = 2


Whatever = TypeVar("Whatever")


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (type, HalfTyped),
        (type | None, torch.nn.Tanh),
        (type[LoggerFactory], LoggerFactoryDefault),
        (tuple[type, ...], (HalfTyped, torch.nn.ReLU)),
        (dict[str, type], {"one": HalfTyped}),
        (dict[str, object], {"one": HalfTyped, "two": (1, [2])}),
        (dict, {"one": (1, 2)}),
        (Callable, HalfTyped),
        (object, (1, 2)),
        (Whatever, 3),
        (Iterable[int], [1, 2]),
        (np.float32, np.float32(0.5)),
        (PurePath, Path("a")),
        (Level, Level.HIGH),
    ],
    ids=str,
)
def test_a_value_comes_back_whatever_its_field_is_annotated_with(annotation, value):
    made = attrs.make_class("Made", {"field": attrs.field(type=annotation)}, bases=(ConfigPart,), frozen=True)
    data = json.loads(json.dumps(to_data(made(value)), allow_nan=False))
    assert from_data(data, ConfigPart, [made, HalfTyped]).field == value


def test_a_registered_class_needs_no_leave_to_be_read_and_is_listed_as_used():
    made = attrs.make_class("Made", {"field": attrs.field(type=type)}, bases=(ConfigPart,), frozen=True)
    data = to_data(made(LoggerFactoryDefault))
    assert data["options"] == {"field": {"object": "logger/default"}}
    assert foreign_names(data) == [data["class"]]
    assert used_plugins(data) == [("logger", "default")]
