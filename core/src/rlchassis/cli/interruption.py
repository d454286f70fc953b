"""SIGINT, SIGTERM and SIGHUP: the first ends a run where its policy is whole, a second one wherever it is."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from attrs import define, field

from rlchassis.errors import Interrupted
from rlchassis.hookspecs import hookimpl

SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
"""SIGHUP, the end of a terminal, is unknown to Windows."""


@define(eq=False)
class Interruption:
    """An observer that passes a signal on between collecting, learning and testing."""

    _received: int | None = field(default=None, init=False)

    @contextmanager
    def awaited(self) -> Iterator[None]:
        """Within it signals are this object's."""
        heard = [number for number in SIGNALS if signal.getsignal(number) not in (signal.SIG_IGN, None)]  # nohup asks to ignore one
        before = {number: signal.signal(number, self._receive) for number in heard}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _receive(self, number: int, frame: Any) -> None:
        if self._received is not None:
            raise Interrupted(number)
        self._received = number
        if sys.stderr is None:  # then a file of the run may have its number
            return
        with suppress(OSError):
            os.write(2, b"\nStopping after this phase; press Ctrl-C again to abort.\n")  # unlike print, safe wherever a signal strikes

    def _pass_on(self) -> None:
        if self._received is not None:
            raise Interrupted(self._received)

    @hookimpl
    def rlchassis_epoch_start(self) -> None:
        """A signal while everything was built."""
        self._pass_on()

    @hookimpl
    def rlchassis_collect_end(self) -> None:
        """While collecting."""
        self._pass_on()

    @hookimpl
    def rlchassis_learn_end(self) -> None:
        """While learning."""
        self._pass_on()

    @hookimpl
    def rlchassis_test_end(self) -> None:
        """While testing."""
        self._pass_on()
