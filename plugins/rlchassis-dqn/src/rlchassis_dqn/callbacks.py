"""Callbacks that set the exploration rate ε of DQN and other ε-greedy algorithms."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from attrs import field, frozen
from attrs.validators import and_, ge, le

from rlchassis.api import CallbackContext, EpochTestCallback, EpochTrainCallback, UsageError, whole
from rlchassis_toolkit import EpsilonGreedyPolicy, LinearEps

PROBABILITY = and_(ge(0), le(1))


@runtime_checkable
class EpsilonGreedy(Protocol):
    """Interface of ε-greedy algorithms that these callbacks need."""

    policy: EpsilonGreedyPolicy
    eps_schedule: LinearEps


@frozen
class EpochTrainCallbackDQNSetEps(EpochTrainCallback):
    """Sets a constant exploration rate ε for training, in place of the schedule in the params."""

    eps_train: float = field(validator=PROBABILITY)
    """Exploration rate ε."""

    def callback(self, epoch: int, env_step: int, context: CallbackContext) -> None:
        """Set ε; UsageError where the algorithm has no ε schedule."""
        explorer_of(context).eps_schedule = LinearEps(self.eps_train)


@frozen
class EpochTrainCallbackDQNEpsLinearDecay(EpochTrainCallback):
    """Sets a linear decay of ε over a number of environment steps, in place of the schedule in the params."""

    eps_train: float = field(validator=PROBABILITY)
    """Initial exploration rate ε."""
    eps_train_final: float = field(validator=PROBABILITY)
    """Final exploration rate ε, after decay_steps."""
    decay_steps: int = whole(1_000_000)
    """Environment steps over which ε decays."""

    def callback(self, epoch: int, env_step: int, context: CallbackContext) -> None:
        """Set ε; UsageError where the algorithm has no ε schedule."""
        fraction = self.decay_steps / context.world.sampling.total_steps
        explorer_of(context).eps_schedule = LinearEps(self.eps_train, self.eps_train_final, fraction)


@frozen
class EpochTestCallbackDQNSetEps(EpochTestCallback):
    """Sets the exploration rate ε for tests; the stored policy keeps eps_inference of the params."""

    eps_test: float = field(validator=PROBABILITY)
    """Exploration rate ε."""

    def callback(self, epoch: int, env_step: int, context: CallbackContext) -> None:
        """Set ε; UsageError where the algorithm has no ε schedule."""
        explorer_of(context).policy.eps_inference = self.eps_test


def explorer_of(context: CallbackContext) -> EpsilonGreedy:
    """The ε-greedy algorithm of the run; UsageError for others."""
    algorithm = context.world.algorithm
    if not isinstance(algorithm, EpsilonGreedy):
        raise UsageError(f"this callback sets the exploration rate ε of DQN, not of {type(algorithm).__name__}; leave it out.")
    return algorithm
