"""Checks of the outputs of networks and policies."""

from __future__ import annotations

import math
from typing import Any

import torch
from gymnasium import spaces
from torch import Tensor

from rlchassis.data.action_layout import ActionLayout
from rlchassis.data.experience import Observation, first_tensor
from rlchassis.errors import UsageError


def described(answer: Any) -> str:
    """Description of an output for messages: "float32 of shape [2, 1]", or its class."""
    if isinstance(answer, Tensor):
        return f"{str(answer.dtype).removeprefix('torch.')} of shape {list(answer.shape)}"
    return f"an object of class {type(answer).__name__}"


def require_values(
    answer: Any, obs: Observation, *sizes: int, meaning: str, members: int | None = None, may_be_infinite: bool = False
) -> None:
    """UsageError unless an output is a finite tensor [B, *sizes] of torch's default dtype, on the device of the observations [B, …].

    members: n, for outputs [n, B, *sizes] of an ensemble. meaning: description of the expected output, for the message.
    """
    _require(
        answer, obs, [*([] if members is None else [members]), len(first_tensor(obs)), *sizes], meaning, may_be_infinite=may_be_infinite
    )


def require_action(answer: Any, obs: Observation, space: spaces.Space[Any]) -> None:
    """UsageError unless an output has an action per observation: finite floats [B, …] for Box, integers 0 … n − 1 [B] for Discrete.

    For other spaces: rows [B, K + D] of an ActionLayout.
    """
    count, size = len(first_tensor(obs)), math.prod(space.shape or ())
    if isinstance(space, spaces.Discrete):
        _require_choices(answer, obs, [count], (int(space.n),), "the index of one of {} actions per observation")
        return
    if not isinstance(space, spaces.Box):
        _require_rows(answer, obs, count, ActionLayout.of(space))
        return
    is_shaped = isinstance(answer, Tensor) and answer.shape == (count, *(space.shape or ()))
    _require(answer.reshape(count, size) if is_shaped else answer, obs, [count, size], "one action per observation")


def _require_rows(answer: Any, obs: Observation, count: int, layout: ActionLayout) -> None:
    shape, meaning = [count, len(layout.sizes)], "indices of {} choices per observation"
    if layout.is_discrete:
        _require_choices(answer, obs, shape, layout.sizes, meaning)
        return
    _require(answer, obs, [count, len(layout.sizes) + layout.num_continuous], "one action per observation, its discrete parts first")
    choices = answer[:, : len(layout.sizes)]
    if (choices != choices.floor()).any():
        raise UsageError(f"returns {choices[choices != choices.floor()][0]:g} for a discrete part of an action, expected a whole number")
    _require_choices(choices.long(), obs, shape, layout.sizes, meaning)


def _require(answer: Any, obs: Observation, shape: list[int], meaning: str, *, may_be_infinite: bool = False) -> None:
    expected = f"expected {str(torch.get_default_dtype()).removeprefix('torch.')} of shape {shape}: {meaning}"
    if not isinstance(answer, Tensor) or answer.dtype != torch.get_default_dtype() or list(answer.shape) != shape:
        raise UsageError(f"returns {described(answer)}, {expected}{_advice(answer, shape)}")
    _require_device(answer, obs)
    if answer.isnan().any() or not (may_be_infinite or answer.isfinite().all()):
        raise UsageError(f"returns non-finite numbers for observations of the space, {expected}")


def _require_choices(answer: Any, obs: Observation, shape: list[int], sizes: tuple[int, ...], meaning: str) -> None:
    expected = f"expected int64 of shape {shape}: {meaning.format(' × '.join(map(str, sizes)))}"
    is_number = isinstance(answer, Tensor) and not answer.is_floating_point() and answer.dtype != torch.bool
    if not is_number or list(answer.shape) != shape:
        raise UsageError(f"returns {described(answer)}, {expected}")
    _require_device(answer, obs)
    wrong = (answer < 0) | (answer >= answer.new_tensor(sizes))
    if wrong.any():
        raise UsageError(f"returns the action {int(answer[wrong][0])}, {expected}")


def _require_device(answer: Tensor, obs: Observation) -> None:
    expected = first_tensor(obs).device
    if answer.device != expected:
        raise UsageError(
            f"returns a tensor on device {answer.device}, expected {expected}; move the network in its factory with .to(device)"
        )


def _advice(answer: Any, shape: list[int]) -> str:
    """Remedy for common mistakes."""
    if not isinstance(answer, Tensor):
        return ""
    if list(answer.shape) == [*shape, 1]:
        return "; drop its last dimension with .squeeze(-1)"
    return "; end it with .float()" if list(answer.shape) == shape and answer.dtype == torch.float64 else ""
