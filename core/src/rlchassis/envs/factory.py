"""The contract of a recipe for environments, and how it makes many from one."""

from __future__ import annotations

import math
import os
import select
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from rlchassis.config.config_part import ConfigPart
from rlchassis.config.tianshou_names import AnswersOldMembers
from rlchassis.envs.environments import Environments
from rlchassis.envs.in_process import InProcessEnvironment
from rlchassis.envs.opening import Env, EnvConstructor
from rlchassis.envs.overrides import call_with_wrappers, takes_no_wrappers
from rlchassis.envs.vector import VectorEnvironment
from rlchassis.errors import UsageError

if TYPE_CHECKING:
    from rlchassis.envs.subprocess.workers import WorkerEnvironment


EnvWrapper: TypeAlias = Callable[[Env], Env]
"""Picklable, for it is applied where the environment lives, which may be a worker process."""


class EnvMode(Enum, metaclass=AnswersOldMembers):
    """What an environment is for."""

    TRAIN = "train"
    TEST = "test"
    WATCH = "watch"


class VectorEnvType(Enum, metaclass=AnswersOldMembers):
    """How several environments are run."""

    DUMMY = "dummy"
    """One after another in this process: best for cheap environments."""
    SUBPROC = "subproc"
    """In worker processes, which answer through shared memory: best where a step takes longer than some 100 µs."""
    SUBPROC_SHARED_MEM = "shmem"
    """The same as SUBPROC."""
    NATIVE = "native"
    """As one vectorised environment, where its author wrote one; test and watch environments then run in this process."""


class EnvFactory(ConfigPart, ABC):
    """A recipe for environments; subclasses say how one is made and, by fields of these names, how several are run."""

    kind: ClassVar[str] = "env"

    venv_type: VectorEnvType = VectorEnvType.DUMMY
    constructor_timeout: float = 60.0
    """Seconds that making one environment may take in a worker process."""
    step_timeout: float = 300.0
    """Seconds that one step or reset may take in a worker process."""

    @property
    def fixed_num_train_envs(self) -> int | None:
        """The only possible number of training environments, if there is only one."""
        return None

    @property
    def fixed_num_test_envs(self) -> int | None:
        """The only possible number of test environments besides none, if there is only one."""
        return None

    @abstractmethod
    def create_env(self, mode: EnvMode) -> Env:
        """Make one environment; every other way to make environments comes down to this one, in worker processes too."""

    def constructors(self, num_envs: int, mode: EnvMode) -> Sequence[EnvConstructor]:
        """What makes several that are stepped together, one each."""
        return [partial(self.create_env, mode)] * num_envs

    def create_venv(self, num_envs: int, mode: EnvMode, wrappers: Sequence[EnvWrapper] = ()) -> VectorEnvironment:
        """Make several environments that are stepped together, each wrapped in order: the first given is innermost."""
        if num_envs < 1:
            raise UsageError(f"there must be at least one environment, but {num_envs} were asked for")
        for name in ("constructor_timeout", "step_timeout"):
            _require_seconds(name, getattr(self, name))
        venv_type = self._venv_type_in(mode)
        if venv_type is VectorEnvType.NATIVE:
            require_unwrapped(wrappers)
            return self.create_native(num_envs)
        single = self.constructors(num_envs, mode)
        wrapped = {id(construct): partial(_wrapped, construct, tuple(wrappers)) for construct in single}  # once each, to be packed once
        constructors = [wrapped[id(construct)] for construct in single]
        if venv_type is VectorEnvType.DUMMY:
            return InProcessEnvironment.open(constructors)
        return _worker_class().open(constructors, constructor_timeout=self.constructor_timeout, step_timeout=self.step_timeout)

    def create_envs(
        self,
        num_train_envs: int,
        num_test_envs: int,
        create_watch_env: bool = False,
        wrappers: Callable[[EnvMode], Sequence[EnvWrapper]] = lambda _mode: (),
    ) -> Environments:
        """Make all environments of a run, or none if one fails; 0 leaves a kind out."""
        made: dict[str, VectorEnvironment] = {}
        try:
            for mode, num_envs in _numbers(num_train_envs, num_test_envs, create_watch_env).items():
                if num_envs != 0:
                    around = wrappers(mode)
                    made[mode.value] = call_with_wrappers(
                        self.create_venv, (num_envs, mode), around, VectorEnvironment, wanted=bool(around)
                    )
            return Environments.of(**made)
        except BaseException:
            for venv in made.values():
                venv.close()
            raise

    def _venv_type_in(self, mode: EnvMode) -> VectorEnvType:
        if mode is EnvMode.WATCH or (mode is EnvMode.TEST and self.venv_type is VectorEnvType.NATIVE):
            return VectorEnvType.DUMMY
        return self.venv_type

    def create_native(self, num_envs: int) -> VectorEnvironment:
        """Make the environment's own vectorised form, for training; raises UsageError where there is none."""
        raise UsageError(f"{type(self).__name__} cannot make {num_envs} environments as one; use VectorEnvType.DUMMY")


def require_unwrapped(wrappers: Sequence[EnvWrapper]) -> None:
    """Raise UsageError for wrappers around what is vectorised by its author."""
    if wrappers:
        raise UsageError("the members of a vectorised environment cannot be wrapped one by one; use VectorEnvType.DUMMY")


def _worker_class() -> type[WorkerEnvironment]:
    """What runs worker processes, imported only where it is used; raises UsageError where the system lacks what it needs."""
    if not (hasattr(select, "poll") and hasattr(os, "killpg")):
        raise UsageError("worker processes need a POSIX system such as Linux or macOS; use VectorEnvType.DUMMY")
    from rlchassis.envs.subprocess.workers import WorkerEnvironment

    return WorkerEnvironment


def environments_of(
    factory: EnvFactory,
    num_train_envs: int,
    num_test_envs: int,
    create_watch_env: bool,
    wrappers: Callable[[EnvMode], Sequence[EnvWrapper]],
) -> Environments:
    """All environments of a run as the factory makes them, whichever of its methods a subclass overrides."""
    numbers = _numbers(num_train_envs, num_test_envs, create_watch_env)
    wanted = takes_no_wrappers(factory.create_envs) and any(wrappers(mode) for mode, count in numbers.items() if count)
    return call_with_wrappers(factory.create_envs, tuple(numbers.values()), wrappers, Environments, wanted=wanted)


def _numbers(num_train_envs: int, num_test_envs: int, create_watch_env: bool) -> dict[EnvMode, int]:
    return {EnvMode.TRAIN: num_train_envs, EnvMode.TEST: num_test_envs, EnvMode.WATCH: int(create_watch_env)}


def _require_seconds(name: str, seconds: Any) -> None:
    if isinstance(seconds, bool) or not (isinstance(seconds, int | float) and 0 < seconds < math.inf):
        raise UsageError(f"{name} must be a finite number of seconds above 0, not {seconds!r}")


def _wrapped(construct: EnvConstructor, wrappers: Sequence[EnvWrapper]) -> Env:
    env = construct()
    for wrap in wrappers:
        env = wrap(env)
    return env
