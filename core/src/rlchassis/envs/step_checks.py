"""Checks of what `step` and `reset` of environments return, except observations: number of values, rewards, flags."""

from __future__ import annotations

from collections.abc import Mapping
from traceback import walk_tb
from typing import Any

import gymnasium as gym
import numpy as np

from rlchassis.envs.spaces import Array
from rlchassis.errors import text_of

STEP_ANSWER = "(observation, reward, terminated, truncated, info)"
RESET_ANSWER = "(observation, info)"
ANSWERS = {"step": STEP_ANSWER, "reset": RESET_ANSWER}
THOROUGH_STEPS = 100
"""Number of steps of each environment with complete checks."""
LONGEST_NUMBER = 200
"""Maximum size of integers shown in messages, in bits."""


class UnfitAnswer(ValueError):  # noqa: N818  it becomes an EnvironmentFailure once the environment is known
    """Return value that violates gymnasium's interface or the declared space; the message continues "environment 0 …"."""

    def __init__(self, text: str, row: int | None = None) -> None:
        super().__init__(text)
        self.row = row
        """Index of the environment, if several were checked."""


def as_rewards(rewards: Any, shape: tuple[int, ...] = ()) -> Array:
    """Real numbers of a shape, not checked to be finite; UnfitAnswer otherwise."""
    array = as_array(rewards)
    if array is None or array.shape != shape:
        raise UnfitAnswer(f"answered {shown(rewards)} as reward, expected {f'{shape[0]} finite numbers' if shape else 'one finite number'}")
    return array


def as_flags(flags: Any, name: str, shape: tuple[int, ...] = ()) -> Array:
    """Booleans of a shape, or integers 0 and 1; UnfitAnswer otherwise."""
    array = as_array(flags)
    if array is None or array.shape != shape or not (array.dtype.kind == "b" or (array.dtype.kind != "f" and np.isin(array, (0, 1)).all())):
        raise UnfitAnswer(f"answered {shown(flags)} as {name}, expected {f'{shape[0]} times ' if shape else ''}True or False")
    return array


def as_flag(flag: Any, name: str) -> bool:
    """A single boolean."""
    return bool(flag) if isinstance(flag, bool | np.bool_) else bool(as_flags(flag, name))


def require_form(answer: Any, expected: str) -> None:
    """UnfitAnswer unless a step or reset returned the expected number of values, the last one a dict."""
    count = expected.count(",") + 1
    if not isinstance(answer, tuple | list) or len(answer) != count:
        got = f"{len(answer)} values" if isinstance(answer, tuple | list) else shown(answer)
        raise UnfitAnswer(f"answered {got}, expected {expected}")
    if not isinstance(answer[-1], Mapping):
        raise UnfitAnswer(f"answered {shown(answer[-1])} as info, expected a dict")


def hint_on_unpacking(error: BaseException) -> str:
    """Hint after "not enough values to unpack", raised in a wrapper that unpacks what the inner environment returned."""
    *_, (frame, _line) = walk_tb(error.__traceback__)
    method, wrapper = frame.f_code.co_name, frame.f_locals.get("self")
    if "unpack" not in text_of(error) or method not in ANSWERS or not isinstance(wrapper, gym.Wrapper):
        return ""
    return f" in its wrapper {type(wrapper).__name__}: {method} of the environment within must return {ANSWERS[method]}"


def shown(value: Any) -> str:
    """Short description of a value for messages."""
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape} and dtype {value.dtype}"
    if isinstance(value, int) and value.bit_length() > LONGEST_NUMBER:
        return f"an integer of {value.bit_length()} bits"
    if value is None or isinstance(value, int | float | np.number | np.bool_):
        return str(value)
    return f"an object of type {type(value).__name__}"


def as_array(value: Any) -> Array | None:
    """The value as an array of real numbers; None for anything else."""
    try:
        array = np.asarray(value)
    except Exception:  # noqa: BLE001  foreign objects and ragged lists fail as they like
        return None
    return array if array.dtype.kind in "biuf" else None
