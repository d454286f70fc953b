"""Base class of environment factories, and creation of vectorized environments from it."""

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
"""Env → Env; picklable, since it may be applied in a worker process."""


class EnvMode(Enum, metaclass=AnswersOldMembers):
    """Purpose of an environment."""

    TRAIN = "train"
    TEST = "test"
    WATCH = "watch"


class VectorEnvType(Enum, metaclass=AnswersOldMembers):
    """How environments are vectorized."""

    DUMMY = "dummy"
    """Sequentially in this process: best for cheap environments."""
    SUBPROC = "subproc"
    """In worker processes with shared memory: best if a step takes longer than about 100 µs."""
    SUBPROC_SHARED_MEM = "shmem"
    """The same as SUBPROC."""
    NATIVE = "native"
    """The environment's own vectorized implementation, if it has one; test and watch environments run in this process."""


class EnvFactory(ConfigPart, ABC):
    """Base class of environment factories; subclasses create one environment, and set vectorization by fields of these names."""

    kind: ClassVar[str] = "env"
    tests_natively: ClassVar[bool] = False
    """Whether create_native makes test environments as well, where venv_type asks for it."""

    venv_type: VectorEnvType = VectorEnvType.DUMMY
    constructor_timeout: float = 60.0
    """Timeout for constructing one environment in a worker process, in seconds."""
    step_timeout: float = 300.0
    """Timeout for one step or reset in a worker process, in seconds."""

    @property
    def fixed_num_train_envs(self) -> int | None:
        """Number of training environments, if it is fixed; else None."""
        return None

    @property
    def fixed_num_test_envs(self) -> int | None:
        """Number of test environments, if it is fixed; else None."""
        return None

    @abstractmethod
    def create_env(self, mode: EnvMode) -> Env:
        """Create one environment; all other methods use this one, also in worker processes."""

    def constructors(self, num_envs: int, mode: EnvMode) -> Sequence[EnvConstructor]:
        """One constructor for each of several environments."""
        return [partial(self.create_env, mode)] * num_envs

    def create_venv(self, num_envs: int, mode: EnvMode, wrappers: Sequence[EnvWrapper] = ()) -> VectorEnvironment:
        """Create a vectorized environment, each member wrapped in order: the first wrapper is innermost."""
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
        """Create all environments of a run; 0: none of that kind. If one fails, the others are closed."""
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
        if mode is EnvMode.WATCH or (mode is EnvMode.TEST and self.venv_type is VectorEnvType.NATIVE and not self.tests_natively):
            return VectorEnvType.DUMMY
        return self.venv_type

    def create_native(self, num_envs: int) -> VectorEnvironment:
        """Create the environment's own vectorized implementation; UsageError if it has none."""
        raise UsageError(f"{type(self).__name__} cannot make {num_envs} environments as one; use VectorEnvType.DUMMY")


def require_unwrapped(wrappers: Sequence[EnvWrapper]) -> None:
    """UsageError for wrappers of members of a natively vectorized environment."""
    if wrappers:
        raise UsageError("the members of a vectorised environment cannot be wrapped one by one; use VectorEnvType.DUMMY")


def _worker_class() -> type[WorkerEnvironment]:
    """Class for worker processes; UsageError if the operating system does not support them."""
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
    """All environments of a run from a factory, whichever of its methods a subclass overrides."""
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
