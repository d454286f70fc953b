"""Signal handling: the first signal stops a run before the next step, a second one aborts it."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from attrs import define, field

from rlchassis.errors import Interrupted
from rlchassis.hookspecs import hookimpl
from rlchassis.training.world import World

TERMINATING = tuple(number for name in ("SIGTERM", "SIGHUP") if (number := getattr(signal, name, None)) is not None)
"""Signals that terminate a process by default; Windows has no SIGHUP."""
UNHANDLED = {signal.SIGINT: signal.default_int_handler, **dict.fromkeys(TERMINATING, signal.SIG_DFL)}
"""Handlers of a process that has none of its own."""


@define(eq=False)
class Interruption:
    """Observer that delays a signal to a safe point: to the start of training during the build, to the next step in training."""

    received: int | None = field(default=None, init=False)
    _world: World | None = field(default=None, init=False)
    _is_over: bool = field(default=False, init=False)
    _passed_on: Interrupted | None = field(default=None, init=False)
    _process: int = field(factory=os.getpid, init=False)

    @contextmanager
    def awaited(self, numbers: Iterable[int]) -> Iterator[None]:
        """Context that handles these signals, except ignored ones."""
        heard = [number for number in numbers if signal.getsignal(number) not in (signal.SIG_IGN, None)]  # nohup asks to ignore one
        before = {number: signal.signal(number, self._receive) for number in heard}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def of_script(self) -> Iterator[None]:
        """Context in which a signal that nobody handles first stops the run cleanly; a terminating one then ends the process."""
        is_main = threading.current_thread() is threading.main_thread()
        unhandled = [number for number, handler in UNHANDLED.items() if is_main and signal.getsignal(number) == handler]
        try:
            with self.awaited(unhandled):
                yield
        finally:
            if self.received is not None and self.received in TERMINATING:
                for stream in filter(None, (sys.stdout, sys.stderr)):
                    with suppress(OSError):
                        stream.flush()
                signal.raise_signal(self.received)

    def returns_result(self, error: BaseException) -> bool:
        """Whether this error is a first Ctrl-C, after which a script gets what is there so far."""
        return self.received == signal.SIGINT and error is self._passed_on

    def _receive(self, number: int, frame: Any) -> None:
        if os.getpid() != self._process:  # a fork of it, of an environment for example, which has no run to end
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
            return
        if self.received is not None or self._is_over:
            self.received = number
            raise Interrupted(number)
        self.received = number
        self._pass_on()
        if sys.stderr is None:  # then a file of the run may have its number
            return
        with suppress(OSError):
            os.write(2, b"\nStopping before the next step; a second Ctrl-C ends at once.\n")  # unlike print, safe wherever a signal strikes

    def _pass_on(self) -> None:
        if self._world is not None and self.received is not None:
            self._passed_on = Interrupted(self.received)
            self._world.interrupt(self._passed_on)

    @hookimpl
    def rlchassis_world_ready(self, world: World) -> None:
        """Without training, signals are not delayed."""
        self._is_over = not world.config.train

    @hookimpl
    def rlchassis_train_start(self, world: World) -> None:
        """Pass on a signal received during the build."""
        self._world = world
        self._pass_on()

    @hookimpl
    def rlchassis_train_end(self) -> None:
        """Signals are no longer delayed: the policy is stored."""
        self._world, self._is_over = None, True
