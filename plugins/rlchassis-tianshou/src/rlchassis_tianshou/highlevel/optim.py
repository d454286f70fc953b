"""Names of tianshou.highlevel.optim, made of the optimizers that are installed."""

from __future__ import annotations

from typing import Any

from rlchassis.api import Component, OptimizerFactory

__all__ = ["OptimizerFactory", "OptimizerFactoryAdam", "OptimizerFactoryRMSprop", "OptimizerFactoryTorch"]


def OptimizerFactoryTorch(optim_class: Any, **kwargs: Any) -> OptimizerFactory:  # noqa: N802  Tianshou's name
    """A class of torch.optim, or another, with its keyword arguments."""
    return _made("torch-optim", name=optim_class, **kwargs)


def OptimizerFactoryAdam(  # noqa: N802  Tianshou's name
    betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-08, weight_decay: float = 0
) -> OptimizerFactory:
    """Adam."""
    return _made("adam", betas=tuple(betas), eps=eps, weight_decay=weight_decay)


def OptimizerFactoryRMSprop(  # noqa: N802  Tianshou's name
    alpha: float = 0.99, eps: float = 1e-08, weight_decay: float = 0, momentum: float = 0, centered: bool = False
) -> OptimizerFactory:
    """RMSprop."""
    return _made("rmsprop", alpha=alpha, eps=eps, weight_decay=weight_decay, momentum=momentum, centered=centered)


def _made(optimizer: str, **options: Any) -> OptimizerFactory:
    made: OptimizerFactory = Component("optimizer", optimizer, options).create()
    return made
