"""Callbacks that say how often DQN acts at random."""

from __future__ import annotations

from attrs import field, frozen
from attrs.validators import and_, ge, le

from rlchassis.api import CallbackContext, EpochTestCallback, EpochTrainCallback, UsageError, whole
from rlchassis_dqn.algorithm import DQN
from rlchassis_dqn.exploration import LinearEps

PROBABILITY = and_(ge(0), le(1))


@frozen
class EpochTrainCallbackDQNSetEps(EpochTrainCallback):
    """Lets training act at random equally often from the first epoch on, in place of the schedule of the params."""

    eps_train: float = field(validator=PROBABILITY)
    """Probability ε of a random action."""

    def callback(self, epoch: int, env_step: int, context: CallbackContext) -> None:
        """UsageError where something else than DQN learns."""
        dqn_of(context).eps_schedule = LinearEps(self.eps_train, self.eps_train)


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
        """UsageError where something else than DQN learns."""
        fraction = self.decay_steps / context.world.sampling.total_steps
        dqn_of(context).eps_schedule = LinearEps(self.eps_train, self.eps_train_final, fraction)


@frozen
class EpochTestCallbackDQNSetEps(EpochTestCallback):
    """Lets tests act at random now and then; the stored policy does as eps_inference of the params says."""

    eps_test: float = field(validator=PROBABILITY)
    """Probability ε of a random action."""

    def callback(self, epoch: int, env_step: int, context: CallbackContext) -> None:
        """UsageError where something else than DQN learns."""
        dqn_of(context).policy.eps_inference = self.eps_test


def dqn_of(context: CallbackContext) -> DQN:
    """The algorithm of the run."""
    algorithm = context.world.algorithm
    if not isinstance(algorithm, DQN):
        raise UsageError(f"this callback sets how often DQN acts at random, but {type(algorithm).__name__} learns here; leave it out.")
    return algorithm
