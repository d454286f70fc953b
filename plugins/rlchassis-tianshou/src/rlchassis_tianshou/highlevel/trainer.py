"""Names of tianshou.highlevel.trainer: callbacks, and the context that they get."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from attrs import frozen

from rlchassis.api import CallbackContext, ConfigPart
from rlchassis.experiment import EpochStopCallback as NativeStopCallback
from rlchassis.experiment import EpochStopCallbackRewardThreshold
from rlchassis_tianshou.translation.context import TrainingContext

__all__ = [
    "EpochStopCallback",
    "EpochStopCallbackRewardThreshold",
    "EpochTestCallback",
    "EpochTestCallbackDQNSetEps",
    "EpochTrainCallback",
    "EpochTrainCallbackDQNEpsLinearDecay",
    "EpochTrainCallbackDQNSetEps",
    "TrainerCallbacks",
    "TrainingContext",
]


class EpochTrainCallback(ConfigPart, ABC):
    """Base class of callbacks before every collection."""

    @abstractmethod
    def callback(self, epoch: int, env_step: int, context: TrainingContext) -> None:
        """env_step: environment steps without those of the warm-up."""


class EpochTestCallback(ConfigPart, ABC):
    """Base class of callbacks before every test; that of epoch 0 is before training."""

    @abstractmethod
    def callback(self, epoch: int, env_step: int | None, context: TrainingContext) -> None:
        """env_step: environment steps without those of the warm-up."""


class EpochStopCallback(ConfigPart, ABC):
    """Base class of early stopping criteria, asked after every test."""

    @abstractmethod
    def should_stop(self, mean_rewards: float, context: TrainingContext) -> bool:
        """Return whether to stop; mean_rewards: the mean return of this test."""


@dataclass
class TrainerCallbacks:
    """One callback of each kind."""

    epoch_train_callback: EpochTrainCallback | None = None
    epoch_test_callback: EpochTestCallback | None = None
    epoch_stop_callback: EpochStopCallback | NativeStopCallback | None = None


@frozen
class StopCallbackOf(NativeStopCallback):
    """A stop callback of Tianshou's scripts, as rlchassis asks it."""

    callback: EpochStopCallback

    def should_stop(self, mean_rewards: float, context: CallbackContext) -> bool:
        """Whether it wants to stop."""
        return bool(self.callback.should_stop(mean_rewards, TrainingContext.of(context.world)))


@frozen
class EpochTrainCallbackDQNSetEps(EpochTrainCallback):
    """Sets the exploration rate ε of training; its argument has this name in Tianshou."""

    eps_test: float

    def callback(self, epoch: int, env_step: int, context: TrainingContext) -> None:
        """Set ε."""
        context.policy.set_eps(self.eps_test)


@frozen
class EpochTrainCallbackDQNEpsLinearDecay(EpochTrainCallback):
    """Decays the exploration rate ε linearly over a number of environment steps."""

    eps_train: float
    eps_train_final: float
    decay_steps: int = 1_000_000

    def callback(self, epoch: int, env_step: int, context: TrainingContext) -> None:
        """Set ε."""
        done = min(1.0, env_step / self.decay_steps)
        context.policy.set_eps(self.eps_train + (self.eps_train_final - self.eps_train) * done)


@frozen
class EpochTestCallbackDQNSetEps(EpochTestCallback):
    """Sets the exploration rate ε of tests."""

    eps_test: float

    def callback(self, epoch: int, env_step: int | None, context: TrainingContext) -> None:
        """Set ε."""
        context.policy.set_eps(self.eps_test)
