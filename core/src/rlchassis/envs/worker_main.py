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
from rlchassis.envs.worker_protocol import CLOSE, DONE, ENDED, FAILED, RESET, Arena, Failure, Setup, packed, shared_progress
from rlchassis.errors import UsageError

if TYPE_CHECKING:
    from rlchassis.envs.rows import Rows


def main() -> None:
    """Serve the supervisor at the other end of the socket given by its descriptor, until it closes or is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    socket_fd, shared_fd = map(int, sys.argv[1:])
    threading.Thread(target=_leave_with_supervisor, args=(socket_fd, os.getppid()), daemon=True).start()
    connection = Connection(socket_fd)
    try:
        serve(connection, shared_fd)
    except (EOFError, ConnectionError):
        return


def serve(connection: Connection[Any, Any], shared_fd: int) -> None:
    """Make the environments, say what they are, and answer one command after another."""
    setup: Setup = connection.recv()
    sys.path[:] = setup.sys_path
    connection.send_bytes(DONE)
    try:
        progress = shared_progress(shared_fd, setup.num_envs)
        chunk = Chunk.open(pickle.loads(setup.constructors), progress, setup.first_index)
        arena = Arena.of(chunk.traits.observation_space, setup.num_envs, shared_fd if setup.shared_memory else None)
        traits = packed(chunk.traits)
    except Exception as error:  # noqa: BLE001  whatever it is, the supervisor raises it
        connection.send_bytes(FAILED + _told(error))
        return
    connection.send_bytes(DONE + traits)
    try:
        _answer_commands(connection, chunk, arena, through_pipe=not setup.shared_memory)
    finally:
        chunk.close()


def _answer_commands(connection: Connection[Any, Any], chunk: Chunk, arena: Arena, through_pipe: bool) -> None:
    while True:
        command, payload = connection.recv()
        if command == CLOSE:
            return
        try:
            any_ended = _obey(chunk, command, payload, arena.rows)
        except Exception as error:  # noqa: BLE001  whatever it is, the supervisor raises it
            connection.send_bytes(FAILED + _told(error))
            continue
        connection.send_bytes(ENDED if any_ended else DONE)
        if through_pipe:
            connection.send_bytes(arena.everything if any_ended else arena.head)


def _obey(chunk: Chunk, command: str, payload: Any, rows: Rows) -> bool:
    if command == RESET:
        chunk.reset(payload, rows)
        return False
    actions, chosen = payload
    return chunk.step(actions, chosen, rows)


def _told(error: Exception) -> bytes:
    lines = traceback.format_exception(error.__cause__ or error)
    return pickle.dumps(Failure(str(error), "".join(lines), isinstance(error, UsageError)))


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
