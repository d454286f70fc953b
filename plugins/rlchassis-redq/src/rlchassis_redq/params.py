"""Hyperparameters of REDQ."""

from __future__ import annotations

from typing import Any

from attrs import field, frozen

from rlchassis.api import LRSchedulerFactory, UsageError, instance, number, refuses_old_names, switch, whole
from rlchassis_toolkit import AutoAlphaFactory, AutoAlphaFactoryDefault, is_alpha

TARGET_MODES = ("min", "mean")


def _is_target_mode(instance: Any, attribute: Any, value: Any) -> None:
    if value not in TARGET_MODES:
        raise UsageError(f'{attribute.name} must be "min" or "mean", not {value!r}.')


@refuses_old_names
@frozen(kw_only=True)
class REDQParams:
    """Hyperparameters of REDQ; the defaults are the paper's (Chen et al. 2021)."""

    actor_lr: float = number(3e-4, above=0)
    """Learning rate of the actor."""
    actor_lr_scheduler_factory: LRSchedulerFactory | None = instance(LRSchedulerFactory)
    """Learning rate schedule of the actor; None: constant."""
    critic_lr: float = number(3e-4, above=0)
    """Learning rate of the critics."""
    critic_lr_scheduler_factory: LRSchedulerFactory | None = instance(LRSchedulerFactory)
    """Learning rate schedule of the critics; None: constant."""
    gamma: float = number(0.99, at_least=0, at_most=1)
    """Discount factor γ: 0 counts the next reward alone, 1 all rewards equally."""
    n_step: int = whole(1)
    """Steps n of an n-step target: 1 is one-step TD."""
    tau: float = number(0.005, above=0, at_most=1)
    """Polyak coefficient τ of the target critics: 1 copies the critics at every update."""
    alpha: float | AutoAlphaFactory = field(factory=AutoAlphaFactoryDefault, validator=is_alpha)
    """Entropy temperature α: a number for a fixed one, or the factory of a learned one."""
    ensemble_size: int = whole(10)
    """Ensemble size N: number of critics."""
    subset_size: int = whole(2)
    """Subset size M: number of critics, drawn at random in each update, that form the target."""
    actor_delay: int = whole(20, counts_rounds=True)
    """Policy delay: updates of the critics per update of the actor and of a learned temperature."""
    target_mode: str = field(default="min", validator=_is_target_mode)
    """Reduction of the M target values: "min" or "mean"."""
    deterministic_eval: bool = switch(True)
    """Whether evaluation takes the squashed mean instead of sampling."""

    def __attrs_post_init__(self) -> None:
        """Raise UsageError where the subset is larger than the ensemble."""
        if self.subset_size > self.ensemble_size:
            raise UsageError(f"subset_size must be at most ensemble_size, {self.ensemble_size}, not {self.subset_size}.")
