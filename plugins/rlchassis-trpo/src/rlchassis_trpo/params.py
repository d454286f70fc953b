"""The hyperparameters of TRPO."""

from __future__ import annotations

from attrs import frozen

from rlchassis.api import LRSchedulerFactory, instance, number, refuses_old_names, switch, whole


@refuses_old_names
@frozen(kw_only=True)
class TRPOParams:
    """What TRPO may be told; the length of the actor's step follows from `max_kl`, lr is the critic's."""

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
    max_kl: float = number(0.01, above=0)
    """How far δ the policy may diverge from what it was before the round, on average."""
    damping: float = number(0.1, at_least=0)
    """What is added to the diagonal of the Fisher matrix β."""
    cg_iterations: int = whole(10)
    """Conjugate gradients by which the natural gradient is approached."""
    backtrack_coeff: float = number(0.8, above=0, below=1)
    """What is left of a step that went too far."""
    max_backtracks: int = whole(10, at_least=0)
    """How often a step is shortened before the policy stays what it was."""
    deterministic_eval: bool = switch(True)
    """Whether evaluation takes the likeliest action instead of sampling."""
