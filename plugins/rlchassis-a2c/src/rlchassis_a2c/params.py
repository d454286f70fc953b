"""The hyperparameters of A2C."""

from __future__ import annotations

from attrs import frozen

from rlchassis.api import LRSchedulerFactory, instance, number, refuses_old_names, switch


@refuses_old_names
@frozen(kw_only=True)
class A2CParams:
    """What A2C may be told; the bonus on entropy is the paper's for Atari, the rest what its later users settled on."""

    lr: float = number(7e-4, above=0)
    """Learning rate of actor and critic."""
    lr_scheduler_factory: LRSchedulerFactory | None = instance(LRSchedulerFactory)
    """How the learning rate changes with progress; None: not at all."""
    gamma: float = number(0.99, at_least=0, at_most=1)
    """Discount factor γ of future rewards."""
    gae_lambda: float = number(0.95, at_least=0, at_most=1)
    """Trust λ in what was earned (1) over what the critic expected (0)."""
    return_scaling: bool = switch(False)
    """Whether the critic learns returns in units of their running standard deviation."""
    advantage_normalization: bool = switch(False)
    """Whether advantages have mean 0 and standard deviation 1 within each minibatch."""
    vf_coef: float = number(0.5, at_least=0)
    """Weight of the critic's loss."""
    ent_coef: float = number(0.01, at_least=0)
    """Weight of the entropy bonus."""
    max_grad_norm: float | None = number(0.5, above=0, or_none=True)
    """Norm that gradients are shrunk to; None: never."""
    deterministic_eval: bool = switch(True)
    """Whether evaluation takes the likeliest action instead of sampling."""
