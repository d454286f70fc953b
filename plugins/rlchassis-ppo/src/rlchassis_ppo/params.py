"""The hyperparameters of PPO."""

from __future__ import annotations

from attrs import frozen

from rlchassis.api import LRSchedulerFactory, instance, number, refuses_old_names, switch


@refuses_old_names
@frozen(kw_only=True)
class PPOParams:
    """What PPO may be told; the defaults are the paper's for continuous control, with ε and λ as there."""

    lr: float = number(3e-4, above=0)
    """Learning rate of actor and critic."""
    lr_scheduler_factory: LRSchedulerFactory | None = instance(LRSchedulerFactory)
    """How the learning rate changes with progress; None: not at all."""
    gamma: float = number(0.99, at_least=0, at_most=1)
    """Discount factor γ of future rewards."""
    gae_lambda: float = number(0.95, at_least=0, at_most=1)
    """Trust λ in what was earned (1) over what the critic expected (0)."""
    return_scaling: bool = switch(False)
    """Whether the critic learns returns in units of their running standard deviation."""
    advantage_normalization: bool = switch(True)
    """Whether advantages have mean 0 and standard deviation 1 within each minibatch."""
    vf_coef: float = number(0.5, at_least=0)
    """Weight of the critic's loss."""
    ent_coef: float = number(0.0, at_least=0)
    """Weight of the entropy bonus."""
    max_grad_norm: float | None = number(0.5, above=0, or_none=True)
    """Norm that gradients are shrunk to; None: never."""
    eps_clip: float = number(0.2, above=0)
    """How far ε the probability of an action may move in one round of updates."""
    dual_clip: float | None = number(None, above=1, or_none=True)
    """Bound c on how much a bad action that became likely can weigh; None: unbounded."""
    value_clip: bool = switch(False)
    """Whether the critic, too, may move only ε away from what it said."""
    recompute_advantage: bool = switch(False)
    """Whether each pass over a rollout judges it anew by the critic of today."""
    deterministic_eval: bool = switch(True)
    """Whether evaluation takes the likeliest action instead of sampling."""
