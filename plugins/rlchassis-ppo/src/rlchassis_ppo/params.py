"""Hyperparameters of PPO."""

from __future__ import annotations

from attrs import frozen

from rlchassis.api import LRSchedulerFactory, instance, number, refuses_old_names, switch


@refuses_old_names
@frozen(kw_only=True)
class PPOParams:
    """Hyperparameters of PPO; the defaults are the paper's for continuous control (Schulman et al. 2017, table 3)."""

    lr: float = number(3e-4, above=0)
    """Learning rate of actor and critic."""
    lr_scheduler_factory: LRSchedulerFactory | None = instance(LRSchedulerFactory)
    """Learning rate schedule; None: constant."""
    gamma: float = number(0.99, at_least=0, at_most=1)
    """Discount factor γ: 0 counts the next reward alone, 1 all rewards equally."""
    gae_lambda: float = number(0.95, at_least=0, at_most=1)
    """GAE λ: 0 is TD(0), 1 is Monte Carlo."""
    return_scaling: bool = switch(False)
    """Whether value targets are returns divided by their running standard deviation."""
    advantage_normalization: bool = switch(True)
    """Whether to normalize advantages to mean 0 and standard deviation 1 per minibatch."""
    vf_coef: float = number(0.5, at_least=0)
    """Value loss coefficient."""
    ent_coef: float = number(0.0, at_least=0)
    """Entropy bonus coefficient."""
    max_grad_norm: float | None = number(0.5, above=0, or_none=True)
    """Maximum gradient norm, to which gradients are clipped; None: no clipping."""
    eps_clip: float = number(0.2, above=0)
    """Clip range ε of the probability ratio."""
    dual_clip: float | None = number(None, above=1, or_none=True)
    """Dual clip bound c > 1 on the probability ratio where advantages are negative; None: no dual clip."""
    value_clip: bool = switch(False)
    """Whether to clip value predictions to within ε of those before the update."""
    recompute_advantage: bool = switch(False)
    """Whether to recompute values, returns and advantages with the current critic before each further pass over a rollout."""
    deterministic_eval: bool = switch(True)
    """Whether evaluation takes the mode of the action distribution instead of sampling."""
