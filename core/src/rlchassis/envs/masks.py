"""Action masks: which actions an environment allows. A mask is a part of the observation; mask_sources.py finds where it comes from."""

from __future__ import annotations

import inspect
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from gymnasium.spaces import Dict, Discrete, MultiBinary
from numpy.random import Generator

from rlchassis.data.action_layout import ACTION_MASK, OBSERVATION, ActionLayout
from rlchassis.envs.spaces import AnySpace, Array, describe
from rlchassis.errors import UnsupportedSpaceError

_DICT_SORTS = "sort_keys" in inspect.signature(Dict).parameters
"""Whether gymnasium would sort the keys by default; before 1.2 it kept the order of an OrderedDict anyway."""


class ActionMask(MultiBinary):
    """Space of action masks: 1 for each allowed choice, at least one for each part of an action; the parts follow one another."""

    def __init__(self, sizes: Sequence[int]) -> None:
        super().__init__(sum(sizes))
        self.sizes = tuple(sizes)
        self.starts = [sum(sizes[:part]) for part in range(len(sizes))]

    def __repr__(self) -> str:
        """As messages show it: ActionMask(3)."""
        return f"ActionMask({', '.join(map(str, self.sizes))})"

    @property
    def parts(self) -> list[tuple[int, int]]:
        """Start and size of each part."""
        return list(zip(self.starts, self.sizes, strict=True))

    def best(self, masks: Array) -> Array:
        """The highest number of each part of masks […, ΣK], […, M]: 0 where nothing is allowed."""
        best: Array = masks.max(-1, keepdims=True) if len(self.sizes) == 1 else np.maximum.reduceat(masks, self.starts, -1)
        return best


def dict_space(parts: Mapping[Any, AnySpace]) -> Dict:
    """A Dict space that keeps the order of its parts."""
    ordered = OrderedDict(parts)
    return Dict(ordered, sort_keys=False) if _DICT_SORTS else Dict(ordered)


def part_sizes(action_space: AnySpace) -> tuple[int, ...]:
    """Number of choices of each discrete part of an action, to which masks apply; empty where there is none."""
    return ActionLayout.of(action_space).sizes


def marked(observation_space: AnySpace, action_space: AnySpace) -> AnySpace:
    """The observation space with an ActionMask under its key "action_mask", where it has one and the actions are discrete.

    UnsupportedSpaceError where the key has another size than the actions, or nothing besides.
    """
    sizes = () if is_masked(observation_space) else part_sizes(action_space)
    if not (sizes and isinstance(observation_space, Dict) and ACTION_MASK in observation_space.spaces):
        return observation_space
    given = observation_space.spaces[ACTION_MASK]
    if given.shape != (sum(sizes),):
        raise UnsupportedSpaceError(
            f"observation {ACTION_MASK!r} is {describe(given)}, expected one entry for each action, MultiBinary({sum(sizes)}), since the "
            f"action space is {describe(action_space)}; give it that size, or another name if it is no action mask"
        )
    if len(observation_space.spaces) == 1:
        raise UnsupportedSpaceError(f"the observation space is {describe(observation_space)}, which has no parts besides the action mask")
    return dict_space({**observation_space.spaces, ACTION_MASK: ActionMask(sizes)})


def is_masked(observation_space: AnySpace) -> bool:
    """Whether observations of this space of a run hold an action mask."""
    return isinstance(observation_space, Dict) and isinstance(observation_space.spaces.get(ACTION_MASK), ActionMask)


def without_mask(observation_space: AnySpace) -> AnySpace:
    """The space of what split_mask leaves; spaces without an action mask are returned unchanged."""
    if not (isinstance(observation_space, Dict) and is_masked(observation_space)):
        return observation_space
    rest = {key: part for key, part in observation_space.spaces.items() if key != ACTION_MASK}
    return rest[OBSERVATION] if rest.keys() == {OBSERVATION} else dict_space(rest)


def split_mask(obs: Any) -> tuple[Any, Any]:
    """Split observations of a masked space into the rest, and the mask [B, K]; a single part "observation" stands for itself."""
    rest = {key: part for key, part in obs.items() if key != ACTION_MASK}
    return rest[OBSERVATION] if rest.keys() == {OBSERVATION} else rest, obs[ACTION_MASK]


def join_mask(rest: Any, mask: Any) -> dict[str, Any]:
    """Observations of a masked space from one part, or the space itself from those of its parts; split_mask takes them apart."""
    return {OBSERVATION: rest, ACTION_MASK: mask}


def random_allowed(action_space: AnySpace, mask: Array, generator: Generator) -> Array:
    """Uniformly random allowed choices from masks [N, K]: [N] for Discrete actions, else one for each discrete part, [N, M]."""
    drawn = (1.0 - generator.random(mask.shape)) * mask  # in (0, 1] where allowed
    parts = np.split(drawn, ActionMask(part_sizes(action_space)).starts[1:], axis=-1)
    choices: Array = np.stack([part.argmax(-1) for part in parts], -1)
    return choices[:, 0] if isinstance(action_space, Discrete) else choices


def allow_all_at_ends(observation_space: AnySpace, observations: Any, rows: Sequence[int]) -> None:
    """Final observations [N, …] that allow nothing, in rows where an episode terminated, allow everything: no action follows them."""
    if isinstance(observation_space, Dict) and is_masked(observation_space):
        space: Any = observation_space.spaces[ACTION_MASK]
        masks = observations[ACTION_MASK]
        masks[[row for row in rows if not space.best(masks[row]).all()]] = 1
