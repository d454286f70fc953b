"""Hyperparameters of TD3."""

from __future__ import annotations

from attrs import frozen

from rlchassis.api import LRSchedulerFactory, instance, number, refuses_old_names, whole
from rlchassis_toolkit import NoiseFactory, NoiseFactoryMaxActionScaledGaussian


@refuses_old_names
@frozen(kw_only=True)
class TD3Params:
    """Hyperparameters of TD3; the defaults are the paper's, with the learning rates of its authors' later code."""

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
    """Polyak coefficient τ of the target networks: 1 copies actor and critics at every update of the actor."""
    exploration_noise: NoiseFactory | None = instance(NoiseFactory, factory=NoiseFactoryMaxActionScaledGaussian, or_none=True)
    """Exploration noise added to actions in training; None: no noise."""
    policy_noise: float = number(0.2, at_least=0)
    """Standard deviation σ of the target policy smoothing noise."""
    noise_clip: float = number(0.5, at_least=0)
    """Clip range c of the target policy smoothing noise."""
    update_actor_freq: int = whole(2, counts_rounds=True)
    """Policy delay d: updates of the critics per update of the actor and of the target networks."""
