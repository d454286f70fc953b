"""Factory of environments of envpool."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

import gymnasium as gym
from attrs import field, frozen
from attrs.validators import instance_of

from rlchassis.api import EnvFactory, EnvMode, NativeEnvironment, UsageError, VectorEnvType, number
from rlchassis_envpool.pools import SinglePool, VectorPool, checked_spec

SET_BY_THE_RUN = ("num_envs", "batch_size", "seed", "env_seed", "env_type", "render_mode")


def _free_arguments(factory: Any, attribute: Any, arguments: Mapping[str, Any]) -> None:
    if taken := sorted(set(arguments) & set(SET_BY_THE_RUN)):
        raise UsageError(
            f"envpool's {taken[0]} follows from the settings of the run, such as sampling.num_train_envs and config.seed; "
            f"leave it out of {attribute.name}."
        )


@frozen
class EnvFactoryEnvPool(EnvFactory):
    """Environments of envpool, stepped together in its threads; `make_kwargs` go to envpool.make.

    Pools are seeded by the run. With another venv_type each environment is a pool of one.
    """

    tests_natively: ClassVar[bool] = True

    task: str = field(validator=instance_of(str))
    venv_type: VectorEnvType = field(default=VectorEnvType.NATIVE, converter=VectorEnvType)
    watch_render_mode: str | None = "human"
    make_kwargs: Mapping[str, Any] = field(factory=dict, hash=False, validator=_free_arguments)
    constructor_timeout: float = number(60.0, above=0)
    step_timeout: float = number(300.0, above=0)

    def create_env(self, mode: EnvMode) -> gym.Env[Any, Any]:
        """See EnvFactory; UsageError for an unknown task and an argument that it does not take."""
        return SinglePool(self.task, self.make_kwargs, self.watch_render_mode if mode is EnvMode.WATCH else None)

    def constructors(self, num_envs: int, mode: EnvMode) -> Sequence[Callable[[], gym.Env[Any, Any]]]:
        """See EnvFactory; an unknown task is refused before any process is started."""
        checked_spec(self.task, self.make_kwargs)
        return super().constructors(num_envs, mode)

    def create_native(self, num_envs: int) -> NativeEnvironment:
        """See EnvFactory."""
        construct = partial(VectorPool, self.task, num_envs, self.make_kwargs)
        return NativeEnvironment(construct(), construct=construct)
