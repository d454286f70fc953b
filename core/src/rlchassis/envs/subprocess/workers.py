"""Vectorized environment in worker processes, several environments in each; if an environment fails, all processes are killed."""

from __future__ import annotations

import logging
import time
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise, repeat
from typing import Any, Self

import numpy as np
from attrs import define, field, frozen
from numpy.typing import NDArray

from rlchassis.config.machine import usable_cpus
from rlchassis.data.arrays import map_arrays, pick, write
from rlchassis.data.step import Step
from rlchassis.envs.actions import ActionMap, one_by_one
from rlchassis.envs.infos import InfoKeys
from rlchassis.envs.notices import Notices
from rlchassis.envs.opening import EnvConstructor
from rlchassis.envs.spaces import Array, Observations
from rlchassis.envs.step_arrays import DoubleBuffer, StepArrays
from rlchassis.envs.subprocess.registrations import registrations
from rlchassis.envs.subprocess.worker import SECONDS_TO_PROBE, Worker
from rlchassis.envs.subprocess.worker_process import SECONDS_TO_DIE, Crew
from rlchassis.envs.subprocess.worker_protocol import RESTORE, STATE, WAYS, Share, packed
from rlchassis.envs.vector import EnvTraits, VectorEnvironment, require_seeds
from rlchassis.errors import EnvironmentFailure

log = logging.getLogger(__name__)
MOST_REPLACED = 3
"""How often a new process may take the place of each worker."""


@frozen
class Timeouts:
    """Seconds for one environment."""

    constructor: float
    step: float


@define(eq=False)
class WorkerEnvironment(VectorEnvironment):
    """Made by open from constructors; answers are copied from what the workers wrote, so they stay valid as long as anyone's."""

    _crew: Crew
    _workers: list[Worker]
    traits: EnvTraits
    num_envs: int
    _timeouts: Timeouts
    _answers: StepArrays
    _action_map: ActionMap = field(init=False)
    _rows: DoubleBuffer = field(init=False)
    _ender: weakref.finalize[[], WorkerEnvironment] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._action_map = ActionMap(self.action_space)
        self._rows = DoubleBuffer.allocate(self.observation_space, self.num_envs)
        self._ender = weakref.finalize(self, self._crew.end)

    @classmethod
    def open(
        cls,
        constructors: Sequence[EnvConstructor],
        *,
        num_workers: int | None = None,
        constructor_timeout: float = 60.0,
        step_timeout: float = 300.0,
    ) -> Self:
        """Construct the environments, one from each constructor; timeouts are seconds for one environment."""
        registered = registrations(packed)
        shares = _shares(len(constructors), num_workers or usable_cpus())
        crew = Crew.start(len(shares))
        try:
            progress, notices = crew.shared.progress(shares), Notices()
            workers = [Worker(*parts) for parts in zip(shares, crew.processes, repeat(notices), progress, strict=False)]
            for worker in workers:
                worker.begin_construction(constructors[worker.span], registered)
            traits = EnvTraits.shared([worker.receive_traits(constructor_timeout) for worker in workers])
            answers = crew.shared.rows(traits.observation_space, len(constructors))
            return cls(crew, workers, traits, len(constructors), Timeouts(constructor_timeout, step_timeout), answers)
        except BaseException:
            crew.end()
            raise

    @property
    def pids(self) -> list[int]:
        """The process ids of the workers."""
        return [worker.process.pid for worker in self._workers]

    def read_infos(self, keys: InfoKeys) -> None:
        """See VectorEnvironment."""
        self.infos = self._crew.shared.infos(keys, self.num_envs)
        self._rows.columns = self.infos.columns
        with self._all_or_none():
            for worker in self._workers:
                worker.begin_reading(keys)
            for worker in self._workers:
                self._finish(worker)

    def reset(self, seeds: Sequence[int] | None = None) -> Observations:
        """See VectorEnvironment."""
        checked = require_seeds(seeds, self.num_envs)
        rows = self._rows.turn()
        with self._all_or_none():
            for worker in self._workers:
                worker.begin_reset(checked[worker.span])
            for worker in self._workers:
                self._finish(worker)
        write(rows.obs, slice(None), self._answers.obs)
        return rows.obs

    def step(self, actions: Array, active: NDArray[np.bool_] | None = None) -> tuple[Step, Observations]:
        """See VectorEnvironment."""
        env_actions = self._action_map.to_env(actions)
        if not isinstance(env_actions, np.ndarray):
            env_actions = one_by_one(env_actions)
        rows = self._rows.turn(keep_obs=active is not None)
        with self._all_or_none():
            asked = [worker for worker in self._workers if worker.begin_step(env_actions, active)]
            with_final = [worker for worker in asked if self._finish(worker)]
        for worker in asked:
            rows.copy_answers(worker.span, self._answers)
        if with_final:
            write(rows.final_obs, slice(None), rows.obs)
        for worker in with_final:
            write(rows.final_obs, worker.span, pick(self._answers.final_obs, worker.span))
        return self._rows.as_step(actions, bool(with_final), active)

    def exact_ways(self) -> list[str]:
        """See VectorEnvironment; the first worker tries them."""
        with self._all_or_none():
            ways: list[str] = self._ask(self._workers[0], WAYS, timeout=max(self._timeouts.step, SECONDS_TO_PROBE))
        return ways

    def state(self, ways: list[str]) -> Any:
        """See VectorEnvironment."""
        with self._all_or_none():
            chunks = [self._ask(worker, STATE, ways) for worker in self._workers]
        exact = all(None not in chunk["envs"] for chunk in chunks)
        return {"exact": exact, "chunks": chunks, "obs": map_arrays(np.copy, self._rows.current.obs)}

    def restore(self, state: Any, seeds: Sequence[int]) -> tuple[Observations, NDArray[np.bool_]]:
        """See VectorEnvironment."""
        rows = self._rows.current
        write(self._answers.obs, slice(None), state["obs"])
        parts = {name: [each for chunk in state["chunks"] for each in chunk[name]] for name in state["chunks"][0]}
        chunks = [{name: each[worker.span] for name, each in parts.items()} for worker in self._workers]
        with self._all_or_none():
            for worker, chunk in zip(self._workers, chunks, strict=True):
                self._ask(worker, RESTORE, chunk, list(seeds)[worker.span])
        write(rows.obs, slice(None), self._answers.obs)
        return rows.obs, np.array([each is None for each in parts["envs"]])

    def _ask(self, worker: Worker, verb: str, *arguments: Any, timeout: float | None = None) -> Any:
        worker.begin(verb, *arguments)
        return self._finish(worker, timeout)

    def _finish(self, worker: Worker, timeout: float | None = None) -> Any:
        """The answer of a worker; if its process is lost, another takes its place, a few times per run and once per command."""
        seconds = timeout or self._timeouts.step
        try:
            return worker.finish(seconds)
        except EnvironmentFailure as failure:
            if not worker.is_lost or worker.times_replaced == MOST_REPLACED:
                raise
            self._replace(worker, failure)
        return worker.finish(seconds)

    def _replace(self, worker: Worker, failure: EnvironmentFailure) -> None:
        """Let a new process play the episodes of a lost one again; raises the failure where that is impossible or not exact."""
        try:
            worker.move_to(self._crew.replace(worker.share.worker), self._timeouts.constructor)
            is_exact = worker.catch_up(self._timeouts.step)
        except EnvironmentFailure as another:
            raise failure from another
        if not is_exact:
            raise failure
        log.warning("%s; a new process played the episodes of %s again, and the run continues.", failure, worker.numbers)

    def close(self) -> None:
        """Let the workers close their environments, for a bounded time; may be called again."""
        if not self._ender.alive:
            return
        deadline = time.monotonic() + SECONDS_TO_DIE
        try:
            for worker in self._workers:
                worker.ask_to_close()
            for worker in self._workers:
                worker.take_leave(deadline)
        finally:
            self._end()

    def _end(self) -> None:
        """Free the shared memory and end the processes."""
        self._answers, self.infos, self._rows.columns = self._rows.current, None, {}
        for worker in self._workers:
            worker.forget()
        self._ender()

    @contextmanager
    def _all_or_none(self) -> Iterator[None]:
        """An exchange that is broken off, by an error or by Ctrl-C, ends the workers: their answers would be taken for the next."""
        if not self._ender.alive:
            raise EnvironmentFailure("the worker processes are closed; make the environments anew")
        try:
            yield
        except BaseException:
            self._end()
            raise


def _shares(num_envs: int, num_workers: int) -> list[Share]:
    """Consecutive environments for each worker, as evenly as possible and none without any."""
    count = min(num_workers, num_envs)
    bounds = [num_envs * i // count for i in range(count + 1)]
    return [Share(i, count, start, stop - start, num_envs) for i, (start, stop) in enumerate(pairwise(bounds))]
