"""Communication with one worker process, and errors that name the failed environment."""

from __future__ import annotations

import contextlib
import pickle
import select
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from attrs import define, field
from numpy.typing import NDArray

from rlchassis.envs.env_state import REPLAY_WAY
from rlchassis.envs.infos import InfoKeys
from rlchassis.envs.notices import Notices
from rlchassis.envs.opening import EnvConstructor
from rlchassis.envs.progress import Progress, failure_text
from rlchassis.envs.spaces import Array
from rlchassis.envs.subprocess.history import History
from rlchassis.envs.subprocess.worker_process import WorkerProcess
from rlchassis.envs.subprocess.worker_protocol import (
    READ_INFOS,
    REPLAY,
    RESET,
    RESTORE,
    STEP,
    WAYS,
    Failure,
    Noticed,
    Setup,
    Share,
    packed_constructors,
)
from rlchassis.envs.vector import EnvTraits
from rlchassis.errors import EnvironmentFailure, UsageError

SECONDS_TO_START = 60.0
SECONDS_TO_PROBE = 60.0
"""At least, for trying how environments can be stored, which takes hundreds of steps."""
SECONDS_BETWEEN_LOOKS = 1.0
"""How soon it is noticed that a worker ended whose socket something that it forked still holds."""


class WorkerTraceback(Exception):  # noqa: N818  never raised by itself: the cause of an EnvironmentFailure, as text
    """The traceback of an exception that was raised in a worker process."""

    def __str__(self) -> str:
        return f"\n{self.args[0]}"


@define(eq=False)
class Worker:
    """The process that runs its share of the environments."""

    share: Share
    process: WorkerProcess
    notices: Notices
    _progress: Progress
    history: History = field(init=False, factory=History)
    is_lost: bool = field(init=False, default=False)
    """Whether its process ended or did not answer, so that another may take its place."""
    times_replaced: int = field(init=False, default=0)
    _setup: Setup = field(init=False)
    _keys: InfoKeys | None = field(init=False, default=None)
    _command: tuple[str, bytes] = field(init=False, default=("", b""))
    """The last command, and what is sent for it."""
    _seeds: Sequence[int | None] = field(init=False)
    _doing: str = field(init=False, default="in its constructor")
    _actions: Array | list[Any] | None = field(init=False, default=None)
    _readable: select.poll = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._seeds = [None] * self.share.count
        self._listen()

    def _listen(self) -> None:
        self._readable = select.poll()
        self._readable.register(self.process.connection.fileno(), select.POLLIN)

    @property
    def numbers(self) -> str:
        """The numbers of its environments, in words."""
        first, last = self.share.first, self.share.first + self.share.count - 1
        return f"environment {first}" if first == last else f"environments {first} to {last}"

    @property
    def span(self) -> slice:
        """Its rows among all."""
        return self.share.span

    def begin_construction(self, constructors: Sequence[EnvConstructor], registrations: Mapping[str, bytes | str]) -> None:
        """Tell it what to make."""
        self._setup = Setup(sys.path, self.share, dict(registrations), packed_constructors(constructors))
        self._send(pickle.dumps(self._setup))

    def receive_traits(self, timeout: float) -> EnvTraits:
        """Wait until the environments are made; no single one may take longer than the timeout, which begins once the process runs."""
        self._receive(SECONDS_TO_START)
        traits: EnvTraits = pickle.loads(self._receive(timeout))
        return traits

    def begin_reading(self, keys: InfoKeys) -> None:
        """Send the keys of `info` that it reads from now on."""
        self._keys = keys
        self._begin(READ_INFOS, keys)

    def begin_reset(self, seeds: Sequence[int | None]) -> None:
        """Tell it to begin new episodes."""
        self._seeds, self._doing, self._actions = seeds, "in its reset", None
        self._begin(RESET, seeds)

    def begin_step(self, actions: Array | list[Any], active: NDArray[np.bool_] | None) -> bool:
        """Tell it to step those of its environments that are active, given what holds for all; says whether there are any."""
        chosen = range(self.share.count) if active is None else np.flatnonzero(active[self.span]).tolist()
        if chosen:
            self._actions = actions[self.span]
            self._begin(STEP, self._actions, chosen)
        return bool(chosen)

    def begin(self, verb: str, *arguments: Any) -> None:
        """Send another command."""
        self._doing, self._actions = f"while it was asked for {verb}", None
        self._begin(verb, *arguments)

    def finish(self, timeout: float) -> Any:
        """Wait for the answer to the last command; to a step, whose rows are written then, it is true where an episode ended."""
        answer, (verb, command) = self._receive(timeout), self._command
        if verb == STEP:
            self.history.record(command)
        if answer and verb in (STEP, RESET, RESTORE):
            self.history.begin(answer)
        return answer

    def move_to(self, process: WorkerProcess, constructor_timeout: float) -> None:
        """Let a new process make the environments, instead of the one that was lost."""
        self.process, self.is_lost, self.times_replaced = process, False, self.times_replaced + 1
        self._listen()
        self._send(pickle.dumps(self._setup))
        self.receive_traits(constructor_timeout)
        if self._keys is not None:
            self._ask(constructor_timeout, READ_INFOS, self._keys)

    def catch_up(self, timeout: float) -> bool:
        """Play the episodes of the lost process again, and repeat the command that it did not finish; False where that is not exact."""
        if self.history.has_begun:
            episodes = self.history.episodes()
            if episodes is None or REPLAY_WAY not in self._ask(max(timeout, SECONDS_TO_PROBE), WAYS):
                return False
            self._ask(timeout, REPLAY, self._seeds, episodes)
        self._send(self._command[1])
        return True

    def _ask(self, timeout: float, verb: str, *arguments: Any) -> Any:
        """An exchange of its own, beside the last command."""
        self._send(pickle.dumps((verb, *arguments)))
        return self._receive(timeout)

    def ask_to_close(self) -> None:
        """Tell it to close its environments and end, if it still listens."""
        with contextlib.suppress(OSError):
            self.process.connection.send(None)

    def take_leave(self, deadline: float) -> None:
        """Wait for its last words, then for its end, no longer than until a monotonic time."""
        with contextlib.suppress(EOFError, OSError):
            if self._readable.poll(1000 * max(0.0, deadline - time.monotonic())):
                for notice in self.process.connection.recv():
                    self.notices.give(*notice)
        self.process.wait(deadline - time.monotonic())

    def forget(self) -> None:
        """Let go of the shared memory."""
        self._progress = Progress([0], [0] * self.share.count, [0] * self.share.count)

    def _begin(self, verb: str, *arguments: Any) -> None:
        self._command = verb, (command := pickle.dumps((verb, *arguments)))
        self._send(command)

    def _send(self, command: bytes) -> None:
        with contextlib.suppress(OSError):  # that nobody listens is found out where the answer is awaited
            self.process.connection.send_bytes(command)

    def _receive(self, timeout: float) -> Any:
        self._wait_while_it_gets_on(timeout)
        try:
            answer = self.process.connection.recv()
        except (EOFError, OSError) as error:
            raise self._lost(self.process.how_it_ended()) from error
        if isinstance(answer, Noticed):
            for notice in answer.notices:
                self.notices.give(*notice)
            answer = answer.answer
        if isinstance(answer, Failure):
            raise self._error(answer) from WorkerTraceback(answer.traceback)
        return answer

    def _error(self, failure: Failure) -> Exception:
        if failure.is_usage:
            return UsageError(failure.message)
        return EnvironmentFailure(failure.message) if failure.is_named else self._failure(failure.message)

    def _wait_while_it_gets_on(self, timeout: float) -> None:
        """Until it answers; raises EnvironmentFailure once it has ended, or no environment got on for as long as the timeout."""
        seen, deadline = self._progress.mark(), time.monotonic() + timeout
        while not self._readable.poll(1000 * min(SECONDS_BETWEEN_LOOKS, max(0.0, deadline - time.monotonic()))):
            if self.process.has_ended:
                raise self._lost(self.process.how_it_ended())
            mark = self._progress.mark()
            if mark != seen:
                seen, deadline = mark, time.monotonic() + timeout
            elif time.monotonic() >= deadline:
                raise self._lost(f"did not answer within {timeout:g} s and was killed")

    def _lost(self, what: str) -> EnvironmentFailure:
        self.is_lost = True
        return self._failure(what)

    def _failure(self, what: str) -> EnvironmentFailure:
        local = self._progress.current[0]
        when = self._doing
        if self._actions is not None:
            when = f"at {self._progress.when()}, with action {self._actions[local]}"
        return EnvironmentFailure(failure_text(self.share.first + local, self._seeds[local], what, when))
