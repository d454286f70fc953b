"""Factory of environments registered with gymnasium, whose errors become UsageError."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

import gymnasium as gym
from attrs import Attribute, field, frozen
from gymnasium import error as gym_error
from gymnasium.envs.registration import EnvSpec

from rlchassis.config.fields import number
from rlchassis.config.limits import LONGEST_NAME
from rlchassis.config.tianshou_names import refuses_old_names
from rlchassis.envs.factory import EnvFactory, EnvMode, EnvWrapper, VectorEnvType
from rlchassis.envs.gymnasium_vector import NativeEnvironment
from rlchassis.envs.lookup import checked_spec, names_object, one_sentence
from rlchassis.envs.opening import Env, EnvConstructor
from rlchassis.envs.rendering import rendered_if_possible
from rlchassis.envs.vector import VectorEnvironment
from rlchassis.errors import UsageError

Made = TypeVar("Made")
NOT_MADE = ("unexpected keyword argument", "missing 1 required", "required positional arguments", "must inherit from the gymnasium.Env")
"""What a TypeError says where an environment was asked for in vain, rather than failed."""


def _id_of_readable_length(factory: Any, attribute: Attribute[Any], task: Any) -> None:
    if not isinstance(task, str) or len(task) > LONGEST_NAME:
        got = f"one of {len(task)}" if isinstance(task, str) else repr(task)
        raise UsageError(f"task must be the id of an environment of at most {LONGEST_NAME} characters, not {got}.")


@refuses_old_names
@frozen(init=False)
class EnvFactoryRegistered(EnvFactory):
    """Environments that `task` names: an id of gymnasium's, "module:id", or a class or function as "module:name".

    Further arguments go to gymnasium.make, and through it to that class or function.
    """

    task: str = field(validator=_id_of_readable_length)
    venv_type: VectorEnvType = VectorEnvType.DUMMY
    train_render_mode: str | None = None
    test_render_mode: str | None = None
    watch_render_mode: str | None = "human"
    make_kwargs: dict[str, Any] = field(factory=dict, hash=False)
    constructor_timeout: float = number(60.0, above=0)
    step_timeout: float = number(300.0, above=0)

    def __init__(
        self,
        task: str,
        *,
        venv_type: VectorEnvType = VectorEnvType.DUMMY,
        train_render_mode: str | None = None,
        test_render_mode: str | None = None,
        watch_render_mode: str | None = "human",
        make_kwargs: Mapping[str, Any] | None = None,
        constructor_timeout: float = 60.0,
        step_timeout: float = 300.0,
        **more_make_kwargs: Any,
    ) -> None:
        kwargs = {**(make_kwargs or {}), **more_make_kwargs}
        self.__attrs_init__(
            task,
            VectorEnvType(venv_type),
            train_render_mode,
            test_render_mode,
            watch_render_mode,
            kwargs,
            constructor_timeout,
            step_timeout,
        )

    def code_to_trust(self) -> tuple[str, ...]:
        """See ConfigPart: the module before the colon, or what is called in it."""
        module, _, name = self.task.rpartition(":")
        if not module:
            return ()
        return (self.task,) if names_object(name) else (module,)

    def create_env(self, mode: EnvMode) -> Env:
        """See EnvFactory; raises UsageError for an unknown id, a missing dependency or an argument that the environment does not take.

        Gymnasium's checking wrapper, which costs a call per step, stays out unless the kwargs ask for it.
        """
        spec, asked = checked_spec(self.task), self._render_mode(mode)

        def making(**render_mode: str) -> EnvConstructor:
            return partial(made, spec, gym.make, {"disable_env_checker": True, **render_mode, **self.make_kwargs})

        if mode is EnvMode.WATCH and asked.get("render_mode") == "human":
            return rendered_if_possible(making(**asked), making())
        return making(**asked)()

    def create_venv(self, num_envs: int, mode: EnvMode, wrappers: Sequence[EnvWrapper] = ()) -> VectorEnvironment:
        """See EnvFactory; an unknown id is refused before any process is started."""
        if not self._has_own_way:
            checked_spec(self.task)
        return super().create_venv(num_envs, mode, wrappers)

    @property
    def _has_own_way(self) -> bool:
        return type(self).create_env is not EnvFactoryRegistered.create_env

    def create_native(self, num_envs: int) -> VectorEnvironment:
        """See EnvFactory; raises UsageError, too, where a subclass makes its environments in another way."""
        spec = checked_spec(self.task)
        if self._has_own_way:
            raise UsageError(
                f"the vectorised form of {spec.id} does not use {type(self).__name__}.create_env; use VectorEnvType.DUMMY, "
                "or override create_native as well"
            )
        if spec.vector_entry_point is None:
            raise UsageError(f"{spec.id} has no vectorised form of its own; use VectorEnvType.DUMMY")
        asked = {"num_envs": num_envs, "vectorization_mode": "vector_entry_point", **self._render_mode(EnvMode.TRAIN)}
        construct = partial(made, spec, gym.make_vec, {**asked, **self.make_kwargs})
        return NativeEnvironment(construct(), construct=construct)

    def _render_mode(self, mode: EnvMode) -> dict[str, str]:
        """The argument that asks for it; none where none is asked for, since not every environment takes it."""
        asked = {EnvMode.TRAIN: self.train_render_mode, EnvMode.TEST: self.test_render_mode, EnvMode.WATCH: self.watch_render_mode}[mode]
        return {} if asked is None or (asked == "human" and not has_display()) else {"render_mode": asked}


def has_display() -> bool:
    """Whether a window can be opened."""
    return not sys.platform.startswith("linux") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def made(spec: EnvSpec, make: Callable[..., Made], kwargs: Mapping[str, Any]) -> Made:
    """Call gymnasium's make; raises UsageError for what is missing, and for an argument that the environment does not take."""
    try:
        return make(spec, **kwargs)
    except (gym_error.Error, ImportError, TypeError) as error:
        if isinstance(error, TypeError) and not any(reason in str(error) for reason in NOT_MADE):
            raise
        reason = one_sentence(error).partition(" was raised from the environment creator")[0].rstrip(".")
        hint = "; its arguments are set as env.NAME" if "argument" in reason else ""
        raise UsageError(f"{spec.id} cannot be made: {reason}{hint}.") from error
