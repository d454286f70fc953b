"""The hyperparameters of PPO."""

from __future__ import annotations

from typing import Any

from attrs import field, frozen
from attrs.validators import ge, gt, instance_of, le, optional

from rlchassis.api import LRSchedulerFactory, refuses_old_names


def _number(default: float, *bounds: Any) -> Any:
    return field(default=default, validator=[instance_of((int, float)), *bounds])


def _number_or_none(default: float | None, *bounds: Any) -> Any:
    return field(default=default, validator=optional([instance_of((int, float)), *bounds]))


@refuses_old_names
@frozen(kw_only=True)
class PPOParams:
    """What PPO may be told; the defaults are the paper's for continuous control, with ε and λ as there."""

    lr: float = _number(3e-4, gt(0))
    """Learning rate of actor and critic."""
    lr_scheduler_factory: LRSchedulerFactory | None = field(default=None, validator=optional(instance_of(LRSchedulerFactory)))
    """How the learning rate changes with progress; None: not at all."""
    gamma: float = _number(0.99, ge(0), le(1))
    """Discount factor γ of future rewards."""
    gae_lambda: float = _number(0.95, ge(0), le(1))
    """Trust λ in what was earned (1) over what the critic expected (0)."""
    return_scaling: bool = field(default=False, validator=instance_of(bool))
    """Whether the critic learns returns in units of their running standard deviation."""
    advantage_normalization: bool = field(default=True, validator=instance_of(bool))
    """Whether advantages have mean 0 and standard deviation 1 within each minibatch."""
    vf_coef: float = _number(0.5, ge(0))
    """Weight of the critic's loss."""
    ent_coef: float = _number(0.0, ge(0))
    """Weight of the entropy bonus."""
    max_grad_norm: float | None = _number_or_none(0.5, gt(0))
    """Norm that gradients are shrunk to; None: never."""
    eps_clip: float = _number(0.2, gt(0))
    """How far ε the probability of an action may move in one round of updates."""
    dual_clip: float | None = _number_or_none(None, gt(1))
    """Bound c on how much a bad action that became likely can weigh; None: unbounded."""
    value_clip: bool = field(default=False, validator=instance_of(bool))
    """Whether the critic, too, may move only ε away from what it said."""
    recompute_advantage: bool = field(default=False, validator=instance_of(bool))
    """Whether each pass over a rollout judges it anew by the critic of today."""
    deterministic_eval: bool = field(default=True, validator=instance_of(bool))
    """Whether evaluation takes the likeliest action instead of sampling."""
