"""Values that are read from the infos of a natively vectorized environment: arrays by key, and masks by "_key" of who has one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from attrs import define, field
from numpy.typing import NDArray

from rlchassis.envs.infos import InfoArrays, InfoKeys, InfoLeaf, Occurrences, as_numbers, leaves_by_key, require_column
from rlchassis.envs.spaces import Array
from rlchassis.envs.step_checks import UnfitAnswer, shown

FINAL = "final_info"
"""Where a step that ends an episode and begins the next leaves what belongs to the old one."""


@define(eq=False)
class NativeInfos:
    """Reads infos into arrays; raises UnfitAnswer for what cannot be, with the row where one environment is to blame."""

    _keys: InfoKeys
    _arrays: InfoArrays
    _same_step: bool
    """Whether environments are reset in the step that ends their episode."""
    _num_envs: int = field(init=False)
    _occurrences: Occurrences = field(init=False)
    _leaves: dict[str, InfoLeaf] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._num_envs = self._arrays.numbers.shape[1]
        self._occurrences = Occurrences(self._keys.metrics, self._num_envs)
        self._leaves = leaves_by_key(self._keys)

    def begin(self) -> None:
        """New episodes begin in all environments."""
        self._occurrences.begin()

    def read(self, infos: Mapping[str, Any], valid: NDArray[np.bool_], ended: NDArray[np.bool_]) -> None:
        """Read one step; rows that are not valid, which were reset instead, have no columns and no numbers."""
        self._arrays.numbers[:] = math.nan
        if not valid.any():
            return
        for key, leaf in self._leaves.items():
            values, present = self._of_step(infos, key, ended)
            for row in np.flatnonzero(valid & ~present).tolist():
                require_column(key, infos, row)
            rows = np.flatnonzero(valid)
            try:
                self._arrays.columns[key][rows] = leaf.fitted(_plain(values[rows]), (len(rows),))
            except UnfitAnswer as error:
                raise UnfitAnswer(str(error), None if error.row is None else int(rows[error.row])) from error
        for number, metric in enumerate(self._keys.metrics):
            values, present = self._of_step(infos, metric.key, ended)
            rows = np.flatnonzero(valid & present)
            self._arrays.numbers[number, rows] = self._numbers(values[rows], metric.key, rows.tolist())
        self._occurrences.add(slice(None), self._arrays.numbers)
        for row in np.flatnonzero(valid & ended).tolist():
            self._occurrences.end(row, {**infos, **(infos[FINAL] if self._has_final(infos) else {})})

    @staticmethod
    def _numbers(values: Array, key: str, rows: list[int]) -> Array:
        if values.dtype != object:
            return as_numbers(values, key, rows)
        return np.array([as_numbers(value, key, [row])[0] for value, row in zip(values, rows, strict=True)], np.float64)

    def _of_step(self, infos: Mapping[str, Any], key: str, ended: NDArray[np.bool_]) -> tuple[Array, NDArray[np.bool_]]:
        """Values [N, …] under a key, and which environments have one; where an episode ended, those of its last step."""
        values, present = self._of(infos, key)
        if not (self._has_final(infos) and ended.any()):
            return values, present
        last, has = self._of(infos[FINAL], key)
        if not has.any():
            return values, present & ~ended
        beside = ended.reshape(-1, *[1] * (last.ndim - 1))
        return np.where(beside, last, values) if present.any() else last, np.where(ended, has, present)

    def _of(self, infos: Mapping[str, Any], key: str) -> tuple[Array, NDArray[np.bool_]]:
        if key not in infos:
            return np.zeros(self._num_envs), np.zeros(self._num_envs, np.bool_)
        values = np.asarray(infos[key])
        if values.shape[:1] != (self._num_envs,):
            raise UnfitAnswer(f"answered {shown(infos[key])} as info {key!r}, expected a value for each of {self._num_envs} environments")
        return values, np.asarray(infos.get(f"_{key}", np.ones(self._num_envs, np.bool_)), np.bool_)

    def _has_final(self, infos: Mapping[str, Any]) -> bool:
        return self._same_step and isinstance(infos.get(FINAL), Mapping)


def _plain(values: Array) -> Any:
    """Objects, such as numpy's booleans, as what they are."""
    return values.tolist() if values.dtype == object else values
