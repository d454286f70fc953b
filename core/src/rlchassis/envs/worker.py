"""The conversation with one worker process, and the naming of the environment that failed in it."""

from __future__ import annotations

import contextlib
import pickle
import select
import sys
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define, field

from rlchassis.envs.progress import Progress, failure_text
from rlchassis.envs.worker_process import WorkerProcess
from rlchassis.envs.worker_protocol import (
    CLOSE,
    ENDED,
    FAILED,
    RESET,
    STEP,
    Arena,
    Failure,
    Setup,
    packed,
    shared_progress,
)
from rlchassis.errors import EnvironmentFailure, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rlchassis.envs.chunk import EnvConstructor
    from rlchassis.envs.rows import Rows
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
    shared_memory: bool
    process: WorkerProcess
    _progress: Progress
    _arena: Arena | None = None
    _seeds: Sequence[int | None] = ()
    _doing: str = "in its constructor"
    _actions: Array | None = None
    _readable: select.poll = field(init=False, factory=select.poll)

    def __attrs_post_init__(self) -> None:
        self._seeds = [None] * self.num_envs
        self._readable.register(self.process.connection.fileno(), select.POLLIN)

    @classmethod
    def start(cls, constructors: Sequence[EnvConstructor], first_index: int, shared_memory: bool) -> Self:
        """Start the process and tell it what to make, without waiting for it."""
        num_envs = len(constructors)
        setup = Setup(sys.path, first_index, num_envs, shared_memory, _pickled(constructors))
        process = WorkerProcess.start(num_envs)
        try:
            worker = cls(first_index, num_envs, shared_memory, process, shared_progress(process.shared_fd, num_envs))
            worker._send(setup)
        except BaseException:
            process.kill()
            raise
        return worker

    @property
    def rows(self) -> Rows:
        """What it last answered."""
        return self._written.rows

    @property
    def _written(self) -> Arena:
        assert self._arena is not None, "the traits must be received before anything else"
        return self._arena

    @property
    def span(self) -> slice:
        """Its share of all rows."""
        return slice(self.first_index, self.first_index + self.num_envs)

    def receive_traits(self, timeout: float) -> EnvTraits:
        """Wait until the environments are made; no single one may take longer than the timeout, which begins once the process runs."""
        self._receive(SECONDS_TO_START)
        traits: EnvTraits = pickle.loads(self._receive(timeout)[1:])
        self._arena = Arena.of(traits.observation_space, self.num_envs, self.process.shared_fd if self.shared_memory else None)
        return traits

    def begin_reset(self, seeds: Sequence[int | None]) -> None:
        """Tell it to begin new episodes."""
        self._seeds, self._doing, self._actions = seeds, "in its reset", None
        self._send((RESET, seeds))

    def begin_step(self, actions: Array, chosen: Sequence[int]) -> None:
        """Tell it to step the chosen ones of its environments."""
        self._actions = actions
        self._send((STEP, (actions, chosen)))

    def finish(self, timeout: float) -> bool:
        """Wait for the answer, which is then in rows; says whether an episode ended."""
        any_ended = self._receive(timeout)[:1] == ENDED
        if not self.shared_memory:
            self._exchanged(lambda: self.process.connection.recv_bytes_into(self._written.everything))
        return any_ended

    def ask_to_close(self) -> None:
        """Tell it to close its environments and end, if it still listens."""
        with contextlib.suppress(OSError):
            self.process.connection.send((CLOSE, None))

    def _send(self, message: Any) -> None:
        self._exchanged(lambda: self.process.connection.send(message))

    def _receive(self, timeout: float) -> bytes:
        self._wait_while_it_gets_on(timeout)
        answer: bytes = self._exchanged(self.process.connection.recv_bytes)
        if answer[:1] == FAILED:
            failure: Failure = pickle.loads(answer[1:])
            raise (UsageError if failure.is_usage else EnvironmentFailure)(failure.message) from WorkerTraceback(failure.traceback)
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
