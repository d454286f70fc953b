"""Program of a worker process: constructs its environments, then steps and resets them on request."""

from __future__ import annotations

import pickle
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from rlchassis.envs.chunk_state import Begun, begun, chunk_state, chunk_ways, replay_chunk, restore_chunk
from rlchassis.envs.env_loop import Chunk
from rlchassis.envs.infos import InfoKeys
from rlchassis.envs.notices import Notice, Notices
from rlchassis.envs.step_arrays import StepArrays
from rlchassis.envs.subprocess.registrations import register_missing
from rlchassis.envs.subprocess.worker_protocol import (
    READ_INFOS,
    REPLAY,
    RESET,
    RESTORE,
    STATE,
    STEP,
    WAYS,
    Failure,
    Noticed,
    Setup,
    Share,
    SharedFile,
    packed,
)
from rlchassis.errors import EnvironmentFailure, UsageError, raised


def main() -> None:
    """Serve the supervisor at the other end of the socket given by its descriptor, until it closes or is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    socket_fd, shared_fd = map(int, sys.argv[1:])
    try:
        serve(Connection(socket_fd), SharedFile(shared_fd))
    except (EOFError, ConnectionError):
        return


def serve(connection: Connection[Any, Any], shared: SharedFile) -> None:
    """Make the environments, say what they are, and answer one command after another."""
    setup: Setup = connection.recv()
    sys.path[:] = setup.sys_path
    connection.send(None)
    noticed: list[Notice] = []
    notices = Notices(lambda subject, text: noticed.append((subject, text)))
    try:
        register_missing(setup.registrations)
        constructors = [pickle.loads(each) for each in setup.constructors]
        chunk = Chunk.open(constructors, shared.progress([setup.share])[0], notices, setup.share.first)
        traits = packed(chunk.traits)
    except BaseException as error:  # noqa: BLE001  whatever it is, the supervisor raises it
        connection.send(_failure(error))
        return
    connection.send(traits)
    try:
        _answer_commands(connection, chunk, shared, setup.share, noticed)
    finally:
        chunk.close()
    connection.send(noticed)


def _answer_commands(connection: Connection[Any, Any], chunk: Chunk, shared: SharedFile, share: Share, noticed: list[Notice]) -> None:
    def read_infos(keys: InfoKeys, _rows: StepArrays) -> None:
        chunk.read_infos(keys, shared.infos(keys, share.num_envs).part(share.span))

    def step(env_actions: Any, chosen: Sequence[int], rows: StepArrays) -> list[Begun]:
        ended = chunk.step(env_actions, chosen, rows)
        return begun(chunk, np.flatnonzero(rows.terminated | rows.truncated).tolist()) if ended else []

    def of_all(command: Callable[..., None]) -> Callable[..., list[Begun]]:
        def obeyed(*arguments: Any) -> list[Begun]:
            command(*arguments)
            return begun(chunk, range(share.count))

        return obeyed

    obey: dict[str, Callable[..., Any]] = {
        STEP: step,
        RESET: of_all(chunk.reset),
        READ_INFOS: read_infos,
        WAYS: lambda _rows: chunk_ways(chunk),
        STATE: lambda ways, _rows: chunk_state(chunk, ways),
        RESTORE: of_all(partial(restore_chunk, chunk)),
        REPLAY: lambda seeds, episodes, _rows: replay_chunk(chunk, seeds, episodes),
    }
    space, rows = chunk.traits.observation_space, None
    while command := connection.recv():
        verb, *arguments = command
        try:
            rows = rows or shared.rows(space, share.num_envs).part(space, share.span)  # not before all traits are known to agree
            answer = obey[verb](*arguments, rows)
        except BaseException as error:  # noqa: BLE001  whatever it is, the supervisor raises it
            answer = _failure(error)
        if noticed:
            answer = Noticed(answer, [*noticed])
            noticed.clear()
        connection.send(answer)


def _failure(error: BaseException) -> Failure:
    try:
        lines = "".join(traceback.format_exception(error.__cause__ or error))
    except Exception:  # noqa: BLE001  foreign exceptions may not be printable
        lines = "(no traceback)"
    if isinstance(error, UsageError | EnvironmentFailure):
        return Failure(str(error), lines, isinstance(error, UsageError))
    return Failure(raised(error), lines, is_named=False)


if __name__ == "__main__":
    main()
