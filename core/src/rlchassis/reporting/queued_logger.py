"""A logger behind a bounded queue, in a thread of its own, so that it neither slows nor stops a run."""

from __future__ import annotations

import logging
import os
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from attrs import define, field

from rlchassis.reporting.loggers import Logger, name_of
from rlchassis.storage.files import METRICS_FILENAME

log = logging.getLogger(__name__)
CAPACITY = 1024
"""Maximum number of rows that wait for a logger."""
CLOSING_SECONDS = 10.0
"""Time that a logger has at the end of a run to write what waits and to close."""

STORED = ("log", "log_histogram")
"""Methods whose calls a checkpoint stores; paths of files are not taken from one, which may be a stranger's."""

Call = tuple[str, tuple[Any, ...]]
"""Name of a method of Logger, and its arguments."""


@define(eq=False)
class QueuedLogger(Logger):
    """Passes calls to a logger in a thread of its own, in order; nothing that it raises or waits for reaches the caller.

    Rows that find the queue full are dropped and counted. In a fork of the process, which has no such thread, nothing is logged.
    """

    logger: Logger
    capacity: int = CAPACITY
    closing_seconds: float = CLOSING_SECONDS
    dropped: int = field(default=0, init=False)
    """Number of calls that were dropped because the queue was full."""
    _waiting: deque[Call] = field(factory=deque, init=False)
    """Calls that the state does not include yet; the first one may be under way."""
    _state: dict[str, Any] = field(factory=dict, init=False)
    """State of the logger after the last finished call."""
    _changed: threading.Condition = field(factory=threading.Condition, init=False)
    _thread: threading.Thread = field(init=False)
    """Started with the first call; one that hangs does not keep the process from ending."""
    _is_closing: bool = field(default=False, init=False)
    _is_given_up: bool = field(default=False, init=False)
    _process: int = field(factory=os.getpid, init=False)

    def __attrs_post_init__(self) -> None:
        """Read the state before the first call."""
        self._thread = threading.Thread(target=self._work, name=f"rlchassis {name_of(self)}", daemon=True)
        with self._failing():
            self._state = self.logger.state_dict()

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        """Pass a copy of the row on."""
        self._put("log", dict(metrics), step)

    def log_histogram(self, tag: str, values: Sequence[float], step: int) -> None:
        """Pass the values on."""
        self._put("log_histogram", tag, list(values), step)

    def log_video(self, tag: str, file: str, step: int) -> None:
        """Pass the file on."""
        self._put("log_video", tag, file, step)

    def state_dict(self) -> dict[str, Any]:
        """State of the logger after the last row that it has written, and the rows after it."""
        with self._changed:
            rows = [] if self._is_given_up else [[name, list(given)] for name, given in self._waiting if name in STORED]
            return {"state": self._state, "waiting": rows}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore the logger, and pass on the rows that it had not written."""
        with self._failing():
            self.logger.load_state_dict(state["state"])
            self._state = self.logger.state_dict()
            for name, arguments in state["waiting"]:
                if name in STORED:
                    self._put(name, *arguments)

    def close(self) -> None:
        """Wait until everything is written and the logger is closed, but no longer than closing_seconds."""
        if self._process != os.getpid() or self._is_closing:
            return
        with self._changed:
            self._is_closing = True
            self._wake()
        self._thread.join(self.closing_seconds)
        if self._thread.is_alive():
            self._is_given_up = True
            said = "%s did not close within %g s: %d rows are in %s only."
            log.warning(said, name_of(self), self.closing_seconds, len(self._waiting), METRICS_FILENAME)
        if self.dropped:
            log.warning("%s was slower than the run: %d rows are in %s only.", name_of(self), self.dropped, METRICS_FILENAME)

    def _put(self, name: str, *arguments: Any) -> None:
        if self._process != os.getpid():
            return
        with self._changed:
            if self._is_given_up or self._is_closing:
                return
            if len(self._waiting) < self.capacity:
                self._waiting.append((name, arguments))
                self._wake()
            else:
                self.dropped += 1

    def _wake(self) -> None:
        if self._thread.ident is None:
            self._thread.start()
        self._changed.notify()

    def _work(self) -> None:
        with self._failing():
            while (call := self._next()) is not None:
                name, arguments = call
                getattr(self.logger, name)(*arguments)
                self._finish_call()
        with self._failing("could not be closed; metrics that it had not written are lost"):
            self.logger.close()

    @contextmanager
    def _failing(self, how: str = "failed and is no longer used; the run continues") -> Iterator[None]:
        """Context in which the logger may fail: it is then no longer used."""
        try:
            yield
        except (Exception, SystemExit):
            with self._changed:
                self._is_given_up = True
            log.warning("%s %s.", name_of(self), how, exc_info=True)

    def _next(self) -> Call | None:
        """The next call, which stays in the queue until it is finished; None at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._is_closing)
            return None if self._is_given_up or not self._waiting else self._waiting[0]

    def _finish_call(self) -> None:
        state, self.problem = self.logger.state_dict(), self.logger.problem
        with self._changed:
            self._waiting.popleft()
            self._state = state
