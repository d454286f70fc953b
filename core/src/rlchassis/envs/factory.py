"""The contract of a recipe for environments, and how it makes many from one."""

from __future__ import annotations

import os
import select
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, ClassVar, TypeAlias

from rlchassis.envs.chunk import Env, EnvConstructor
from rlchassis.envs.environments import Environments
from rlchassis.envs.in_process import InProcessEnvironment
from rlchassis.envs.vector import VectorEnvironment
from rlchassis.errors import UsageError
from rlchassis.recipe_part import RecipePart

if TYPE_CHECKING:
    from rlchassis.envs.workers import WorkerEnvironment

EnvWrapper: TypeAlias = Callable[[Env], Env]
"""Picklable, for it is applied where the environment lives, which may be a worker process."""


class EnvMode(Enum):
    """What an environment is for."""

    TRAIN = "train"
    TEST = "test"
    WATCH = "watch"


class VectorEnvType(Enum):
    """How several environments are run."""

    DUMMY = "dummy"
    """One after another in this process: best for cheap environments."""
    SUBPROC = "subproc"
    """In worker processes, which answer through shared memory: best where a step takes longer than some 100 µs."""
    SUBPROC_SHARED_MEM = "shmem"
    """The same as SUBPROC."""
    NATIVE = "native"
    """As one vectorised environment, where its author wrote one; test and watch environments then run in this process."""


class EnvFactory(RecipePart, ABC):
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
        """Make one environment."""

    def constructor(self, mode: EnvMode) -> EnvConstructor:
        """What makes one environment without arguments, here or in a worker process."""
        return partial(self.create_env, mode)

    def constructors(self, num_envs: int, mode: EnvMode) -> Sequence[EnvConstructor]:
        """What makes several that are stepped together, one each."""
        return [self.constructor(mode)] * num_envs

    def create_venv(self, num_envs: int, mode: EnvMode, wrappers: Sequence[EnvWrapper] = ()) -> VectorEnvironment:
        """Make several environments that are stepped together, each wrapped in order: the first given is innermost."""
        if num_envs < 1:
            raise UsageError(f"there must be at least one environment, but {num_envs} were asked for")
        venv_type = self._venv_type_in(mode)
        if venv_type is VectorEnvType.NATIVE:
            require_unwrapped(wrappers)
            return self.create_native(num_envs)
        constructors = [partial(_wrapped, construct, tuple(wrappers)) for construct in self.constructors(num_envs, mode)]
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
        wanted = [(EnvMode.TRAIN, num_train_envs), (EnvMode.TEST, num_test_envs), (EnvMode.WATCH, int(create_watch_env))]
        made: dict[str, VectorEnvironment] = {}
        try:
            for mode, num_envs in wanted:
                if num_envs != 0:
                    made[mode.value] = self.create_venv(num_envs, mode, wrappers(mode))
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
    from rlchassis.envs.workers import WorkerEnvironment

    return WorkerEnvironment


def _wrapped(construct: EnvConstructor, wrappers: Sequence[EnvWrapper]) -> Env:
    env = construct()
    for wrap in wrappers:
        env = wrap(env)
    return env
