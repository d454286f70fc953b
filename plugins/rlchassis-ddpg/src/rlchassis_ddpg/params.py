"""Hyperparameters of DDPG."""

from __future__ import annotations

from attrs import frozen

from rlchassis.api import LRSchedulerFactory, instance, number, refuses_old_names, whole
from rlchassis_toolkit import NoiseFactory, NoiseFactoryMaxActionScaledGaussian


@refuses_old_names
@frozen(kw_only=True)
class DDPGParams:
    """Hyperparameters of DDPG; the defaults are Gaussian exploration noise and the learning rates of later implementations."""

    actor_lr: float = number(1e-3, above=0)
    """Learning rate of the actor."""
    actor_lr_scheduler_factory: LRSchedulerFactory | None = instance(LRSchedulerFactory)
    """Learning rate schedule of the actor; None: constant."""
    critic_lr: float = number(1e-3, above=0)
    """Learning rate of the critic."""
    critic_lr_scheduler_factory: LRSchedulerFactory | None = instance(LRSchedulerFactory)
    """Learning rate schedule of the critic; None: constant."""
    gamma: float = number(0.99, at_least=0, at_most=1)
    """Discount factor γ: 0 counts the next reward alone, 1 all rewards equally."""
    n_step: int = whole(1)
    """Steps n of an n-step target: 1 is one-step TD."""
    tau: float = number(0.005, above=0, at_most=1)
    """Polyak coefficient τ of the target networks: 1 copies actor and critic at every update."""
    exploration_noise: NoiseFactory | None = instance(NoiseFactory, factory=NoiseFactoryMaxActionScaledGaussian, or_none=True)
    """Exploration noise added to actions in training; None: no noise."""
