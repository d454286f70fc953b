"""The life of one worker process: started with a socket and a shared file, and ended without fail."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from multiprocessing.connection import Connection
from typing import Any, Self

from attrs import define

from rlchassis.envs.worker_protocol import SharedFile

SECONDS_TO_DIE = 5.0


@define(eq=False)
class WorkerProcess:
    """A running worker, the connection to it and the file that both map."""

    pid: int
    connection: Connection[Any, Any]
    shared: SharedFile
    _popen: subprocess.Popen[bytes]

    @classmethod
    def start(cls) -> Self:
        """Start it without waiting for it."""
        shared = SharedFile.open()
        ours, theirs = socket.socketpair()
        with theirs:
            popen = _popen(theirs.fileno(), shared.descriptor)
        return cls(popen.pid, Connection(ours.detach()), shared, popen)

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
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._popen.wait(max(seconds, 0.0))
            self._release()

    def kill(self) -> None:
        """End it and what it started, unless it was waited for; may be called again."""
        if self.connection.closed:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._popen.wait(SECONDS_TO_DIE)
        self._release()

    def _release(self) -> None:
        self.connection.close()
        os.close(self.shared.descriptor)


def _popen(socket_fd: int, shared_fd: int) -> subprocess.Popen[bytes]:
    """In a process group of its own, so that Ctrl-C reaches the supervisor alone, and a kill reaches what the worker started."""
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "rlchassis.envs.worker_main", str(socket_fd), str(shared_fd)],
        stdin=subprocess.DEVNULL,
        pass_fds=(socket_fd, shared_fd),
        process_group=0,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(entry or os.curdir for entry in sys.path)},
    )
