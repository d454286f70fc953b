"""The conversation with one worker process, and the naming of the environment that failed in it."""

from __future__ import annotations

import contextlib
import pickle
import select
import sys
from typing import TYPE_CHECKING, Any, Self, TypeVar

import numpy as np
from attrs import define, field

from rlchassis.envs.progress import Progress, failure_text
from rlchassis.envs.rows import Rows
from rlchassis.envs.worker_process import WorkerProcess
from rlchassis.envs.worker_protocol import RESET, STEP, Failure, Setup, packed
from rlchassis.errors import EnvironmentFailure, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from rlchassis.envs.chunk import EnvConstructor
    from rlchassis.envs.spaces import Array
    from rlchassis.envs.vector import EnvTraits

SECONDS_TO_START = 60.0
Answer = TypeVar("Answer")


class WorkerTraceback(Exception):  # noqa: N818  never raised by itself: the cause of an EnvironmentFailure, as text
    """The traceback of an exception that was raised in a worker process."""

    def __str__(self) -> str:
        return f"\n{self.args[0]}"


@define(eq=False)
class Worker:
    """The process that runs environments first_index … first_index + num_envs − 1."""

    first_index: int
    num_envs: int
    process: WorkerProcess
    _progress: Progress
    rows: Rows = field(init=False)
    """What it last answered, once it has told its traits."""
    _seeds: Sequence[int | None] = field(init=False)
    _doing: str = field(init=False, default="in its constructor")
    _actions: Array | None = field(init=False, default=None)
    _readable: select.poll = field(init=False, factory=select.poll)

    def __attrs_post_init__(self) -> None:
        self._seeds = [None] * self.num_envs
        self._readable.register(self.process.connection.fileno(), select.POLLIN)

    @classmethod
    def start(cls, first_index: int, num_envs: int) -> Self:
        """Start the process without waiting for it."""
        process = WorkerProcess.start()
        return cls(first_index, num_envs, process, process.shared.progress(num_envs))

    @property
    def span(self) -> slice:
        """Its share of all rows."""
        return slice(self.first_index, self.first_index + self.num_envs)

    def begin_construction(self, constructors: Sequence[EnvConstructor]) -> None:
        """Tell it what to make."""
        self._send(Setup(sys.path, self.first_index, self.num_envs, _pickled(constructors)))

    def receive_traits(self, timeout: float) -> EnvTraits:
        """Wait until the environments are made; no single one may take longer than the timeout, which begins once the process runs."""
        self._receive(SECONDS_TO_START)
        traits: EnvTraits = pickle.loads(self._receive(timeout))
        self.rows = Rows.allocate(traits.observation_space, self.num_envs, self.process.shared.piece)
        return traits

    def begin_reset(self, seeds: Sequence[int | None]) -> None:
        """Tell it to begin new episodes."""
        self._seeds, self._doing, self._actions = seeds, "in its reset", None
        self._send((RESET, seeds))

    def begin_step(self, actions: Array, active: NDArray[np.bool_] | None) -> bool:
        """Tell it to step those of its environments that are active, given what holds for all; says whether there are any."""
        chosen = range(self.num_envs) if active is None else np.flatnonzero(active[self.span]).tolist()
        if chosen:
            self._actions = actions[self.span]
            self._send((STEP, self._actions, chosen))
        return bool(chosen)

    def finish(self, timeout: float) -> bool:
        """Wait for the answer, which is then in rows; says whether an episode ended."""
        return bool(self._receive(timeout))

    def ask_to_close(self) -> None:
        """Tell it to close its environments and end, if it still listens."""
        with contextlib.suppress(OSError):
            self.process.connection.send(None)

    def _send(self, message: Any) -> None:
        self._exchanged(lambda: self.process.connection.send(message))

    def _receive(self, timeout: float) -> Any:
        self._wait_while_it_gets_on(timeout)
        answer = self._exchanged(self.process.connection.recv)
        if isinstance(answer, Failure):
            raise (UsageError if answer.is_usage else EnvironmentFailure)(answer.message) from WorkerTraceback(answer.traceback)
        return answer

    def _wait_while_it_gets_on(self, timeout: float) -> None:
        seen = self._progress.mark()
        while not self._readable.poll(timeout * 1000):
            mark = self._progress.mark()
            if mark == seen:
                raise self._failure(f"did not answer within {timeout:g} s and was killed")
            seen = mark

    def _exchanged(self, exchange: Callable[[], Answer]) -> Answer:
        try:
            return exchange()
        except (EOFError, OSError) as error:
            raise self._failure(self.process.how_it_ended()) from error

    def _failure(self, what: str) -> EnvironmentFailure:
        local = self._progress.current[0]
        when = self._doing
        if self._actions is not None:
            when = f"at {self._progress.when()}, with action {self._actions[local]}"
        return EnvironmentFailure(failure_text(self.first_index + local, self._seeds[local], what, when))


def _pickled(constructors: Sequence[EnvConstructor]) -> bytes:
    try:
        return packed(list(constructors))
    except Exception as error:
        raise UsageError(f"what makes the environments cannot be sent to a worker process ({error}); use VectorEnvType.DUMMY") from error
