"""Names of tianshou.highlevel.env: environment factories, and the environments of a run with Tianshou's methods."""

from __future__ import annotations

import copy
import inspect
from enum import Enum
from typing import Any

from rlchassis import experiment as native
from rlchassis.api import Component, EnvMode, PluginError, UsageError
from rlchassis.api import EnvFactory as NativeEnvFactory
from rlchassis.envs import VectorEnvironment
from rlchassis_tianshou.env.norm_obs import VectorEnvNormObs
from rlchassis_tianshou.highlevel.environments import ContinuousEnvironments, DiscreteEnvironments, Environments, EnvType
from rlchassis_tianshou.translation.notes import note

__all__ = [
    "ContinuousEnvironments",
    "DiscreteEnvironments",
    "EnvFactory",
    "EnvFactoryRegistered",
    "EnvMode",
    "EnvPoolFactory",
    "EnvType",
    "Environments",
    "VectorEnvType",
]


class VectorEnvType(Enum):
    """How environments are vectorized."""

    DUMMY = "dummy"
    SUBPROC = "subproc"
    SUBPROC_SHARED_MEM_DEFAULT_CONTEXT = "shmem"
    SUBPROC_SHARED_MEM_FORK_CONTEXT = "shmem_fork"
    RAY = "ray"
    SUBPROC_SHARED_MEM_AUTO = "subproc_shared_mem_auto"
    SUBPROC_SHARED_MEM = "subproc_shared_mem"

    @classmethod
    def native_of(cls, venv_type: VectorEnvType | native.VectorEnvType | str) -> native.VectorEnvType:
        """The member of rlchassis for a member of either, or for its value."""
        if isinstance(venv_type, native.VectorEnvType):
            return venv_type
        return cls(venv_type).native

    @property
    def native(self) -> native.VectorEnvType:
        """The member of rlchassis."""
        if self is VectorEnvType.RAY:
            note("VectorEnvType.RAY", "environments run in worker processes of this machine.")
        return native.VectorEnvType.DUMMY if self is VectorEnvType.DUMMY else native.VectorEnvType.SUBPROC


class EnvPoolFactory:
    """Environments of envpool, where rlchassis-envpool is installed; subclasses change the name of the task and its arguments."""

    def _transform_task(self, task: str) -> str:
        return task

    def _transform_kwargs(self, kwargs: dict[str, Any], mode: EnvMode) -> dict[str, Any]:
        return kwargs

    def translated(self, task: str, make_kwargs: dict[str, Any]) -> NativeEnvFactory:
        """The environment source envpool, with the arguments of training; PluginError where it is not installed."""
        options = {"task": self._transform_task(task), "make_kwargs": self._transform_kwargs(dict(make_kwargs), EnvMode.TRAIN)}
        made: NativeEnvFactory = Component("env", "envpool", options).create()
        return made


class EnvFactory(NativeEnvFactory):
    """Base class of environment factories; override create_env, or _create_env as from Tianshou 1.1."""

    def __init__(self, venv_type: VectorEnvType | native.VectorEnvType | str = VectorEnvType.DUMMY) -> None:
        self.venv_type = VectorEnvType.native_of(venv_type)

    def _create_env(self, mode: EnvMode) -> Any:
        raise UsageError(f"{type(self).__name__} has neither create_env nor _create_env; override one of them.")

    def create_env(self, mode: EnvMode, seed: int | None = None) -> Any:
        """Create one environment; the seed is that of the run."""
        return self._create_env(mode)

    def create_venv(  # type: ignore[override]  # the third argument is a seed in Tianshou, and is never passed by rlchassis
        self, num_envs: int, mode: EnvMode, seed: Any = None, wrappers: Any = ()
    ) -> VectorEnvironment:
        """Create a vectorized environment."""
        return super().create_venv(num_envs, mode, wrappers)

    def create_envs(  # type: ignore[override]  # the fourth argument is a seed in Tianshou, and is never passed by rlchassis
        self,
        num_training_envs: int,
        num_test_envs: int,
        create_watch_env: bool = False,
        seed: int | None = None,
        wrappers: Any = lambda _mode: (),
    ) -> Environments:
        """Create all environments of a run; where a subclass has its own way, at least one of each, since it may use them all."""
        if type(self).create_envs is not EnvFactory.create_envs:
            num_training_envs, num_test_envs = max(1, num_training_envs), max(1, num_test_envs)
        made = super().create_envs(num_training_envs, num_test_envs, create_watch_env, wrappers)
        return Environments.viewing(made)


class EnvFactoryRegistered(EnvFactory):
    """Environments registered with gymnasium."""

    def __init__(
        self,
        *,
        task: str,
        venv_type: VectorEnvType | native.VectorEnvType | str = VectorEnvType.DUMMY,
        seed: int | None = None,
        train_seed: int | None = None,
        test_seed: int | None = None,
        envpool_factory: EnvPoolFactory | None = None,
        render_mode_train: str | None = None,
        render_mode_test: str | None = None,
        render_mode_watch: str | None = "human",
        **make_kwargs: Any,
    ) -> None:
        super().__init__(venv_type)
        self.task, self.make_kwargs = task, make_kwargs
        self.seed, self.train_seed, self.test_seed = seed, train_seed, test_seed
        self.envpool_factory = envpool_factory
        self.render_mode_train, self.render_mode_test, self.render_mode_watch = render_mode_train, render_mode_test, render_mode_watch
        if any(given is not None for given in (seed, train_seed, test_seed)):
            note("EnvFactoryRegistered.seed", "environments are seeded from ExperimentConfig.seed.")

    def translated(self) -> NativeEnvFactory:
        """The factory of rlchassis; of a subclass that has its own way to make environments, itself."""
        if any(getattr(type(self), name) is not getattr(EnvFactoryRegistered, name) for name in OVERRIDDEN):
            return self
        if self.envpool_factory is not None:
            try:
                return self.envpool_factory.translated(self.task, self.make_kwargs)
            except PluginError as error:
                note("EnvFactoryRegistered.envpool_factory", f"environments are made by gymnasium: {error}")
        return self._native()

    def _native(self) -> native.EnvFactoryRegistered:
        return native.EnvFactoryRegistered(
            self.task,
            venv_type=self.venv_type,
            train_render_mode=self.render_mode_train,
            test_render_mode=self.render_mode_test,
            watch_render_mode=self.render_mode_watch,
            make_kwargs=self.make_kwargs,
        )

    def _create_env(self, mode: EnvMode) -> Any:
        return self._native().create_env(mode)


def takes_wrappers(factory: NativeEnvFactory) -> bool:
    """Whether wrappers reach its environments: not where a subclass has a create_venv or create_envs without them."""
    return all("wrappers" in inspect.signature(method).parameters for method in (factory.create_venv, factory.create_envs))


def normalizes_observations(factory: NativeEnvFactory) -> bool:
    """Whether a create_venv or create_envs of its own puts VectorEnvNormObs around training environments; opens one, and one for tests."""
    if takes_wrappers(factory):
        return False
    tried = copy.copy(factory)
    tried.venv_type = native.VectorEnvType.DUMMY
    envs = tried.create_envs(1, 1)
    try:
        return isinstance(envs.train, VectorEnvNormObs)
    finally:
        envs.close()


OVERRIDDEN = ("create_env", "_create_env", "create_venv", "create_envs")
"""Methods that a subclass may override."""
