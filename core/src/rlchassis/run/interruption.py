"""Signals: the first ends a run where its policy is whole, a second one wherever it is."""

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
"""Signals that end a process unless it says otherwise; SIGHUP, the end of a terminal, is unknown to Windows."""


@define(eq=False)
class Interruption:
    """An observer that passes a signal on: while a run is built to its training, in training to the trainer, and else at once."""

    received: int | None = field(default=None, init=False)
    _world: World | None = field(default=None, init=False)
    _is_over: bool = field(default=False, init=False)
    _process: int = field(factory=os.getpid, init=False)

    @contextmanager
    def awaited(self, numbers: Iterable[int]) -> Iterator[None]:
        """Within it these signals are this object's, but for those that are ignored."""
        heard = [number for number in numbers if signal.getsignal(number) not in (signal.SIG_IGN, None)]  # nohup asks to ignore one
        before = {number: signal.signal(number, self._receive) for number in heard}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def before_death(self) -> Iterator[None]:
        """Within it a signal that would end the process at once ends the run first, and the process afterwards, by that signal."""
        is_main = threading.current_thread() is threading.main_thread()
        deadly = [number for number in TERMINATING if is_main and signal.getsignal(number) is signal.SIG_DFL]
        try:
            with self.awaited(deadly):
                yield
        finally:
            if self.received is not None:
                for stream in filter(None, (sys.stdout, sys.stderr)):
                    with suppress(OSError):
                        stream.flush()
                signal.raise_signal(self.received)

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
            os.write(2, b"\nStopping after this phase; press Ctrl-C again to abort.\n")  # unlike print, safe wherever a signal strikes

    def _pass_on(self) -> None:
        if self._world is not None and self.received is not None:
            self._world.interrupt(Interrupted(self.received))

    @hookimpl
    def rlchassis_world_ready(self, world: World) -> None:
        """Where nothing trains, nothing needs to be waited for."""
        self._is_over = not world.config.train

    @hookimpl
    def rlchassis_train_start(self, world: World) -> None:
        """A signal while everything was built is passed on now."""
        self._world = world
        self._pass_on()

    @hookimpl
    def rlchassis_train_end(self) -> None:
        """The policy is stored."""
        self._world, self._is_over = None, True
