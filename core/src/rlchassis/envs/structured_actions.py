"""Mapping of action rows to structured environment actions: arrays for MultiDiscrete and MultiBinary, dicts and tuples of parts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NoReturn

import numpy as np
from attrs import define, field
from gymnasium.spaces import Box, Dict, Discrete, MultiDiscrete, Tuple
from numpy.random import Generator

from rlchassis.data.action_layout import ActionLayout, leaves, sizes_of
from rlchassis.envs.spaces import AnySpace, Array
from rlchassis.errors import ActionFailure


@define(eq=False)
class StructuredActions:
    """Maps rows of an ActionLayout to environment actions, or joint indices [N] where all parts are discrete.

    A joint index counts the choices with the last part fastest. ActionFailure for rows of another shape or dtype, and for indices that
    a part does not have.
    """

    space: AnySpace
    boxes: dict[str, Any]
    """The ActionMap of each Box, by its path."""
    layout: ActionLayout = field(init=False)
    _sizes: Array = field(init=False)
    _columns: list[tuple[AnySpace, str, slice]] = field(init=False, factory=list)
    """Each leaf with its path and the columns that it reads."""

    def __attrs_post_init__(self) -> None:
        self.layout = ActionLayout.of(self.space)
        self._sizes = np.array(self.layout.sizes, np.int64)
        discrete, continuous = 0, len(self._sizes)
        for path, leaf in leaves(self.space):
            if isinstance(leaf, Box):
                start, continuous = continuous, continuous + int(np.prod(leaf.shape))
                self._columns.append((leaf, path, slice(start, continuous)))
            else:
                start, discrete = discrete, discrete + len(sizes_of(leaf))
                self._columns.append((leaf, path, slice(start, discrete)))

    def to_env(self, actions: Array) -> Any:
        """Environment actions: arrays [N, …] in the structure of the space."""
        rows = self._unravelled(actions) if actions.ndim == 1 and self.layout.is_discrete else actions
        self._require_rows(rows)
        parts = iter([self._part(rows[:, columns], leaf, path) for leaf, path, columns in self._columns])
        return _assembled(self.space, parts)

    def random(self, n: int, generator: Generator) -> Array:
        """Random rows: uniform choices of the discrete parts, and of the others what their ActionMap draws."""
        choices = generator.integers(self._sizes, size=(n, len(self._sizes)))
        if self.layout.is_discrete:
            return choices
        drawn = [box.random(n, generator).reshape(n, -1) for box in self.boxes.values()]
        return np.concatenate([choices.astype(np.float32), *drawn], 1)

    def _part(self, rows: Array, leaf: AnySpace, path: str) -> Array:
        if isinstance(leaf, Box):
            return self.boxes[path].to_env(rows)  # type: ignore[no-any-return]  # an ActionMap, whose module imports this one
        start = leaf.start if isinstance(leaf, Discrete | MultiDiscrete) else 0
        chosen: Array = rows.astype(np.int64).reshape(len(rows), *(leaf.shape or ()))
        return (chosen + start).astype(leaf.dtype)

    def _unravelled(self, actions: Array) -> Array:
        count = self.layout.joint_size
        if actions.dtype.kind not in "iu":
            self._refuse_form(actions)
        wrong = (actions < 0) | (actions >= count)
        if wrong.any():
            row = int(np.argmax(wrong))
            raise ActionFailure(
                f"the policy chose {actions[row]} in row {row} of its actions, expected a joint index from 0 to {count - 1}"
            )
        return np.stack(np.unravel_index(actions, self.layout.sizes), 1)

    def _require_rows(self, rows: Array) -> None:
        if rows.ndim != 2 or rows.shape[1] != len(self._sizes) + self.layout.num_continuous:
            self._refuse_form(rows)
        if rows.dtype.kind not in ("iu" if self.layout.is_discrete else "f"):
            self._refuse_form(rows)
        choices = rows[:, : len(self._sizes)]
        fits = (choices >= 0) & (choices < self._sizes)
        if not self.layout.is_discrete:
            fits &= choices == np.floor(choices)
        if not fits.all():
            row, part = map(int, np.argwhere(~fits)[0])
            got = f"the policy chose {choices[row, part]} for discrete part {part} in row {row} of its actions"
            raise ActionFailure(f"{got}, expected an integer from 0 to {self._sizes[part] - 1}")

    def _refuse_form(self, actions: Array) -> NoReturn:
        width, kind = len(self._sizes) + self.layout.num_continuous, "integers" if self.layout.is_discrete else "floats"
        got = f"actions of shape {actions.shape} and dtype {actions.dtype}"
        raise ActionFailure(f"the policy chose {got}, expected {width} {kind} for each environment")


def _assembled(space: AnySpace, parts: Iterator[Array]) -> Any:
    """The leaves in the structure of the space."""
    if isinstance(space, Dict):
        return {key: _assembled(inner, parts) for key, inner in space.spaces.items()}
    if isinstance(space, Tuple):
        return tuple(_assembled(inner, parts) for inner in space.spaces)
    return next(parts)
