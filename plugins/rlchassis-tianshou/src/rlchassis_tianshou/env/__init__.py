"""Names of tianshou.env: vector environments made by hand, such as in a create_venv of one's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from attrs import frozen

from rlchassis.api import EnvFactory, EnvMode
from rlchassis.envs import VectorEnvironment, VectorEnvType
from rlchassis_tianshou.env.norm_obs import VectorEnvNormObs
from rlchassis_tianshou.translation.notes import note

__all__ = ["BaseVectorEnv", "DummyVectorEnv", "RayVectorEnv", "ShmemVectorEnv", "SubprocVectorEnv", "VectorEnvNormObs"]
BaseVectorEnv = VectorEnvironment
EnvFns = Sequence[Callable[[], Any]]


@frozen
class _Given(EnvFactory):
    """Environments that given functions make."""

    env_fns: EnvFns
    venv_type: VectorEnvType

    def create_env(self, mode: EnvMode) -> Any:
        return self.env_fns[0]()

    def constructors(self, num_envs: int, mode: EnvMode) -> EnvFns:
        return self.env_fns


def DummyVectorEnv(env_fns: EnvFns, wait_num: int | None = None, timeout: float | None = None) -> VectorEnvironment:  # noqa: N802  Tianshou's name
    """Environments that step one after another in this process."""
    return _opened(env_fns, VectorEnvType.DUMMY, wait_num, timeout)


def SubprocVectorEnv(  # noqa: N802  Tianshou's name
    env_fns: EnvFns, wait_num: int | None = None, timeout: float | None = None, share_memory: bool = False, context: str | None = None
) -> VectorEnvironment:
    """Environments in worker processes, with shared memory."""
    return _opened(env_fns, VectorEnvType.SUBPROC, wait_num, timeout)


def ShmemVectorEnv(env_fns: EnvFns, wait_num: int | None = None, timeout: float | None = None) -> VectorEnvironment:  # noqa: N802  Tianshou's name
    """Environments in worker processes, with shared memory."""
    return _opened(env_fns, VectorEnvType.SUBPROC, wait_num, timeout)


def RayVectorEnv(env_fns: EnvFns, wait_num: int | None = None, timeout: float | None = None) -> VectorEnvironment:  # noqa: N802  Tianshou's name
    """Environments in worker processes of this machine."""
    note("RayVectorEnv", "environments run in worker processes of this machine.")
    return _opened(env_fns, VectorEnvType.SUBPROC, wait_num, timeout)


def _opened(env_fns: EnvFns, venv_type: VectorEnvType, wait_num: int | None, timeout: float | None) -> VectorEnvironment:
    if wait_num is not None or timeout is not None:
        note("BaseVectorEnv.wait_num", "all environments step together.")
    return _Given(env_fns, venv_type).create_venv(len(env_fns), EnvMode.TRAIN)
