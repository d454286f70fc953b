"""Start and termination of worker processes, with a socket each and one shared file."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any, Self

from attrs import define, field

from rlchassis.envs.subprocess import worker_guard
from rlchassis.envs.subprocess.worker_protocol import SharedFile

SECONDS_TO_DIE = 5.0


@define(eq=False)
class WorkerProcess:
    """A running worker and the connection to it."""

    pid: int
    connection: Connection[Any, Any]
    mark: str
    """What it and whatever it starts bear in their environment variables."""
    _popen: subprocess.Popen[bytes]

    @classmethod
    def start(cls, shared_fd: int, mark: str) -> Self:
        """Start it without waiting for it."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                popen = _popen(theirs.fileno(), shared_fd, mark)
            except BaseException:
                ours.close()
                raise
        return cls(popen.pid, Connection(ours.detach()), mark, popen)

    @property
    def has_ended(self) -> bool:
        """Whether it runs no more, though a process that it forked may still hold its socket."""
        return self._popen.poll() is not None

    def how_it_ended(self) -> str:
        """In words, why it no longer answers."""
        try:
            code = self._popen.wait(SECONDS_TO_DIE)
        except subprocess.TimeoutExpired:
            return "broke off the connection of its worker process"
        if code < 0:
            return f"lost its worker process, which was killed by {signal.Signals(-code).name}"
        return f"lost its worker process, which exited with code {code}"

    def wait(self, seconds: float) -> None:
        """Give it so long to end by itself."""
        with suppress(subprocess.TimeoutExpired):
            self._popen.wait(max(seconds, 0.0))

    def release(self) -> None:
        """Free what the supervisor holds of it, once it is killed."""
        self.wait(SECONDS_TO_DIE)
        self.connection.close()


@define(eq=False)
class Crew:
    """Worker processes that begin and end together; should their supervisor die, a guard ends them."""

    shared: SharedFile
    processes: list[WorkerProcess] = field(factory=list)
    _mark: str = field(init=False, factory=lambda: secrets.token_hex(16))
    _started: int = field(init=False, default=0)
    _supervisor: int = field(init=False, factory=os.getpid)
    _guard: subprocess.Popen[bytes] | None = field(init=False, default=None)

    @classmethod
    def start(cls, count: int) -> Self:
        """Start that many without waiting for them, or none."""
        crew = cls(SharedFile.open())
        try:
            for _ in range(count):
                crew.processes.append(crew._start())
            crew._be_guarded()
        except BaseException:
            crew.end()
            raise
        return crew

    def replace(self, number: int) -> WorkerProcess:
        """Kill one of them and what it started, and start another in its place."""
        lost = self.processes[number]
        worker_guard.end_processes([lost.pid], lost.mark)
        lost.release()
        self.processes[number] = started = self._start()
        self._be_guarded()
        return started

    def _start(self) -> WorkerProcess:
        self._started += 1
        return WorkerProcess.start(self.shared.descriptor, f"{self._mark}.{self._started}.")

    def _be_guarded(self) -> None:
        """By one guard, which knows all processes."""
        self._dismiss_guard()
        self._guard = _guard(self._mark, [process.pid for process in self.processes])

    def _dismiss_guard(self) -> None:
        if self._guard is not None:
            self._guard.kill()
            self._guard.communicate()
            self._guard = None

    def end(self) -> None:
        """Kill all that still runs of them and of what they started, and free everything; a forked copy of the supervisor must not."""
        if os.getpid() != self._supervisor:
            return
        worker_guard.end_processes([process.pid for process in self.processes], self._mark)
        for process in self.processes:
            process.release()
        self._dismiss_guard()
        self.shared.close()


def _popen(socket_fd: int, shared_fd: int, mark: str) -> subprocess.Popen[bytes]:
    """In a process group of its own, so that Ctrl-C reaches the supervisor alone, and a kill reaches what the worker started.

    What environments print goes to stderr, since stdout is the answer of a command.
    """
    marks = f"{os.environ.get(worker_guard.VARIABLE, '')} {mark}"  # of workers around this one, too
    path = os.pathsep.join(entry or os.curdir for entry in sys.path)
    messages = subprocess.DEVNULL if sys.__stderr__ is None else 2  # without it a file of the run may have its number
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "rlchassis.envs.subprocess.worker_main", str(socket_fd), str(shared_fd)],
        stdin=subprocess.DEVNULL,
        stdout=messages,
        stderr=messages,
        pass_fds=(socket_fd, shared_fd),
        process_group=0,
        env={**os.environ, "PYTHONPATH": path, worker_guard.VARIABLE: marks},
    )


def _guard(mark: str, groups: list[int]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-I", "-S", worker_guard.__file__, str(os.getpid()), mark, *map(str, groups)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        process_group=0,
    )
