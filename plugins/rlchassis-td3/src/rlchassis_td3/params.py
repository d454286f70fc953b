"""The hyperparameters of TD3."""

from __future__ import annotations

from attrs import frozen

from rlchassis.api import LRSchedulerFactory, instance, number, refuses_old_names, whole
from rlchassis_toolkit import NoiseFactory, NoiseFactoryMaxActionScaledGaussian


@refuses_old_names
@frozen(kw_only=True)
class TD3Params:
    """What TD3 may be told; the defaults are the paper's, with the learning rates that its authors took later."""

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
    """How far τ the targets of actor and critics move towards them in each round that teaches the actor."""
    exploration_noise: NoiseFactory | None = instance(NoiseFactory, factory=NoiseFactoryMaxActionScaledGaussian, or_none=True)
    """What disturbs the actions while exploring; None: nothing."""
    policy_noise: float = number(0.2, at_least=0)
    """Standard deviation σ of the noise on the actions that targets are asked about."""
    noise_clip: float = number(0.5, at_least=0)
    """Bound c on that noise."""
    update_actor_freq: int = whole(2, counts_rounds=True)
    """Rounds d of the critics' learning for each of the actor's, in which the targets follow, too."""
