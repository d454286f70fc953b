"""Values that are read from the `info` of each step: columns by their spaces, and numbers for metrics."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NoReturn

import numpy as np
from attrs import define, field, frozen
from gymnasium.spaces import Box, Discrete, MultiBinary, MultiDiscrete
from numpy.typing import NDArray

from rlchassis.config.info_metrics import InfoMetric
from rlchassis.envs.observations import Leaf
from rlchassis.envs.spaces import AnySpace, Array, describe, storage_dtype
from rlchassis.envs.step_checks import STEP_ANSWER, UnfitAnswer, as_array, as_flag, require_form, shown
from rlchassis.errors import UsageError
from rlchassis.registry.wording import did_you_mean, listed, printable, quoted

MISSING = object()


@frozen
class InfoKeys:
    """What is read: columns, which every `info` must have, and metrics, which some of an episode must have."""

    columns: Mapping[str, AnySpace] = field(factory=dict)
    metrics: tuple[InfoMetric, ...] = ()

    def __attrs_post_init__(self) -> None:
        """UsageError for a column of a space whose values are no arrays."""
        for key, space in self.columns.items():
            if not isinstance(space, Box | Discrete | MultiBinary | MultiDiscrete):
                raise UsageError(
                    f"info_columns declares {quoted(key)} as {describe(space)}, expected Box, Discrete, MultiBinary or MultiDiscrete."
                )


@define(eq=False)
class InfoArrays:
    """What was read in the last step, of N environments."""

    metrics: tuple[InfoMetric, ...]
    columns: dict[str, Array]
    """[N, …] by key."""
    numbers: NDArray[np.float64]
    """[K, N], a row per metric; NaN where the `info` of the step lacks it."""

    @classmethod
    def allocate(cls, keys: InfoKeys, num_envs: int, new: Any = np.zeros) -> InfoArrays:
        """Room made by `new(shape, dtype)`."""
        columns = {key: new((num_envs, *(space.shape or ())), storage_dtype(space)) for key, space in keys.columns.items()}
        return cls(keys.metrics, columns, new((len(keys.metrics), num_envs), np.dtype(np.float64)))

    @staticmethod
    def sizes(keys: InfoKeys, num_envs: int) -> list[int]:
        """Bytes of each array that allocate asks for."""
        columns = [num_envs * math.prod(space.shape or ()) * storage_dtype(space).itemsize for space in keys.columns.values()]
        return [*columns, 8 * len(keys.metrics) * num_envs]

    def part(self, span: slice) -> InfoArrays:
        """Those of some environments, in the same memory."""
        return InfoArrays(self.metrics, {key: array[span] for key, array in self.columns.items()}, self.numbers[:, span])


@frozen
class InfoLeaf(Leaf):
    """A column as messages name it."""

    @property
    def name(self) -> str:
        """See Leaf."""
        return f"info {printable(self.path)!r}"


@define(eq=False)
class Occurrences:
    """Which metrics have occurred in the episode of each environment."""

    metrics: tuple[InfoMetric, ...]
    num_envs: int
    seen: NDArray[np.bool_] = field(init=False)
    """[K, N]"""

    def __attrs_post_init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """New episodes begin in all environments."""
        self.seen = np.zeros((len(self.metrics), self.num_envs), np.bool_)

    def add(self, rows: Any, numbers: NDArray[np.float64]) -> None:
        """Numbers of these environments, NaN where there is none."""
        self.seen[:, rows] |= ~np.isnan(numbers)

    def end(self, row: int, there: Iterable[str]) -> None:
        """An episode ended, in whose last `info` are these keys; UnfitAnswer if a metric never occurred in it."""
        seen = self.seen[:, row].tolist()
        if not all(seen):
            key = self.metrics[seen.index(False)].key
            raise UnfitAnswer(f"ended an episode in which no info has {quoted(key)}, which info_metrics names{_hint(key, there)}", row)
        self.seen[:, row] = False


@define(eq=False)
class InfoReader:
    """Reads the `info` of single environments into arrays."""

    _keys: InfoKeys
    _arrays: InfoArrays
    occurrences: Occurrences = field(init=False)
    _leaves: dict[str, InfoLeaf] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.occurrences = Occurrences(self._keys.metrics, self._arrays.numbers.shape[1])
        self._leaves = leaves_by_key(self._keys)

    def begin(self) -> None:
        """New episodes begin in all environments."""
        self.occurrences.begin()

    def step(self, index: int, env_step: Callable[[Any], Any], action: Any) -> Any:
        """Step an environment and read its `info`; returns what it answered."""
        answer = env_step(action)
        require_form(answer, STEP_ANSWER)
        _, _, terminated, truncated, info = answer
        for key, leaf in self._leaves.items():
            self._arrays.columns[key][index] = leaf.fitted(info[key] if key in info else require_column(key, info))
        if self._keys.metrics:
            self._arrays.numbers[:, index] = numbers = np.array([_number(info, metric.key, index) for metric in self._keys.metrics])
            self.occurrences.add(index, numbers)
            if as_flag(terminated, "terminated") or as_flag(truncated, "truncated"):
                self.occurrences.end(index, info)
        return answer


def leaves_by_key(keys: InfoKeys) -> dict[str, InfoLeaf]:
    """The check of each column."""
    return {key: InfoLeaf(space, key) for key, space in keys.columns.items()}


def require_column(key: str, there: Iterable[str], row: int | None = None) -> NoReturn:
    """UnfitAnswer for an `info` without a column."""
    raise UnfitAnswer(f"answered an info without {quoted(key)}, which the algorithm needs of every step{_hint(key, there)}", row)


def as_numbers(values: Any, key: str, rows: Sequence[int]) -> Array:
    """Finite numbers, one per row; UnfitAnswer for anything else."""
    array = as_array(values)
    if array is None or array.size != len(rows):
        row = rows[0] if len(rows) == 1 else None
        raise UnfitAnswer(f"answered {shown(values)} as info {printable(key)!r}, expected a number, since info_metrics names it", row)
    for place in np.flatnonzero(~np.isfinite(array)).tolist():
        got = array.ravel()[place]
        raise UnfitAnswer(f"answered {got} as info {printable(key)!r}, expected a finite number", rows[place])
    return array.reshape(-1)


def _number(info: Mapping[str, Any], key: str, index: int) -> float:
    value = info.get(key, MISSING)
    if value is MISSING:
        return math.nan
    return float(value if type(value) in (bool, int, float) and math.isfinite(value) else as_numbers(value, key, [index])[0])


def _hint(key: str, there: Iterable[str]) -> str:
    keys = [str(each) for each in there if not str(each).startswith("_")]
    hint = did_you_mean(key, keys).strip()
    return f" (d{hint[1:]})" if hint else f" (its keys: {printable(listed(keys))})"
