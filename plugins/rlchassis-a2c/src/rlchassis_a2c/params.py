"""Hyperparameters of A2C."""

from __future__ import annotations

from attrs import frozen

from rlchassis.api import LRSchedulerFactory, instance, number, refuses_old_names, switch


@refuses_old_names
@frozen(kw_only=True)
class A2CParams:
    """Hyperparameters of A2C; the entropy coefficient is the paper's for Atari, the other defaults are those of later implementations."""

    lr: float = number(7e-4, above=0)
    """Learning rate of actor and critic."""
    lr_scheduler_factory: LRSchedulerFactory | None = instance(LRSchedulerFactory)
    """Learning rate schedule; None: constant."""
    gamma: float = number(0.99, at_least=0, at_most=1)
    """Discount factor γ: 0 counts the next reward alone, 1 all rewards equally."""
    gae_lambda: float = number(0.95, at_least=0, at_most=1)
    """GAE λ: 0 is TD(0), 1 is Monte Carlo."""
    return_scaling: bool = switch(False)
    """Whether value targets are returns divided by their running standard deviation."""
    advantage_normalization: bool = switch(False)
    """Whether to normalize advantages to mean 0 and standard deviation 1 per minibatch."""
    vf_coef: float = number(0.5, at_least=0)
    """Value loss coefficient."""
    ent_coef: float = number(0.01, at_least=0)
    """Entropy bonus coefficient."""
    max_grad_norm: float | None = number(0.5, above=0, or_none=True)
    """Maximum gradient norm, to which gradients are clipped; None: no clipping."""
    deterministic_eval: bool = switch(True)
    """Whether evaluation takes the mode of the action distribution instead of sampling."""
