"""Parts of off-policy actor-critic factories: the optimizers, and the default actor of squashed Gaussian policies."""

from __future__ import annotations

from typing import Protocol

from torch import nn

from rlchassis.api import LRSchedulerFactory, Optimizer, Policy, Setup
from rlchassis_toolkit.factories.networks import ActorFactoryDefault
from rlchassis_toolkit.networks.actors_and_critics import unique_parameters


class OffPolicyParams(Protocol):
    """Interface of hyperparameters with learning rates and schedules of actor and critics."""

    @property
    def actor_lr(self) -> float:
        """Learning rate of the actor."""

    @property
    def actor_lr_scheduler_factory(self) -> LRSchedulerFactory | None:
        """Learning rate schedule of the actor; None: constant."""

    @property
    def critic_lr(self) -> float:
        """Learning rate of the critics."""

    @property
    def critic_lr_scheduler_factory(self) -> LRSchedulerFactory | None:
        """Learning rate schedule of the critics; None: constant."""


def create_optimizers(policy: Policy, critics: nn.Module, params: OffPolicyParams, setup: Setup) -> tuple[Optimizer, Optimizer]:
    """Create the optimizers of actor and critics; the critics' optimizer updates shared features and a memory."""
    memory = getattr(policy, "memory", None)
    judging = unique_parameters(critics) if memory is None else unique_parameters(critics, memory)
    acting = unique_parameters(policy, without=judging)
    return (
        setup.optimizer(acting, params.actor_lr, "actor", params.actor_lr_scheduler_factory),
        setup.optimizer(judging, params.critic_lr, "critic", params.critic_lr_scheduler_factory),
    )


def squashed_actor() -> ActorFactoryDefault:
    """Default actor of a squashed Gaussian policy: an MLP with unbounded mean and log σ, both from the observation."""
    return ActorFactoryDefault((256, 256), nn.ReLU, continuous_unbounded=True, continuous_conditioned_sigma=True)
