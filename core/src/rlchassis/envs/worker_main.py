"""The program of a worker process: it makes its environments, then steps and resets them as it is told."""

from __future__ import annotations

import os
import pickle
import select
import signal
import sys
import threading
import traceback
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

from rlchassis.envs.chunk import Chunk
from rlchassis.envs.rows import Rows
from rlchassis.envs.worker_protocol import RESET, STEP, Failure, Setup, SharedFile, packed
from rlchassis.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable


def main() -> None:
    """Serve the supervisor at the other end of the socket given by its descriptor, until it closes or is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    socket_fd, shared_fd = map(int, sys.argv[1:])
    threading.Thread(target=_leave_with_supervisor, args=(socket_fd, os.getppid()), daemon=True).start()
    try:
        serve(Connection(socket_fd), SharedFile(shared_fd))
    except (EOFError, ConnectionError):
        return


def serve(connection: Connection[Any, Any], shared: SharedFile) -> None:
    """Make the environments, say what they are, and answer one command after another."""
    setup: Setup = connection.recv()
    sys.path[:] = setup.sys_path
    connection.send(None)
    try:
        chunk = Chunk.open(pickle.loads(setup.constructors), shared.progress(setup.num_envs), setup.first_index)
        rows = Rows.allocate(chunk.traits.observation_space, setup.num_envs, shared.piece)
        traits = packed(chunk.traits)
    except Exception as error:  # noqa: BLE001  whatever it is, the supervisor raises it
        connection.send(_failure(error))
        return
    connection.send(traits)
    try:
        _answer_commands(connection, chunk, rows)
    finally:
        chunk.close()


def _answer_commands(connection: Connection[Any, Any], chunk: Chunk, rows: Rows) -> None:
    obey: dict[str, Callable[..., Any]] = {STEP: chunk.step, RESET: chunk.reset}
    while command := connection.recv():
        verb, *arguments = command
        try:
            answer = obey[verb](*arguments, rows)
        except Exception as error:  # noqa: BLE001  whatever it is, the supervisor raises it
            answer = _failure(error)
        connection.send(answer)


def _failure(error: Exception) -> Failure:
    lines = traceback.format_exception(error.__cause__ or error)
    return Failure(str(error), "".join(lines), isinstance(error, UsageError))


def _leave_with_supervisor(socket_fd: int, supervisor: int) -> None:
    """End this process and what it started once the supervisor is gone, even while an environment hangs."""
    hangup = select.poll()
    hangup.register(socket_fd, select.POLLHUP)
    while not hangup.poll(1000) and os.getppid() == supervisor:
        pass
    if os.getpgid(0) == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


if __name__ == "__main__":
    main()
