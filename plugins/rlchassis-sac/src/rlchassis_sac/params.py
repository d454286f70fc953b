"""Hyperparameters of SAC."""

from __future__ import annotations

from attrs import field, frozen

from rlchassis.api import LRSchedulerFactory, instance, number, refuses_old_names, switch, whole
from rlchassis_toolkit import AutoAlphaFactory, AutoAlphaFactoryDefault, NoiseFactory, is_alpha


@refuses_old_names
@frozen(kw_only=True)
class SACParams:
    """Hyperparameters of SAC; the defaults are those of its second paper, with a learned temperature (Haarnoja et al. 2018b, table 1)."""

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
    target_critics: bool = switch(True)
    """Whether targets are of target critics; false: of the critics, in one batch with their values, for batch renormalization (CrossQ)."""
    alpha: float | AutoAlphaFactory = field(factory=AutoAlphaFactoryDefault, validator=is_alpha)
    """Entropy temperature α: a number for a fixed one, or the factory of a learned one."""
    exploration_noise: NoiseFactory | None = instance(NoiseFactory)
    """Exploration noise added to sampled actions in training; None: no noise."""
    deterministic_eval: bool = switch(True)
    """Whether evaluation takes the squashed mean instead of sampling."""
