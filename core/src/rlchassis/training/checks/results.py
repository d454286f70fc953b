"""Checks of what algorithms and wrappers return: types on every update, shapes on the first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

import torch

from rlchassis.data.experience import Experience, TensorStruct, map_tensors
from rlchassis.errors import PluginError
from rlchassis.learning.algorithm import UpdateResult
from rlchassis.learning.gradients import named


def require_update_result(answer: Any, update: Callable[..., Any]) -> None:
    """PluginError unless an update returned an UpdateResult."""
    if not isinstance(answer, UpdateResult):
        _refuse(answer, update, "an UpdateResult", "write `return UpdateResult(metrics)`")


def require_experience(answer: Any, transform: Callable[..., Any]) -> Experience:
    """PluginError unless `transform` of a wrapper returned an Experience."""
    if not isinstance(answer, Experience):
        _refuse(answer, transform, "an Experience", "return the one that it was given, or attrs.evolve(experience, …)")
    return answer


def require_batch(answer: Any, prepare: Callable[..., Any], rows: torch.Size | None = None) -> None:
    """PluginError unless prepare or refresh returned a TensorStruct of tensors [T, N, …]; rows: T, N."""
    if not isinstance(answer, TensorStruct):
        _refuse(answer, prepare, "a TensorStruct", "derive the class of its batch from it")
    if rows is None:
        return

    def check(tensor: torch.Tensor) -> torch.Tensor:
        if tensor.shape[:2] != rows:
            raise PluginError(
                f"{named(prepare)} returned a tensor of shape {list(tensor.shape)}, expected {[*rows]} as leading dimensions: "
                "one row per transition of the rollout; the trainer flattens and splits them."
            )
        return tensor

    map_tensors(check, answer)


def require_priorities(answer: torch.Tensor, rows: int, update: Callable[..., Any]) -> None:
    """PluginError unless an update returned priorities of shape [B], one for each row of its batch."""
    if answer.shape != (rows,):
        raise PluginError(f"{named(update)} returned priorities of shape {list(answer.shape)}, expected [{rows}]: one for each row.")


def _refuse(answer: Any, method: Callable[..., Any], expected: str, remedy: str) -> NoReturn:
    raise PluginError(f"{named(method)} returned {type(answer).__name__}, expected {expected}; {remedy}.")
