"""Program of a process that imports torch, which takes seconds of CPU, and from then on forks a process for each code it is sent."""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
import sys
from types import ModuleType
from typing import Any, NoReturn

import torch  # noqa: F401  for the processes to come

MOST_BYTES = 2**20


def requested(server: socket.socket) -> dict[str, Any]:
    """Serve until there is nobody left to ask; returns in each of the forked processes, with what that one shall do."""
    keepers: list[int] = []
    while True:
        message, descriptors, _, _ = socket.recv_fds(server, MOST_BYTES, 4)
        if not message:
            for keeper in keepers:
                os.waitpid(keeper, 0)
            sys.exit()
        if keeper := os.fork():
            keepers.append(keeper)
            for descriptor in descriptors:
                os.close(descriptor)
            continue
        server.close()
        *streams, answer = descriptors
        if pid := os.fork():
            keep(pid, streams, socket.socket(fileno=answer))
        for number, descriptor in enumerate(streams):
            os.dup2(descriptor, number)
            os.close(descriptor)
        os.close(answer)
        return json.loads(message)  # type: ignore[no-any-return]  # the other end is ours


def keep(pid: int, streams: list[int], answer: socket.socket) -> NoReturn:
    """Report the number of the process and, once it has ended, its exit code."""
    for descriptor in (*streams, 0, 1):
        os.close(descriptor)
    answer.sendall(b"%d\n" % pid)
    _, status = os.waitpid(pid, 0)
    answer.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))
    os._exit(0)


def become(request: dict[str, Any]) -> ModuleType:
    """Make this process what `python -c` would have made; returns its main module."""
    if request["session"]:
        os.setsid()
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for name, number, mode in (("stdin", 0, "r"), ("stdout", 1, "w"), ("stderr", 2, "w")):
        stream = open(number, mode, encoding="utf-8", buffering=1 if number == 2 else -1, closefd=False)  # noqa: SIM115  a descriptor, and as long as the process
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    sys.argv = ["-c", *request["arguments"]]
    sys.path[:0] = ["", *filter(None, request["env"].get("PYTHONPATH", "").split(os.pathsep))]
    sys.modules["__main__"] = main = ModuleType("__main__")
    return main


if __name__ == "__main__":
    gc.freeze()
    asked = requested(socket.socket(fileno=int(sys.argv[1])))
    exec(compile(asked["code"], "<string>", "exec"), vars(become(asked)))  # noqa: S102  what `python -c` does
