"""The hyperparameters of NPG."""

from __future__ import annotations

from attrs import frozen

from rlchassis.api import LRSchedulerFactory, instance, number, refuses_old_names, switch, whole


@refuses_old_names
@frozen(kw_only=True)
class NPGParams:
    """What NPG may be told; the actor is stepped by `actor_step_size` alone, lr is the critic's."""

    lr: float = number(1e-3, above=0)
    """Learning rate of the critic."""
    lr_scheduler_factory: LRSchedulerFactory | None = instance(LRSchedulerFactory)
    """How the critic's learning rate changes with progress; None: not at all."""
    gamma: float = number(0.99, at_least=0, at_most=1)
    """Discount factor γ of future rewards."""
    gae_lambda: float = number(0.95, at_least=0, at_most=1)
    """Trust λ in what was earned (1) over what the critic expected (0)."""
    return_scaling: bool = switch(False)
    """Whether the critic learns returns in units of their running standard deviation."""
    advantage_normalization: bool = switch(True)
    """Whether advantages have mean 0 and standard deviation 1 within each batch."""
    optim_critic_iters: int = whole(20)
    """Gradient steps of the critic in each round."""
    actor_step_size: float = number(0.1, above=0)
    """Length α of the actor's step along the natural gradient."""
    damping: float = number(0.1, at_least=0)
    """What is added to the diagonal of the Fisher matrix β."""
    cg_iterations: int = whole(10)
    """Conjugate gradients by which the natural gradient is approached."""
    deterministic_eval: bool = switch(True)
    """Whether evaluation takes the likeliest action instead of sampling."""
