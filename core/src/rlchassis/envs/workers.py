"""Environments in supervised worker processes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rlchassis.envs.chunk import EnvConstructor
    from rlchassis.envs.vector import VectorEnvironment


class WorkerEnvironment:
    """Still to be written; in-process environments take its place."""

    @staticmethod
    def open(constructors: Sequence[EnvConstructor], *, shared_memory: bool) -> VectorEnvironment:
        from rlchassis.envs.in_process import InProcessEnvironment

        return InProcessEnvironment.open(constructors)
