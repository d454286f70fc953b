"""Environment factories for callables and existing vectorized environments, and conversion of arguments to factories."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from itertools import cycle, islice
from typing import Any

import gymnasium as gym
from attrs import field, frozen
from attrs.converters import optional
from gymnasium.vector import VectorEnv

from rlchassis.config.fields import number
from rlchassis.envs.factory import EnvFactory, EnvMode, EnvWrapper, VectorEnvType, require_unwrapped
from rlchassis.envs.gymnasium_vector import NativeEnvironment
from rlchassis.envs.members import AnyVectorEnv, member_constructors
from rlchassis.envs.opening import Env, EnvConstructor
from rlchassis.envs.sources import env_factory_named
from rlchassis.envs.vector import VectorEnvironment
from rlchassis.errors import UsageError


@frozen
class EnvFactoryCallable(EnvFactory):
    """Environments created by a callable without arguments, or with one: the EnvMode."""

    create: Callable[..., Env]
    venv_type: VectorEnvType = field(default=VectorEnvType.DUMMY, converter=VectorEnvType)
    constructor_timeout: float = number(60.0, above=0)
    step_timeout: float = number(300.0, above=0)

    def create_env(self, mode: EnvMode) -> Env:
        """See EnvFactory; raises UsageError for anything that is no gymnasium.Env."""
        env = self.create(mode) if _takes_mode(self.create) else self.create()
        if not isinstance(env, gym.Env):
            raise UsageError(f"{self.create!r} made a {type(env).__name__}, but must make a gymnasium.Env")
        return env


def _as_vector_env(thing: Any) -> AnyVectorEnv:
    if not isinstance(thing, VectorEnv):
        raise UsageError(f"expected a gymnasium.vector.VectorEnv, got {thing!r}")
    return thing


@frozen
class EnvFactoryVector(EnvFactory):
    """An existing vectorized environment for training, which its creator closes.

    Tests and watching use single environments that are made as its own were, or a second vectorised one; where neither is possible
    they are refused. Of several functions that make environments, the first num_test_envs make those for tests.
    """

    vector_env: AnyVectorEnv = field(converter=_as_vector_env)
    test_vector_env: AnyVectorEnv | None = field(default=None, converter=optional(_as_vector_env))
    """Second vectorized environment of the same task, for tests and watching; num_test_envs is its number of environments."""
    venv_type: VectorEnvType = field(init=False, default=VectorEnvType.NATIVE)

    def __attrs_post_init__(self) -> None:
        """Testing would begin new episodes in the midst of training."""
        if self.test_vector_env is not None and self.test_vector_env.unwrapped is self.vector_env.unwrapped:
            raise UsageError("test_vector_env is the environment that trains; make a second one")

    @property
    def fixed_num_train_envs(self) -> int | None:
        """Number of environments in the vectorized environment."""
        return self.vector_env.num_envs

    @property
    def fixed_num_test_envs(self) -> int | None:
        """Number of environments in the second vectorized environment, if there is one."""
        return None if self.test_vector_env is None else self.test_vector_env.num_envs

    def create_env(self, mode: EnvMode) -> Env:
        """See EnvFactory; raises UsageError where no single environment is known to be of the same task."""
        return self.constructors(1, mode)[0]()

    def constructors(self, num_envs: int, mode: EnvMode) -> Sequence[EnvConstructor]:
        """See EnvFactory."""
        if type(self).create_env is not EnvFactoryVector.create_env:  # a subclass has its own way
            return super().constructors(num_envs, mode)
        return list(islice(cycle(member_constructors(self.vector_env)), num_envs))

    def create_venv(self, num_envs: int, mode: EnvMode, wrappers: Sequence[EnvWrapper] = ()) -> VectorEnvironment:
        """See EnvFactory."""
        if mode is EnvMode.TRAIN or self.test_vector_env is None:
            return super().create_venv(num_envs, mode, wrappers)
        require_unwrapped(wrappers)
        return _native(self.test_vector_env, self.test_vector_env.num_envs if mode is EnvMode.WATCH else num_envs, "num_test_envs")

    def create_native(self, num_envs: int) -> VectorEnvironment:
        """The environment itself; raises UsageError for another number of them."""
        return _native(self.vector_env, num_envs, "num_train_envs")


def _native(vector_env: AnyVectorEnv, num_envs: int, setting: str) -> VectorEnvironment:
    if num_envs != vector_env.num_envs:
        raise UsageError(
            f"the vectorised environment has {vector_env.num_envs} environments, but {num_envs} were asked for; "
            f"set {setting}={vector_env.num_envs}"
        )
    return NativeEnvironment(vector_env, owned=False)


def env_factory_from(thing: Any) -> EnvFactory:
    """Convert to an EnvFactory: a factory, gymnasium id or SOURCE/TASK, callable that creates an Env, or vectorized environment."""
    if isinstance(thing, EnvFactory):
        return thing
    if isinstance(thing, str):
        return env_factory_named(thing)
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


def _takes_mode(create: Callable[..., Env]) -> bool:
    parameters = inspect.signature(create).parameters.values()
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return bool(positional) and (positional[0].default is inspect.Parameter.empty or positional[0].name == "mode")
