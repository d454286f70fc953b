"""Small random spaces of observations and actions, the same for the same generator."""

from __future__ import annotations

from typing import Any

import numpy as np
from attrs import field, frozen
from gymnasium.spaces import Box, Dict, Discrete, Graph, MultiBinary, MultiDiscrete, OneOf, Sequence, Space, Text, Tuple
from numpy.random import Generator

from rlchassis.api import ActionLayout

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


@frozen
class Case:
    """Spaces of an environment."""

    observation_space: Space[Any] = field(eq=False)
    action_space: Space[Any] = field(eq=False)

    def __str__(self) -> str:
        return " → ".join(" ".join(str(space).split()) for space in (self.observation_space, self.action_space))


def pairs_of(observations: list[str], actions: list[str]) -> list[tuple[str, str]]:
    """Every pair, in an order in which the first ones have each kind of the longer list once."""
    if len(observations) < len(actions):
        return [(seen, chosen) for chosen, seen in pairs_of(actions, observations)]
    count = len(actions)
    return [(seen, actions[(i + shift) % count]) for shift in range(count) for i, seen in enumerate(observations)]


def random_case(kinds: tuple[str, str], observations: list[str], actions: list[str], generator: Generator) -> Case:
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
