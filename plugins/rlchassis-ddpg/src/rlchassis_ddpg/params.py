"""The hyperparameters of DDPG."""

from __future__ import annotations

from attrs import frozen

from rlchassis.api import LRSchedulerFactory, instance, number, refuses_old_names, whole
from rlchassis_toolkit import NoiseFactory, NoiseFactoryMaxActionScaledGaussian


@refuses_old_names
@frozen(kw_only=True)
class DDPGParams:
    """What DDPG may be told; by default it explores by independent noise and learns at the pace of later implementations."""

    actor_lr: float = number(1e-3, above=0)
    """Learning rate of the actor."""
    actor_lr_scheduler_factory: LRSchedulerFactory | None = instance(LRSchedulerFactory)
    """How the actor's learning rate changes with progress; None: not at all."""
    critic_lr: float = number(1e-3, above=0)
    """Learning rate of the critic."""
    critic_lr_scheduler_factory: LRSchedulerFactory | None = instance(LRSchedulerFactory)
    """How the critic's learning rate changes with progress; None: not at all."""
    gamma: float = number(0.99, at_least=0, at_most=1)
    """Discount factor γ of future rewards."""
    n_step: int = whole(1)
    """How many rewards n are counted before the critic is asked."""
    tau: float = number(0.005, above=0, at_most=1)
    """How far τ the targets of actor and critic move towards them in each round."""
    exploration_noise: NoiseFactory | None = instance(NoiseFactory, factory=NoiseFactoryMaxActionScaledGaussian, or_none=True)
    """What disturbs the actions while exploring; None: nothing."""
