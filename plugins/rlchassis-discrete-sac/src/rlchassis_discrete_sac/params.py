"""The hyperparameters of discrete SAC."""

from __future__ import annotations

from attrs import field, frozen

from rlchassis.api import LRSchedulerFactory, instance, number, refuses_old_names, switch, whole
from rlchassis_toolkit import AutoAlphaFactory, AutoAlphaFactoryDefault, is_alpha


@refuses_old_names
@frozen(kw_only=True)
class DiscreteSACParams:
    """What discrete SAC may be told; the defaults are the paper's at the pace of small environments."""

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
    deterministic_eval: bool = switch(True)
    """Whether evaluation takes the likeliest action instead of sampling."""
