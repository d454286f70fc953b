"""Callbacks that say how often DQN, or another algorithm that explores as it does, acts at random."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from attrs import field, frozen
from attrs.validators import and_, ge, le

from rlchassis.api import CallbackContext, EpochTestCallback, EpochTrainCallback, UsageError, whole
from rlchassis_toolkit import EpsilonGreedyPolicy, LinearEps

PROBABILITY = and_(ge(0), le(1))


@runtime_checkable
class EpsilonGreedy(Protocol):
    """What these callbacks need of an algorithm."""

    policy: EpsilonGreedyPolicy
    eps_schedule: LinearEps


@frozen
class EpochTrainCallbackDQNSetEps(EpochTrainCallback):
    """Lets training act at random equally often from the first epoch on, in place of the schedule of the params."""

    eps_train: float = field(validator=PROBABILITY)
    """Probability ε of a random action."""

    def callback(self, epoch: int, env_step: int, context: CallbackContext) -> None:
        """UsageError where what learns has no schedule of ε."""
        explorer_of(context).eps_schedule = LinearEps(self.eps_train)


@frozen
class EpochTrainCallbackDQNEpsLinearDecay(EpochTrainCallback):
    """Lets ε fall in a straight line over a number of environment steps, in place of the schedule of the params."""

    eps_train: float = field(validator=PROBABILITY)
    """Probability ε of a random action at first."""
    eps_train_final: float = field(validator=PROBABILITY)
    """Probability ε of a random action after decay_steps."""
    decay_steps: int = whole(1_000_000)
    """Environment steps until then."""

    def callback(self, epoch: int, env_step: int, context: CallbackContext) -> None:
        """UsageError where what learns has no schedule of ε."""
        fraction = self.decay_steps / context.world.sampling.total_steps
        explorer_of(context).eps_schedule = LinearEps(self.eps_train, self.eps_train_final, fraction)


@frozen
class EpochTestCallbackDQNSetEps(EpochTestCallback):
    """Lets tests act at random now and then; the stored policy does as eps_inference of the params says."""

    eps_test: float = field(validator=PROBABILITY)
    """Probability ε of a random action."""

    def callback(self, epoch: int, env_step: int, context: CallbackContext) -> None:
        """UsageError where what learns has no schedule of ε."""
        explorer_of(context).policy.eps_inference = self.eps_test


def explorer_of(context: CallbackContext) -> EpsilonGreedy:
    """The algorithm of the run."""
    algorithm = context.world.algorithm
    if not isinstance(algorithm, EpsilonGreedy):
        raise UsageError(f"this callback sets how often DQN acts at random, but {type(algorithm).__name__} learns here; leave it out.")
    return algorithm
