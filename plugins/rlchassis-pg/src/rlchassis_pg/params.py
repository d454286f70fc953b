"""Hyperparameters of PG."""

from __future__ import annotations

from attrs import frozen

from rlchassis.api import LRSchedulerFactory, instance, number, refuses_old_names, switch


@refuses_old_names
@frozen(kw_only=True)
class PGParams:
    """Hyperparameters of REINFORCE; the defaults are the paper's: no baseline, no entropy bonus (Williams 1992)."""

    lr: float = number(1e-3, above=0)
    """Learning rate."""
    lr_scheduler_factory: LRSchedulerFactory | None = instance(LRSchedulerFactory)
    """Learning rate schedule; None: constant."""
    gamma: float = number(0.99, at_least=0, at_most=1)
    """Discount factor γ: 0 counts the next reward alone, 1 all rewards equally."""
    return_standardization: bool = switch(False)
    """Whether to standardize returns to mean 0 and standard deviation 1 per rollout."""
    ent_coef: float = number(0.0, at_least=0)
    """Entropy bonus coefficient."""
    max_grad_norm: float | None = number(None, above=0, or_none=True)
    """Maximum gradient norm, to which gradients are clipped; None: no clipping."""
    deterministic_eval: bool = switch(True)
    """Whether evaluation takes the mode of the action distribution instead of sampling."""
