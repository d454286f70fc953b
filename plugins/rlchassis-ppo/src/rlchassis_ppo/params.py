"""The hyperparameters of PPO."""

from __future__ import annotations

from attrs import field, frozen
from attrs.validators import ge, gt, instance_of, le, optional

from rlchassis.api import LRSchedulerFactory, refuses_old_names


@refuses_old_names
@frozen(kw_only=True)
class PPOParams:
    """What PPO may be told; the defaults are the paper's for continuous control, with ε and λ as there."""

    lr: float = field(default=3e-4, validator=gt(0))
    """Learning rate of actor and critic."""
    lr_scheduler_factory: LRSchedulerFactory | None = field(default=None, validator=optional(instance_of(LRSchedulerFactory)))
    """How the learning rate changes with progress; None: not at all."""
    gamma: float = field(default=0.99, validator=[ge(0), le(1)])
    """Discount factor γ of future rewards."""
    gae_lambda: float = field(default=0.95, validator=[ge(0), le(1)])
    """Trust λ in what was earned (1) over what the critic expected (0)."""
    return_scaling: bool = False
    """Whether the critic learns returns in units of their running standard deviation."""
    advantage_normalization: bool = True
    """Whether advantages have mean 0 and standard deviation 1 within each minibatch."""
    vf_coef: float = field(default=0.5, validator=ge(0))
    """Weight of the critic's loss."""
    ent_coef: float = field(default=0.0, validator=ge(0))
    """Weight of the entropy bonus."""
    max_grad_norm: float | None = field(default=0.5, validator=optional(gt(0)))
    """Norm that gradients are shrunk to; None: never."""
    eps_clip: float = field(default=0.2, validator=gt(0))
    """How far ε the probability of an action may move in one round of updates."""
    dual_clip: float | None = field(default=None, validator=optional(gt(1)))
    """Bound c on how much a bad action that became likely can weigh; None: unbounded."""
    value_clip: bool = False
    """Whether the critic, too, may move only ε away from what it said."""
    recompute_advantage: bool = False
    """Whether each pass over a rollout judges it anew by the critic of today."""
    deterministic_eval: bool = True
    """Whether evaluation takes the likeliest action instead of sampling."""
