"""Random spaces of every kind that an algorithm's manifest declares, a short run in each, and refusals of all other kinds."""

from __future__ import annotations

import math
import os
import tomllib
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from attrs import field, frozen
from gymnasium.spaces import Box, Dict, Discrete, Graph, MultiBinary, MultiDiscrete, OneOf, Sequence, Space, Text, Tuple
from numpy.random import Generator

from rlchassis.api import (
    ActionLayout,
    ExperimentBuilder,
    ExperimentConfig,
    OnPolicyTrainer,
    SamplingConfig,
    UnsupportedSpaceError,
    World,
    hookimpl,
)
from rlchassis_testkit.any_spaces import AnySpaces
from rlchassis_testkit.tiny_runs import weights_of
from rlchassis_toolkit import IntermediateModuleFactoryDefault

Builder = type[ExperimentBuilder[Any]]
VECTOR = Box(-1.0, 1.0, (2,))
KINDS: dict[str, Space[Any]] = {
    "Box": VECTOR,
    "Dict": Dict({"a": Discrete(2)}),
    "Discrete": Discrete(2),
    "Graph": Graph(VECTOR, None),
    "MultiBinary": MultiBinary(2),
    "MultiDiscrete": MultiDiscrete([2, 3]),
    "OneOf": OneOf([VECTOR, Discrete(2)]),
    "Sequence": Sequence(VECTOR),
    "Text": Text(3),
    "Tuple": Tuple([Discrete(2)]),
}
"""A space of each kind that a manifest can declare."""
MOST_JOINT_ACTIONS = 100
CASES, VARIABLE = 20, "RLCHASSIS_TESTKIT_CASES"
"""Default number of random cases, and the environment variable that sets another."""
SMALL_NETWORKS: dict[str, Any] = {
    "with_actor_factory_default": (8,),
    "with_critic_factory_default": (8,),
    "with_common_critic_factory_default": (8,),
    "with_critic_ensemble_factory_default": (8,),
    "with_model_factory_default": (8,),
    "with_preprocess_network_factory": IntermediateModuleFactoryDefault((8,)),
}
"""Methods of builders that set networks, with sizes of hidden layers or what has them."""


@frozen
class Case:
    """Spaces of an environment."""

    observation_space: Space[Any] = field(eq=False)
    action_space: Space[Any] = field(eq=False)

    def __str__(self) -> str:
        return " → ".join(" ".join(str(space).split()) for space in (self.observation_space, self.action_space))


def declared_cases(builder: Builder, number: int | None = None, seed: int = 0) -> list[Case]:
    """Seeded random spaces, with parts of declared kinds: every kind of observations and of actions first, then every pair of them.

    number: of cases; default: that of the environment variable RLCHASSIS_TESTKIT_CASES, else 20
    """
    observations, actions = declared(builder)
    generator, pairs = np.random.default_rng(seed), _pairs(observations, actions)
    count = int(os.environ.get(VARIABLE, CASES)) if number is None else number
    return [_random_case(pairs[i % len(pairs)], observations, actions, generator) for i in range(count)]


def undeclared_cases(builder: Builder) -> list[Case]:
    """Spaces of every kind that the manifest does not declare: for observations and for actions, alone and within a declared Dict."""
    observations, actions = declared(builder)
    seen, chosen = KINDS[observations[0]], KINDS[actions[0]]
    return [
        *(Case(space, chosen) for space in _undeclared(observations)),
        *(Case(seen, space) for space in _undeclared(actions)),
    ]


def declared(builder: Builder) -> tuple[list[str], list[str]]:
    """Kinds of observation spaces and of action spaces that the manifest of the builder's package declares."""
    manifest = tomllib.loads((files(builder.__module__.partition(".")[0]) / "rlchassis.toml").read_text("utf-8"))
    (facts,) = manifest["algorithm"].values()
    return facts["observation_spaces"], facts["action_spaces"]


def assert_learns(builder: Builder, case: Case) -> None:
    """Assert that a run in the spaces warms up, explores and updates, and that metrics and weights are finite.

    An action that is not in its space, or an observation that networks do not take, fails the run.
    """
    rows = Rows()
    world: World = _small(builder, case).build().run(observers=[rows]).world
    assert world.state.updates > 0
    assert rows.seen, "no metrics were logged"
    assert [name for row in rows.seen for name, value in row.items() if not math.isfinite(value)] == []
    assert weights_of(world.policy).isfinite().all()


def assert_refuses(builder: Builder, case: Case) -> None:
    """Assert that the spaces are refused in one sentence, before the first reset."""
    envs: list[AnySpaces] = []
    with pytest.raises(UnsupportedSpaceError) as refused:
        _small(builder, case, envs).build().run()
    assert "\n" not in str(refused.value)
    assert all(env.episode == 0 for env in envs)


class Rows:
    """Observer that keeps the metrics of every logged row."""

    def __init__(self) -> None:
        self.seen: list[dict[str, float]] = []

    @hookimpl
    def rlchassis_metrics(self, world: World, metrics: dict[str, float], step: int) -> None:
        """Keep the row."""
        self.seen.append(metrics)


def _small(builder: Builder, case: Case, envs: list[AnySpaces] | None = None) -> ExperimentBuilder[Any]:
    """A builder of a run of eight steps of two environments with networks of a few units; `envs` collects the environments."""

    def make() -> gym.Env[Any, Any]:
        env = AnySpaces(case.observation_space, case.action_space, length=3)
        if envs is not None:
            envs.append(env)
        return env

    sampling: dict[str, Any] = {"num_epochs": 1, "step_per_epoch": 8, "step_per_collect": 8, "num_train_envs": 2, "num_test_envs": 0}
    if issubclass(builder.agent_class.trainer_class, OnPolicyTrainer):
        sampling |= {"repeat_per_collect": 1, "batch_size": 8}
    else:
        sampling |= {"start_timesteps": 4, "start_timesteps_random": True, "update_per_step": 0.5, "batch_size": 4, "step_per_collect": 2}
    made = builder(make, ExperimentConfig(watch=False, persistence_enabled=False), SamplingConfig(**sampling))
    for name, network in SMALL_NETWORKS.items():
        if hasattr(builder, name):
            getattr(made, name)(network)
    return made


def _pairs(observations: list[str], actions: list[str]) -> list[tuple[str, str]]:
    """Every pair, in an order in which the first ones have each kind of the longer list once."""
    if len(observations) < len(actions):
        return [(seen, chosen) for chosen, seen in _pairs(actions, observations)]
    count = len(actions)
    return [(seen, actions[(i + shift) % count]) for shift in range(count) for i, seen in enumerate(observations)]


def _undeclared(kinds: list[str]) -> Iterator[Space[Any]]:
    for kind, space in KINDS.items():
        if kind not in kinds:
            yield space
            if "Dict" in kinds:
                yield Dict({"declared": KINDS[kinds[0]], "undeclared": space})


def _random_case(kinds: tuple[str, str], observations: list[str], actions: list[str], generator: Generator) -> Case:
    """Observations and actions of two kinds; actions are drawn again where their joint choices are many."""
    seen, chosen = kinds
    while True:
        action_space = random_space(chosen, actions, generator, is_action=True)
        if ActionLayout.of(action_space).joint_size <= MOST_JOINT_ACTIONS:
            return Case(random_space(seen, observations, generator), action_space)


def random_space(kind: str, kinds: list[str], generator: Generator, *, is_action: bool = False, depth: int = 0) -> Space[Any]:
    """A small random space of a kind; Dict and Tuple have parts of the given kinds, nested once at most."""
    inner = [name for name in kinds if name in KINDS and (depth == 0 or name not in ("Dict", "Tuple"))]

    def part() -> Space[Any]:
        return random_space(_one_of(generator, *inner), kinds, generator, is_action=is_action, depth=depth + 1)

    shape = tuple(generator.integers(1, 3, size=generator.integers(1, 3)).tolist())
    match kind:
        case "Discrete":
            dtype = _one_of(generator, np.int64, np.int32, np.int8)
            return Discrete(int(generator.integers(1, 5)), start=int(generator.integers(-3, 4)), dtype=dtype)
        case "MultiDiscrete":
            dtype = _one_of(generator, np.int64, np.int16, np.int8)
            return MultiDiscrete(generator.integers(1, 4, shape), dtype, start=generator.integers(-3, 4, shape))
        case "MultiBinary":
            return MultiBinary(shape if generator.random() < 0.5 else int(generator.integers(1, 4)))
        case "Dict":
            return Dict({f"part {i}": part() for i in range(generator.integers(1, 4))})
        case "Tuple":
            return Tuple([part() for _ in range(generator.integers(1, 4))])
    return _random_box(generator, is_action=is_action)


def _random_box(generator: Generator, *, is_action: bool) -> Box:
    """Floats with zero to two axes and any bounds or, for observations, whole numbers, booleans or a small image."""
    form = 0.0 if is_action else generator.random()
    if form > 0.95:
        return Box(0, 255, (6, 6, 3), np.uint8)
    shape = tuple(generator.integers(1, 3, size=generator.integers(0, 3)).tolist())
    low = np.asarray(generator.integers(-3, 1, shape))
    high = low + generator.integers(1, 5, shape)
    if form > 0.6:
        dtype = _one_of(generator, np.uint8, np.int16, np.int64, np.bool_)
        lowest, highest = (0, 1) if dtype is np.bool_ else (0 if dtype is np.uint8 else -3, 5)
        return Box(low.clip(lowest), high.clip(1, highest), shape, dtype)
    dtype = _one_of(generator, np.float16, np.float32, np.float64)
    below, above = (np.where(generator.random(shape) < 0.3, side * np.inf, bound) for side, bound in ((-1, low), (1, high)))
    return Box(np.asarray(below, dtype), np.asarray(above, dtype), shape, dtype)


def _one_of(generator: Generator, *values: Any) -> Any:
    return values[generator.integers(len(values))]
