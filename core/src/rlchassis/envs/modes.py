"""What an environment is for, how several are run, and what is put around one."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import TypeAlias

from rlchassis.config.tianshou_names import AnswersOldMembers
from rlchassis.envs.opening import Env

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
