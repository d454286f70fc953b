"""Gradient step on a loss, with checks of what loss functions return."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import torch
from torch import Tensor

from rlchassis.data.experience import Metrics
from rlchassis.errors import PluginError
from rlchassis.learning.optimizer import Optimizer

Batch = TypeVar("Batch")


def gradient_step(
    optimizer: Optimizer, loss_function: Callable[[Batch], tuple[Tensor, Metrics]], batch: Batch, max_norm: float | None = None
) -> Metrics:
    """One gradient descent step on a loss, with gradient clipping to max_norm if given.

    loss_function: batch → (loss [], metrics). Returns its detached metrics with `loss` and, if known, `grad_norm` before clipping.
    Parameters of other optimizers get no gradient.
    """
    answer: Any = loss_function(batch)
    if isinstance(optimizer, torch.optim.Optimizer) or not _is_usual(answer):
        answer = _understood(optimizer, loss_function, answer)
    loss, metrics = answer
    norm = optimizer.descend(loss, max_norm)
    known = {} if norm is None else {"grad_norm": norm}
    return {"loss": loss.detach(), **known, **_detached(metrics, loss_function)}


def _is_usual(answer: Any) -> bool:
    return type(answer) is tuple and len(answer) == 2 and getattr(answer[0], "ndim", 1) == 0 and type(answer[1]) is dict


def _detached(metrics: dict[str, Any], loss_function: Callable[[Any], Any]) -> Metrics:
    try:
        return {name: value.detach() for name, value in metrics.items()}
    except AttributeError:
        wrong = {name: type(value).__name__ for name, value in metrics.items() if not isinstance(value, Tensor)}
        raise PluginError(
            f"{named(loss_function)} returned metrics {wrong}, expected tensors; write torch.tensor(value) for a number."
        ) from None


def named(function: Callable[..., Any]) -> str:
    """Name of a function for messages: PPO._loss, with the class of the object that it is bound to."""
    owner = getattr(function, "__self__", None)
    return getattr(function, "__qualname__", repr(function)) if owner is None else f"{type(owner).__name__}.{function.__name__}"


def _understood(optimizer: Any, loss_function: Callable[[Any], Any], answer: Any) -> tuple[Tensor, Metrics]:
    """Scalar loss and metrics; PluginError for anything else, or if the optimizer is a torch.optim.Optimizer."""
    name = named(loss_function)
    if isinstance(optimizer, torch.optim.Optimizer):
        raise PluginError(
            f"gradient_step of {name} got {type(optimizer).__name__}, expected an Optimizer of rlchassis; "
            "create it in create_algorithm with setup.optimizer(params, lr, role)."
        )
    match answer:
        case Tensor() as loss, dict(metrics) if loss.numel() == 1:
            return loss.squeeze(), metrics
        case Tensor() as loss, dict():
            raise PluginError(f"{name} returned a loss of shape {list(loss.shape)}, expected a scalar; return loss.mean().")
    raise PluginError(f"{name} returned {type(answer).__name__}, expected a loss and a dict of metrics; write `return loss, {{}}`.")
