"""Recipes for environments. What they make is described in vector.py and environments.py."""

from __future__ import annotations

import inspect
import os
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from functools import partial
from typing import Any, TypeAlias

import gymnasium as gym
from attrs import field, frozen
from gymnasium.vector import VectorEnv

from rlchassis.envs.chunk import Env, EnvConstructor
from rlchassis.envs.environments import Environments
from rlchassis.envs.in_process import InProcessEnvironment
from rlchassis.envs.native import NativeEnvironment
from rlchassis.envs.registered import checked_spec, make_registered, make_registered_vector
from rlchassis.envs.vector import VectorEnvironment, require_num_envs
from rlchassis.envs.workers import WorkerEnvironment
from rlchassis.errors import UsageError

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
    """In worker processes: best where a step takes longer than some 100 µs."""
    SUBPROC_SHARED_MEM = "shmem"
    """In worker processes that answer through shared memory: best for images."""
    NATIVE = "native"
    """As one vectorised environment, where its author wrote one; test and watch environments then run in this process."""


class EnvFactory(ABC):
    """A recipe for environments; subclasses say how one is made and, by a field or a property, how several are run."""

    venv_type: VectorEnvType

    @property
    def fixed_num_train_envs(self) -> int | None:
        """The only possible number of training environments, if there is only one."""
        return None

    @abstractmethod
    def create_env(self, mode: EnvMode) -> Env:
        """Make one environment."""

    def constructor(self, mode: EnvMode) -> EnvConstructor:
        """What makes one environment without arguments, here or in a worker process."""
        return partial(self.create_env, mode)

    def create_venv(self, num_envs: int, mode: EnvMode, wrappers: Sequence[EnvWrapper] = ()) -> VectorEnvironment:
        """Make several environments that are stepped together, each wrapped in order: the first given is innermost."""
        require_num_envs(num_envs)
        venv_type = self._venv_type_in(mode)
        if venv_type is VectorEnvType.NATIVE:
            return self._create_native(num_envs, mode, wrappers)
        constructors = [partial(_wrapped, self.constructor(mode), tuple(wrappers))] * num_envs
        if venv_type is VectorEnvType.DUMMY:
            return InProcessEnvironment.open(constructors)
        return WorkerEnvironment.open(constructors, shared_memory=venv_type is VectorEnvType.SUBPROC_SHARED_MEM)

    def create_envs(
        self,
        num_train_envs: int,
        num_test_envs: int,
        create_watch_env: bool = False,
        wrappers: Callable[[EnvMode], Sequence[EnvWrapper]] = lambda mode: (),
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

    def _create_native(self, num_envs: int, mode: EnvMode, wrappers: Sequence[EnvWrapper]) -> VectorEnvironment:
        if wrappers:
            raise UsageError("environment wrappers cannot be put around the members of a vectorised environment; use VectorEnvType.DUMMY")
        return self._create_native_unwrapped(num_envs, mode)

    def _create_native_unwrapped(self, num_envs: int, mode: EnvMode) -> VectorEnvironment:
        raise UsageError(f"{type(self).__name__} cannot make a vectorised environment; use VectorEnvType.DUMMY")


def _wrapped(construct: EnvConstructor, wrappers: Sequence[EnvWrapper]) -> Env:
    env = construct()
    try:
        for wrap in wrappers:
            env = wrap(env)
    except BaseException:
        env.close()
        raise
    return env


@frozen(init=False)
class EnvFactoryRegistered(EnvFactory):
    """Environments registered with gymnasium under the id `task`; further arguments go to gymnasium.make."""

    task: str
    venv_type: VectorEnvType = VectorEnvType.DUMMY
    train_render_mode: str | None = None
    test_render_mode: str | None = None
    watch_render_mode: str | None = "human"
    make_kwargs: dict[str, Any] = field(factory=dict, hash=False)

    def __init__(
        self,
        task: str,
        *,
        venv_type: VectorEnvType = VectorEnvType.DUMMY,
        train_render_mode: str | None = None,
        test_render_mode: str | None = None,
        watch_render_mode: str | None = "human",
        make_kwargs: Mapping[str, Any] | None = None,
        **more_make_kwargs: Any,
    ) -> None:
        kwargs = {**(make_kwargs or {}), **more_make_kwargs}
        self.__attrs_init__(task, VectorEnvType(venv_type), train_render_mode, test_render_mode, watch_render_mode, kwargs)

    def create_env(self, mode: EnvMode) -> Env:
        return self.constructor(mode)()

    def constructor(self, mode: EnvMode) -> EnvConstructor:
        """The spec travels along, so that ids registered by a script are known to its workers."""
        return partial(make_registered, checked_spec(self.task), self._render_mode(mode), self.make_kwargs)

    def _create_native_unwrapped(self, num_envs: int, mode: EnvMode) -> VectorEnvironment:
        kwargs = {"render_mode": self._render_mode(mode), **self.make_kwargs}
        return NativeEnvironment(make_registered_vector(checked_spec(self.task), num_envs, kwargs))

    def _render_mode(self, mode: EnvMode) -> str | None:
        asked = {EnvMode.TRAIN: self.train_render_mode, EnvMode.TEST: self.test_render_mode, EnvMode.WATCH: self.watch_render_mode}[mode]
        return None if asked == "human" and not has_display() else asked


@frozen
class EnvFactoryCallable(EnvFactory):
    """Environments made by a function of no argument, or of one: the mode."""

    create: Callable[..., Env]
    venv_type: VectorEnvType = field(default=VectorEnvType.DUMMY, converter=VectorEnvType)

    def create_env(self, mode: EnvMode) -> Env:
        env = self.create(mode) if _takes_mode(self.create) else self.create()
        if not isinstance(env, gym.Env):
            raise UsageError(f"{self.create!r} made a {type(env).__name__}, but must make a gymnasium.Env")
        return env


@frozen
class EnvFactoryVector(EnvFactory):
    """An existing vectorised environment, for training; it stays its maker's to close. Test and watch ones are made from its spec."""

    vector_env: VectorEnv[Any, Any, Any]

    @property
    def venv_type(self) -> VectorEnvType:  # type: ignore[override]  # there is no choice
        """Always native."""
        return VectorEnvType.NATIVE

    @property
    def fixed_num_train_envs(self) -> int | None:
        """As many as the vectorised environment has."""
        return self.vector_env.num_envs

    def create_env(self, mode: EnvMode) -> Env:
        spec = self.vector_env.spec
        if spec is None:
            raise UsageError(
                "a vectorised environment without a spec cannot tell how to make single ones for testing; give a callable that makes one"
            )
        return EnvFactoryRegistered(spec.id, make_kwargs=_single_env_kwargs(spec.kwargs)).create_env(mode)

    def _create_native_unwrapped(self, num_envs: int, mode: EnvMode) -> VectorEnvironment:
        if num_envs != self.vector_env.num_envs:
            raise UsageError(
                f"the vectorised environment has {self.vector_env.num_envs} environments, but {num_envs} were asked for; "
                f"set num_train_envs={self.vector_env.num_envs}"
            )
        return NativeEnvironment(self.vector_env, owned=False)


def env_factory_from(thing: Any) -> EnvFactory:
    """What a user may give as environments: a factory, a gymnasium id, a callable that makes one, a vectorised one."""
    if isinstance(thing, EnvFactory):
        return thing
    if isinstance(thing, str):
        return EnvFactoryRegistered(thing)
    if isinstance(thing, VectorEnv):
        return EnvFactoryVector(thing)
    if isinstance(thing, gym.Env):
        raise UsageError(
            f"one environment cannot be made twice; give a callable that makes it: lambda: {type(thing.unwrapped).__name__}(…)"
        )
    if callable(thing):
        return EnvFactoryCallable(thing)
    raise UsageError(
        f"environments cannot be made from {thing!r}; give an EnvFactory, a gymnasium id, a callable that makes an env, or a VectorEnv"
    )


def has_display() -> bool:
    """Whether a window can be opened."""
    return not sys.platform.startswith("linux") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _takes_mode(create: Callable[..., Env]) -> bool:
    try:
        parameters = inspect.signature(create).parameters.values()
    except ValueError:
        return False
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return bool(positional) and (positional[0].default is inspect.Parameter.empty or positional[0].name == "mode")


def _single_env_kwargs(kwargs: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in kwargs.items() if key not in ("num_envs", "vectorization_mode", "vector_kwargs", "wrappers")}
