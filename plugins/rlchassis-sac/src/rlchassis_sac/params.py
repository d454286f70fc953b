"""The hyperparameters of SAC."""

from __future__ import annotations

import math
from typing import Any

from attrs import Attribute, field, frozen

from rlchassis.api import (
    AutoAlphaFactory,
    AutoAlphaFactoryDefault,
    LRSchedulerFactory,
    NoiseFactory,
    UsageError,
    instance,
    number,
    refuses_old_names,
    switch,
    whole,
)


def _temperature(instance: Any, attribute: Attribute[Any], value: Any) -> None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < math.inf
    if not (is_number or isinstance(value, AutoAlphaFactory)):
        raise UsageError(f"{attribute.name} must be a number of at least 0 or an AutoAlphaFactory, not {value!r}.")


@refuses_old_names
@frozen(kw_only=True)
class SACParams:
    """What SAC may be told; the defaults are those of its second paper, where the temperature is learned."""

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
    alpha: float | AutoAlphaFactory = field(factory=AutoAlphaFactoryDefault, validator=_temperature)
    """What a unit of entropy is worth α: a number, or how it is learned."""
    exploration_noise: NoiseFactory | None = instance(NoiseFactory)
    """What else disturbs the actions sampled while exploring; None: nothing."""
    deterministic_eval: bool = switch(True)
    """Whether evaluation takes the squashed mean instead of sampling."""
