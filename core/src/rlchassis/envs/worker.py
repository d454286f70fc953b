"""One supervised worker process: started, told, waited for, and ended without fail."""

from __future__ import annotations

import contextlib
import os
import pickle
import select
import signal
import socket
import subprocess
import sys
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define, field

from rlchassis.envs.chunk import EnvConstructor, Progress, failure_text
from rlchassis.envs.worker_protocol import (
    CLOSE,
    ENDED,
    FAILED,
    RESET,
    STEP,
    Arena,
    Failure,
    Setup,
    open_shared_file,
    packed,
    shared_progress,
)
from rlchassis.errors import EnvironmentFailure, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rlchassis.envs.rows import Rows
    from rlchassis.envs.spaces import Array
    from rlchassis.envs.vector import EnvTraits

SECONDS_TO_START = 60.0
SECONDS_TO_DIE = 5.0
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
    pid: int
    _process: subprocess.Popen[bytes]
    _connection: Connection[Any, Any]
    _shared_fd: int
    _progress: Progress
    _arena: Arena | None = None
    _seeds: Sequence[int | None] = ()
    _doing: str = "in its constructor"
    _actions: Array | None = None
    _readable: select.poll = field(init=False, factory=select.poll)

    def __attrs_post_init__(self) -> None:
        self._seeds = [None] * self.num_envs
        self._readable.register(self._connection.fileno(), select.POLLIN)

    @classmethod
    def start(cls, constructors: Sequence[EnvConstructor], first_index: int, shared_memory: bool) -> Self:
        """Start the process and tell it what to make, without waiting for it."""
        num_envs = len(constructors)
        setup = Setup(sys.path, first_index, num_envs, shared_memory, _pickled(constructors))
        shared_fd = open_shared_file(num_envs)
        ours, theirs = socket.socketpair()
        with theirs:
            process = _start_process(theirs.fileno(), shared_fd)
        connection: Connection[Any, Any] = Connection(ours.detach())
        worker = cls(
            first_index, num_envs, shared_memory, process.pid, process, connection, shared_fd, shared_progress(shared_fd, num_envs)
        )
        worker._send(setup)
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
        self._arena = Arena.of(traits.observation_space, self.num_envs, self._shared_fd if self.shared_memory else None)
        return traits

    def begin_reset(self, seeds: Sequence[int | None]) -> None:
        """Tell it to begin new episodes."""
        self._seeds, self._doing, self._actions = seeds, "in its reset", None
        self._send((RESET, seeds))

    def begin_step(self, actions: Array, chosen: Sequence[int]) -> None:
        """Tell it to step the chosen ones of its environments."""
        self._doing, self._actions = "at", actions
        self._send((STEP, (actions, chosen)))

    def finish(self, timeout: float) -> bool:
        """Wait for the answer, which is then in rows; says whether an episode ended."""
        any_ended = self._receive(timeout)[:1] == ENDED
        if not self.shared_memory:
            self._exchanged(lambda: self._connection.recv_bytes_into(self._written.everything))
        return any_ended

    def ask_to_close(self) -> None:
        """Tell it to close its environments and end, if it still listens."""
        with contextlib.suppress(OSError):
            self._connection.send((CLOSE, None))

    def wait_or_kill(self, seconds: float) -> None:
        """Give it so long to end by itself, then see that it has ended."""
        try:
            self._process.wait(max(seconds, 0.0))
        except subprocess.TimeoutExpired:
            self.kill()
        else:
            self._release()

    def kill(self) -> None:
        """End it and what it started, now; may be called again."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(SECONDS_TO_DIE)
        self._release()

    def _release(self) -> None:
        self._connection.close()
        if self._shared_fd >= 0:
            os.close(self._shared_fd)
            self._shared_fd = -1

    def _send(self, message: Any) -> None:
        self._exchanged(lambda: self._connection.send(message))

    def _receive(self, timeout: float) -> bytes:
        self._wait_while_it_gets_on(timeout)
        answer: bytes = self._exchanged(self._connection.recv_bytes)
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
            raise self._failure(self._how_it_ended()) from error

    def _how_it_ended(self) -> str:
        try:
            code = self._process.wait(SECONDS_TO_DIE)
        except subprocess.TimeoutExpired:
            return "broke off the connection of its worker process"
        if code < 0:
            return f"lost its worker process, which was killed by {signal.Signals(-code).name}"
        return f"lost its worker process, which exited with code {code}"

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


def _start_process(socket_fd: int, shared_fd: int) -> subprocess.Popen[bytes]:
    """In a process group of its own, so that Ctrl-C reaches the supervisor alone, and a kill reaches what the worker started."""
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "rlchassis.envs.worker_main", str(socket_fd), str(shared_fd)],
        stdin=subprocess.DEVNULL,
        pass_fds=(socket_fd, shared_fd),
        process_group=0,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(entry or str(os.curdir) for entry in sys.path)},
    )
