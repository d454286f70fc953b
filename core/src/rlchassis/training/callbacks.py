"""Callbacks: user code at the start of epochs and tests, and early stopping after tests."""

from __future__ import annotations

import inspect
import math
from abc import ABC, abstractmethod

import attrs
from attrs import frozen

from rlchassis.config.config_part import ConfigPart
from rlchassis.config.fields import number, value_repr, whole, with_article
from rlchassis.envs import Environments
from rlchassis.errors import UsageError
from rlchassis.learning.policy import Policy
from rlchassis.reporting.loggers import Logger
from rlchassis.training.world import World


@frozen(eq=False)
class CallbackContext:
    """Objects of the run that a callback may use."""

    world: World

    @property
    def policy(self) -> Policy:
        """The outermost policy."""
        return self.world.policy

    @property
    def envs(self) -> Environments:
        """The environments of the run."""
        return self.world.envs

    @property
    def logger(self) -> Logger:
        """The logger of the run."""
        return self.world.logger


class EpochTrainCallback(ConfigPart, ABC):
    """Base class of callbacks at the start of every epoch."""

    @abstractmethod
    def callback(self, epoch: int, env_step: int, context: CallbackContext) -> None:
        """Epochs count from 1; env_step is how many environment steps have been done."""


class EpochTestCallback(ConfigPart, ABC):
    """Base class of callbacks at the start of every test."""

    @abstractmethod
    def callback(self, epoch: int, env_step: int, context: CallbackContext) -> None:
        """Epochs count from 1; env_step is how many environment steps have been done."""


class EpochStopCallback(ConfigPart, ABC):
    """Base class of early stopping criteria, checked after every test."""

    @abstractmethod
    def should_stop(self, mean_rewards: float, context: CallbackContext) -> bool:
        """Return whether to stop training; mean_rewards: mean undiscounted raw return of this test, not the best so far."""

    def begin(self, context: CallbackContext) -> None:
        """Called before the first step; raise UsageError here if the criterion cannot work in this run. Default: nothing.

        In a resumed run the attributes that it sets have their stored values back before training goes on.
        """


@frozen
class EpochStopCallbackRewardThreshold(EpochStopCallback):
    """Stop training once a test's mean return reaches a threshold."""

    threshold: float | None = number(None, or_none=True)
    """Mean return to reach; None: the environment's reward_threshold."""

    def should_stop(self, mean_rewards: float, context: CallbackContext) -> bool:
        """Whether the threshold is reached."""
        return mean_rewards >= self._threshold(context)

    def begin(self, context: CallbackContext) -> None:
        """UsageError if neither the callback nor the environment has a threshold."""
        self._threshold(context)

    def _threshold(self, context: CallbackContext) -> float:
        threshold = context.envs.reward_threshold if self.threshold is None else self.threshold
        if threshold is None:
            raise UsageError("this environment has no reward_threshold; set the threshold of EpochStopCallbackRewardThreshold.")
        return threshold


@frozen
class EpochStopCallbackNoImprovement(EpochStopCallback):
    """Stop training after `patience` consecutive tests without a new best mean return."""

    patience: int = whole(10)
    """Number of consecutive tests without improvement."""

    def should_stop(self, mean_rewards: float, context: CallbackContext) -> bool:
        """Whether the last `patience` tests have not improved; reads the trainer's history, since callbacks are immutable."""
        means = [-math.inf if math.isnan(mean) else mean for mean in context.world.state.test_means]
        best = max(range(len(means)), key=means.__getitem__)
        return len(means) - 1 - best >= self.patience


@frozen
class Callbacks:
    """Callbacks of an experiment; those of one kind are called in order."""

    train: tuple[EpochTrainCallback, ...] = ()
    test: tuple[EpochTestCallback, ...] = ()
    stop: tuple[EpochStopCallback, ...] = ()

    def __attrs_post_init__(self) -> None:
        """Check the class of each callback and the signature of its method."""
        for name, kind in (("train", EpochTrainCallback), ("test", EpochTestCallback), ("stop", EpochStopCallback)):
            for given in getattr(self, name):
                if not isinstance(given, kind):
                    raise UsageError(
                        f"expected {with_article(kind)}, got {value_repr(given)}; derive it from rlchassis.api.{kind.__name__}."
                    )
                _require_callable(kind, given, *kind.__abstractmethods__)

    def adding(self, kind: str, callback: object) -> Callbacks:
        """A copy with one more callback; kind: "train", "test" or "stop"."""
        return attrs.evolve(self, **{kind: (*getattr(self, kind), callback)})


def _require_callable(kind: type[ConfigPart], callback: ConfigPart, method: str) -> None:
    """UsageError if the method does not accept the arguments that it is called with."""
    _, *arguments = inspect.signature(getattr(kind, method)).parameters
    try:
        inspect.signature(getattr(callback, method)).bind(*arguments)
    except TypeError as error:
        raise UsageError(f"{type(callback).__name__}.{method} is called with ({', '.join(arguments)}): {error}.") from error
