"""The hyperparameters of REDQ."""

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
    """What REDQ may be told; the defaults are the paper's."""

    actor_lr: float = number(3e-4, above=0)
    """Learning rate of the actor."""
    actor_lr_scheduler_factory: LRSchedulerFactory | None = instance(LRSchedulerFactory)
    """How the actor's learning rate changes with progress; None: not at all."""
    critic_lr: float = number(3e-4, above=0)
    """Learning rate of the critics."""
    critic_lr_scheduler_factory: LRSchedulerFactory | None = instance(LRSchedulerFactory)
    """How the critics' learning rate changes with progress; None: not at all."""
    gamma: float = number(0.99, at_least=0, at_most=1)
    """Discount factor γ of future rewards."""
    n_step: int = whole(1)
    """How many rewards n are counted before the critics are asked."""
    tau: float = number(0.005, above=0, at_most=1)
    """How far τ the target critics move towards the critics in each round."""
    alpha: float | AutoAlphaFactory = field(factory=AutoAlphaFactoryDefault, validator=is_alpha)
    """What a unit of entropy is worth α: a number, or how it is learned."""
    ensemble_size: int = whole(10)
    """How many critics N there are."""
    subset_size: int = whole(2)
    """How many M of them, drawn anew in each round, make a target."""
    actor_delay: int = whole(20, counts_rounds=True)
    """Rounds from one step of the actor, and of a learned temperature, to the next."""
    target_mode: str = field(default="min", validator=_is_target_mode)
    """What becomes of the chosen critics' values: their "min", or their "mean"."""
    deterministic_eval: bool = switch(True)
    """Whether evaluation takes the squashed mean instead of sampling."""

    def __attrs_post_init__(self) -> None:
        """A subset is a part of the ensemble."""
        if self.subset_size > self.ensemble_size:
            raise UsageError(f"subset_size must be at most ensemble_size, {self.ensemble_size}, not {self.subset_size}.")
