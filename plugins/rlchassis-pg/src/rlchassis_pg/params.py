"""The hyperparameters of PG."""

from __future__ import annotations

from attrs import frozen

from rlchassis.api import LRSchedulerFactory, instance, number, refuses_old_names, switch


@refuses_old_names
@frozen(kw_only=True)
class PGParams:
    """What PG may be told; by default it is the paper's REINFORCE, with neither a baseline nor a bonus on entropy."""

    lr: float = number(1e-3, above=0)
    """Learning rate."""
    lr_scheduler_factory: LRSchedulerFactory | None = instance(LRSchedulerFactory)
    """How the learning rate changes with progress; None: not at all."""
    gamma: float = number(0.99, at_least=0, at_most=1)
    """Discount factor γ of future rewards."""
    return_standardization: bool = switch(False)
    """Whether returns have mean 0 and standard deviation 1 within each rollout."""
    ent_coef: float = number(0.0, at_least=0)
    """Weight of the entropy bonus."""
    max_grad_norm: float | None = number(None, above=0, or_none=True)
    """Norm that gradients are shrunk to; None: never."""
    deterministic_eval: bool = switch(True)
    """Whether evaluation takes the likeliest action instead of sampling."""
