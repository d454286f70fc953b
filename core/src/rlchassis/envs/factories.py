"""Recipes around what a user already has: a callable, a vectorised environment, or anything that tells which recipe is meant."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import gymnasium as gym
from attrs import field, frozen
from gymnasium.vector import VectorEnv

from rlchassis.envs.factory import EnvFactory, EnvMode, VectorEnvType
from rlchassis.envs.native import NativeEnvironment
from rlchassis.envs.registered import EnvFactoryRegistered
from rlchassis.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rlchassis.envs.chunk import Env
    from rlchassis.envs.vector import VectorEnvironment


@frozen
class EnvFactoryCallable(EnvFactory):
    """Environments made by a function of no argument, or of one: the mode."""

    create: Callable[..., Env]
    venv_type: VectorEnvType = field(default=VectorEnvType.DUMMY, converter=VectorEnvType)
    constructor_timeout: float = 60.0
    step_timeout: float = 300.0

    def create_env(self, mode: EnvMode) -> Env:
        """See EnvFactory; raises UsageError for anything that is no gymnasium.Env."""
        env = self.create(mode) if _takes_mode(self.create) else self.create()
        if not isinstance(env, gym.Env):
            raise UsageError(f"{self.create!r} made a {type(env).__name__}, but must make a gymnasium.Env")
        return env


@frozen
class EnvFactoryVector(EnvFactory):
    """An existing vectorised environment, for training; it stays its maker's to close. Test and watch ones are made from its spec."""

    vector_env: VectorEnv[Any, Any, Any]
    venv_type: VectorEnvType = field(init=False, default=VectorEnvType.NATIVE)

    @property
    def fixed_num_train_envs(self) -> int | None:
        """As many as the vectorised environment has."""
        return self.vector_env.num_envs

    def create_env(self, mode: EnvMode) -> Env:
        """See EnvFactory; raises UsageError without a spec."""
        spec = self.vector_env.spec
        if spec is None:
            raise UsageError(
                "a vectorised environment without a spec cannot tell how to make single ones for testing; give a callable that makes one"
            )
        return EnvFactoryRegistered(spec.id, make_kwargs=_single_env_kwargs(spec.kwargs)).create_env(mode)

    def create_native(self, num_envs: int) -> VectorEnvironment:
        """The environment itself; raises UsageError for another number of them."""
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


def _takes_mode(create: Callable[..., Env]) -> bool:
    parameters = inspect.signature(create).parameters.values()
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return bool(positional) and (positional[0].default is inspect.Parameter.empty or positional[0].name == "mode")


def _single_env_kwargs(kwargs: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in kwargs.items() if key not in ("num_envs", "vectorization_mode", "vector_kwargs", "wrappers")}
