"""What agent factories of off-policy actor-critics share: the optimizers, and the default actor of squashed Gaussian policies."""

from __future__ import annotations

from typing import Protocol

from torch import nn

from rlchassis.api import LRSchedulerFactory, Optimizer, Policy, Setup
from rlchassis_toolkit.factories.networks import ActorFactoryDefault
from rlchassis_toolkit.networks.actors_and_critics import unique_parameters


class OffPolicyParams(Protocol):
    """The learning rates of actor and critics, and how they change with progress."""

    @property
    def actor_lr(self) -> float:
        """Learning rate of the actor."""

    @property
    def actor_lr_scheduler_factory(self) -> LRSchedulerFactory | None:
        """Schedule of the actor's learning rate."""

    @property
    def critic_lr(self) -> float:
        """Learning rate of the critics."""

    @property
    def critic_lr_scheduler_factory(self) -> LRSchedulerFactory | None:
        """Schedule of the critics' learning rate."""


def create_optimizers(policy: Policy, critics: nn.Module, params: OffPolicyParams, setup: Setup) -> tuple[Optimizer, Optimizer]:
    """The optimizers of actor and critics; features that both share are learned by the critics alone."""
    judging = unique_parameters(critics)
    acting = unique_parameters(policy, without=judging)
    return (
        setup.optimizer(acting, params.actor_lr, "actor", params.actor_lr_scheduler_factory),
        setup.optimizer(judging, params.critic_lr, "critic", params.critic_lr_scheduler_factory),
    )


def squashed_actor() -> ActorFactoryDefault:
    """An MLP for a squashed Gaussian: unbounded mean and log standard deviation, both read from the observation."""
    return ActorFactoryDefault((256, 256), nn.ReLU, continuous_unbounded=True, continuous_conditioned_sigma=True)
