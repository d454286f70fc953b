"""Hyperparameters of NPG."""

from __future__ import annotations

from attrs import frozen

from rlchassis.api import LRSchedulerFactory, instance, number, refuses_old_names, switch, whole


@refuses_old_names
@frozen(kw_only=True)
class NPGParams:
    """Hyperparameters of NPG; `actor_step_size` is the actor's step size, `lr` the critic's learning rate."""

    lr: float = number(1e-3, above=0)
    """Learning rate of the critic."""
    lr_scheduler_factory: LRSchedulerFactory | None = instance(LRSchedulerFactory)
    """Learning rate schedule of the critic; None: constant."""
    gamma: float = number(0.99, at_least=0, at_most=1)
    """Discount factor γ: 0 counts the next reward alone, 1 all rewards equally."""
    gae_lambda: float = number(0.95, at_least=0, at_most=1)
    """GAE λ: 0 is TD(0), 1 is Monte Carlo."""
    return_scaling: bool = switch(False)
    """Whether value targets are returns divided by their running standard deviation."""
    advantage_normalization: bool = switch(True)
    """Whether to normalize advantages to mean 0 and standard deviation 1 per batch."""
    optim_critic_iters: int = whole(20)
    """Gradient steps of the critic per update."""
    actor_step_size: float = number(0.1, above=0)
    """Step size α of the actor along the natural gradient."""
    damping: float = number(0.1, at_least=0)
    """Damping β, added to the diagonal of the Fisher matrix."""
    cg_iterations: int = whole(10)
    """Conjugate gradient iterations for the natural gradient."""
    deterministic_eval: bool = switch(True)
    """Whether evaluation takes the mode of the action distribution instead of sampling."""
