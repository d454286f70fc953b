"""Callbacks: the code of one script, at the beginning of epochs and tests and after tests."""

from __future__ import annotations

import inspect
import math
from abc import ABC, abstractmethod

import attrs
from attrs import frozen

from rlchassis.config.config_part import ConfigPart
from rlchassis.config.fields import number, told, whole, with_article
from rlchassis.envs import Environments
from rlchassis.errors import UsageError
from rlchassis.learning.policy import Policy
from rlchassis.training.loggers import Logger
from rlchassis.training.world import World


@frozen(eq=False)
class CallbackContext:
    """What a callback may look at and touch."""

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
    """Called at the beginning of every epoch."""

    @abstractmethod
    def callback(self, epoch: int, env_step: int, context: CallbackContext) -> None:
        """Epochs count from 1; env_step is how many environment steps have been done."""


class EpochTestCallback(ConfigPart, ABC):
    """Called at the beginning of every test."""

    @abstractmethod
    def callback(self, epoch: int, env_step: int, context: CallbackContext) -> None:
        """Epochs count from 1; env_step is how many environment steps have been done."""


class EpochStopCallback(ConfigPart, ABC):
    """Asked after every test."""

    @abstractmethod
    def should_stop(self, mean_rewards: float, context: CallbackContext) -> bool:
        """Whether to end training; mean_rewards is the mean undiscounted raw return of this test, not the best so far."""

    def begin(self, context: CallbackContext) -> None:
        """Told before the first step, so that what cannot work is refused there; nothing unless a subclass looks."""


@frozen
class EpochStopCallbackRewardThreshold(EpochStopCallback):
    """Ends training once a test's mean return reaches a threshold."""

    threshold: float | None = number(None, or_none=True)
    """The mean return to reach; None: what the environment itself declares as solved."""

    def should_stop(self, mean_rewards: float, context: CallbackContext) -> bool:
        """Once it is reached."""
        return mean_rewards >= self._threshold(context)

    def begin(self, context: CallbackContext) -> None:
        """UsageError where neither the recipe nor the environment names a threshold."""
        self._threshold(context)

    def _threshold(self, context: CallbackContext) -> float:
        threshold = context.envs.reward_threshold if self.threshold is None else self.threshold
        if threshold is None:
            raise UsageError("this environment declares no reward threshold; give EpochStopCallbackRewardThreshold one.")
        return threshold


@frozen
class EpochStopCallbackNoImprovement(EpochStopCallback):
    """Ends training once this many tests in a row have not beaten the best before them."""

    patience: int = whole(10)
    """Tests to wait for a better one."""

    def should_stop(self, mean_rewards: float, context: CallbackContext) -> bool:
        """Reads the history of tests that the trainer keeps, so that the recipe itself stays unchanged."""
        means = [-math.inf if math.isnan(mean) else mean for mean in context.world.state.test_means]
        best = max(range(len(means)), key=means.__getitem__)
        return len(means) - 1 - best >= self.patience


@frozen
class Callbacks:
    """The callbacks of a recipe; those of one kind are called in the order in which they were given."""

    train: tuple[EpochTrainCallback, ...] = ()
    test: tuple[EpochTestCallback, ...] = ()
    stop: tuple[EpochStopCallback, ...] = ()

    def __attrs_post_init__(self) -> None:
        """Refuse what is no callback of its kind, and one that could not be called."""
        for name, kind in (("train", EpochTrainCallback), ("test", EpochTestCallback), ("stop", EpochStopCallback)):
            for given in getattr(self, name):
                if not isinstance(given, kind):
                    raise UsageError(f"expected {with_article(kind)}, got {told(given)}; derive it from rlchassis.api.{kind.__name__}.")
                _require_callable(kind, given, *kind.__abstractmethods__)

    def adding(self, kind: str, callback: object) -> Callbacks:
        """The same and one more, of the kind train, test or stop."""
        return attrs.evolve(self, **{kind: (*getattr(self, kind), callback)})


def _require_callable(kind: type[ConfigPart], callback: ConfigPart, method: str) -> None:
    """UsageError where it does not take the arguments that its method is called with."""
    _, *asked = inspect.signature(getattr(kind, method)).parameters
    try:
        inspect.signature(getattr(callback, method)).bind(*asked)
    except TypeError as error:
        raise UsageError(f"{type(callback).__name__}.{method} is called with ({', '.join(asked)}): {error}.") from error
