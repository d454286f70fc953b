"""Adapters from callbacks to hooks, with checks of what callbacks return."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
from attrs import define

from rlchassis.config.config_part import ConfigPart
from rlchassis.errors import UsageError
from rlchassis.hookspecs import hookimpl
from rlchassis.training.callbacks import CallbackContext, Callbacks, EpochStopCallback, EpochTestCallback, EpochTrainCallback
from rlchassis.training.world import World


@define(eq=False)
class TrainHooks:
    """Hooks of an EpochTrainCallback."""

    callback: EpochTrainCallback

    @hookimpl
    def rlchassis_epoch_start(self, world: World, epoch: int, env_step: int) -> None:
        """Call it."""
        _require_no_bool(self.callback, self.callback.callback(epoch, env_step, CallbackContext(world)))


@define(eq=False)
class TestingHooks:
    """Hooks of an EpochTestCallback."""

    callback: EpochTestCallback

    @hookimpl
    def rlchassis_test_start(self, world: World, epoch: int, env_step: int) -> None:
        """Call it."""
        _require_no_bool(self.callback, self.callback.callback(epoch, env_step, CallbackContext(world)))


@define(eq=False)
class StopHooks:
    """Hooks of an EpochStopCallback."""

    callback: EpochStopCallback

    @hookimpl
    def rlchassis_train_start(self, world: World) -> None:
        """Call `begin`, which raises if the callback cannot work in this run; in a resumed run it was called before."""
        if world.state.env_step == 0:
            self.callback.begin(CallbackContext(world))

    @hookimpl
    def rlchassis_should_stop(self, world: World, mean_rewards: float) -> bool:
        """Call `should_stop` and check its type."""
        answer = self.callback.should_stop(mean_rewards, CallbackContext(world))
        if not isinstance(answer, bool | np.bool_):
            raise UsageError(f"{type(self.callback).__name__}.should_stop returned {answer!r}, expected True or False.")
        return bool(answer)


def hooks_of(callbacks: Callbacks) -> Iterator[tuple[str, Any]]:
    """(name for messages, hooks) of every callback."""
    seen: Counter[str] = Counter()
    kinds: Any = ((TrainHooks, callbacks.train), (TestingHooks, callbacks.test), (StopHooks, callbacks.stop))
    for hooks, given in kinds:
        for each in given:
            name = type(each).__name__
            seen[name] += 1
            yield f"callback {name}" + (f" ({seen[name]})" if seen[name] > 1 else ""), hooks(each)


def by_name(callbacks: Callbacks) -> dict[str, ConfigPart]:
    """Every callback, by its name for messages."""
    return {name: hooks.callback for name, hooks in hooks_of(callbacks)}


def _require_no_bool(callback: object, answer: object) -> None:
    """UsageError for a returned bool, by which other libraries stop training, and which is ignored here."""
    if isinstance(answer, bool | np.bool_):
        raise UsageError(
            f"{type(callback).__name__}.callback returned {answer!r}, which is ignored; return None, and stop training with an "
            "EpochStopCallback or context.world.state.request_stop(reason)."
        )
