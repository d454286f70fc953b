"""Runs that are stopped at a chosen moment and resumed, and their states for comparison with a run that was never stopped."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import attrs
import numpy as np
from attrs import define, field
from torch import Tensor

from rlchassis.collecting.acting import Acting
from rlchassis.data.state_tree import State, Tagged
from rlchassis.errors import Interrupted
from rlchassis.experiment import Experiment, plan
from rlchassis.hookspecs import hookimpl
from rlchassis.storage.checkpoint.directory import read_checkpoint
from rlchassis.storage.checkpoint.manifest import newest_checkpoint
from rlchassis.training.world import World

MOMENTS = ("at the start", "collecting", "learning", "testing")
"""At the start: in the first collection, which is the warm-up of off-policy training."""
UNCOMPARED = frozenset({"seconds", "_seconds", "loggers", "global generators"})
"""Parts of the state that are times, sizes of files, or of the process."""


class Killed(BaseException):
    """Stands for a process that is killed within an update."""


@define(eq=False)
class Stop:
    """Observer that stops a run at a moment: by a signal between two steps, or in the midst of an update."""

    moment: str
    after: int
    """Number of environment steps, or updates, before it."""
    _seen: int = field(default=0, init=False)
    _undo: ExitStack = field(factory=ExitStack, init=False)

    @hookimpl
    def rlchassis_train_start(self, world: World) -> None:
        """Watch for the moment."""
        if self.moment == "learning":
            self._count(type(world.algorithm), "update", self._kill)
        else:
            collector = world.test_collector if self.moment == "testing" else world.train_collector
            self._count(Acting, "step", lambda: world.interrupt(Interrupted(2)), of=None if collector is None else collector._acting)

    @hookimpl
    def rlchassis_teardown(self) -> None:
        """Watch no longer."""
        self._undo.close()

    def _count(self, owner: type[Any], method: str, act: Callable[[], None], of: Any = None) -> None:
        original = getattr(owner, method)

        def counted(this: Any, *args: Any, **kwargs: Any) -> Any:
            self._seen += of is None or this is of
            if self._seen == self.after:
                self._seen += 1
                act()
            return original(this, *args, **kwargs)

        setattr(owner, method, counted)
        self._undo.callback(setattr, owner, method, original)

    def _kill(self) -> None:
        raise Killed


def run_through(experiment: Experiment, directory: Path) -> Path:
    """Run an experiment; returns its directory."""
    placed = experiment.with_config(persistence_base_dir=str(directory), watch=False)
    placed.run("run")
    return directory / "run"


def run_stopped(experiment: Experiment, directory: Path, *stops: Stop, allow: Iterable[Any] = ()) -> Path:
    """Run an experiment, stop it at each of these moments, and resume it each time; returns its directory. allow: own classes."""
    placed = experiment.with_config(persistence_base_dir=str(directory), watch=False)
    run = directory / "run"
    for number, stop in enumerate(stops):
        try:
            placed.run("run", observers=[stop]) if number == 0 else Experiment.resume(run, allow=allow, observers=[stop])
        except (Interrupted, Killed):
            continue
        raise AssertionError(f"the run ended before it was stopped while {stop.moment}")
    Experiment.resume(run, allow=allow)
    return run


def final_state(run: Path) -> dict[str, Any]:
    """The state of a finished run by path, with its rows of metrics, without times."""
    state = dict(_leaves(read_checkpoint(newest_checkpoint(run)), "run"))
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return {**state, "rows": [{tag: value for tag, value in row.items() if not tag.startswith("time/")} for row in rows]}


def _leaves(state: State, path: str) -> Iterator[tuple[str, Any]]:
    match state:
        case Tagged():
            yield from _leaves(state.content, f"{path}<{state.kind}>")
        case dict():
            for key, each in state.items():
                if key not in UNCOMPARED:
                    yield from _leaves(each, f"{path}.{key}")
        case list() | tuple():
            for index, each in enumerate(state):
                yield from _leaves(each, f"{path}[{index}]")
        case Tensor() | np.ndarray():
            yield path, np.asarray(state).tobytes()
        case _:
            yield path, repr(state)


def assert_same(one: dict[str, Any], other: dict[str, Any]) -> None:
    """Two states are equal; the message names the first parts that differ."""
    differing = [name for name in sorted(one.keys() | other.keys()) if one.get(name) != other.get(name)]
    assert not differing, f"{len(differing)} parts differ: {differing[:8]}"


def with_checkpoints(experiment: Experiment, steps: int) -> Experiment:
    """The experiment with a checkpoint after every so many steps."""
    return attrs.evolve(experiment, config=attrs.evolve(experiment.config, checkpoint_every=steps))


def sac_with_checkpoints(steps: int, **env: Any) -> Experiment:
    """SAC on Pendulum-v1 for two epochs of 24 steps, of which 12 are warm-up, with a checkpoint after every so many steps."""
    sampling = {
        "num_train_envs": 2,
        "num_test_envs": 1,
        "num_test_episodes": 1,
        "step_per_epoch": 24,
        "step_per_collect": 6,
        "batch_size": 6,
        "buffer_size": 60,
        "start_timesteps": 12,
        "start_timesteps_random": True,
    }
    settings = [{"sampling": sampling, "env": {"max_episode_steps": 20, **env}}]
    return with_checkpoints(plan("sac", "Pendulum-v1", steps=48, recipe="none", settings=settings, watch=False), steps)
