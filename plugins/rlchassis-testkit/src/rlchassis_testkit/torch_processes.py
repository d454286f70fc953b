"""Python processes that begin with torch imported, and with nothing else: forked from one that does it once for all tests."""

from __future__ import annotations

import atexit
import functools
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Self

from attrs import define, field

from rlchassis_testkit import torch_server


@define(eq=False)
class TorchProcess:
    """A process as of `python -c`, with pipes to and from it; its errors go to a file. Ends with its context."""

    pid: int
    stdin: IO[str]
    stdout: IO[str]
    returncode: int | None = field(init=False, default=None)
    _errors: IO[bytes]
    _answers: socket.socket

    @classmethod
    def start(
        cls, code: str, *arguments: object, cwd: Path | None = None, env: Mapping[str, str] | None = None, session: bool = False
    ) -> Self:
        """Run code; env: additional environment variables; session: in a session of its own."""
        request = {"code": code, "arguments": list(map(str, arguments)), "cwd": str(cwd or Path.cwd()), "session": session}
        message = json.dumps({**request, "env": {**os.environ, **(env or {})}}).encode()
        (theirs_in, ours_in), (ours_out, theirs_out), (ours, theirs) = os.pipe(), os.pipe(), socket.socketpair()
        errors = tempfile.TemporaryFile()  # noqa: SIM115  closed with the process
        with theirs:
            socket.send_fds(_server(), [message], [theirs_in, theirs_out, errors.fileno(), theirs.fileno()])
        os.close(theirs_in)
        os.close(theirs_out)
        return cls(_number(ours, None), os.fdopen(ours_in, "w", encoding="utf-8"), os.fdopen(ours_out, encoding="utf-8"), errors, ours)

    def send_signal(self, number: int) -> None:
        """Send a signal, if it still runs."""
        if self.returncode is None:
            os.kill(self.pid, number)

    def wait(self, timeout: float) -> int:
        """Exit code, or minus the signal that ended it; TimeoutError where it runs longer."""
        if self.returncode is None:
            self.returncode = _number(self._answers, timeout)
        return self.returncode

    def communicate(self, text: str = "", timeout: float = 120.0) -> tuple[str, str]:
        """Send text, wait for the end, and return what was printed to stdout and stderr."""
        self.stdin.write(text)
        self.stdin.close()
        self._answers.settimeout(timeout)
        printed = self.stdout.read()
        self.wait(timeout)
        self._errors.seek(0)
        return printed, self._errors.read().decode("utf-8")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.returncode is None:
            self.send_signal(signal.SIGKILL)
            self.wait(60.0)
        for opened in (self.stdin, self.stdout, self._errors, self._answers):
            opened.close()


def _number(answers: socket.socket, timeout: float | None) -> int:
    """The next line of an answer, which is a number."""
    answers.settimeout(timeout)
    line = b""
    while not line.endswith(b"\n"):
        if not (more := answers.recv(1)):
            raise RuntimeError("the server of processes with torch has ended; look at what the tests print to stderr")
        line += more
    return int(line)


@functools.cache
def _server() -> socket.socket:
    """One for as long as this process lives; it ends when the connection does."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        command = [sys.executable, torch_server.__file__, str(theirs.fileno())]
        process = subprocess.Popen(command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return ours
