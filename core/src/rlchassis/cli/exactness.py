"""Part of `rlchassis doctor`: whether runs in an environment can be resumed exactly, found out by trying."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import attrs

from rlchassis.errors import UsageError

KINDS = {"in process": "DUMMY", "in workers": "SUBPROC", "native vector": "NATIVE"}
"""Members of VectorEnvType by what the table calls them."""
INEXACT, NO_VECTOR = "new episodes", "there is none"


def exactness(tasks: Sequence[str]) -> Iterator[str]:
    """Lines of a table: how each environment is resumed, by how it is vectorized; UsageError for one that cannot be made."""
    for row in (("environment", *KINDS), *((task, *(_way(task, kind) for kind in KINDS)) for task in tasks)):
        yield "  ".join(cell.ljust(18) for cell in row).rstrip()
    yield f"exact: a resumed run goes on bit for bit; {INEXACT}: it truncates the episodes that were going on."


def _way(task: str, kind: str) -> str:
    """The first way in which the state of the environment is stored."""
    from rlchassis.envs import EnvMode, VectorEnvType, env_factory_named  # with torch, which other findings of doctor do without

    before: Any = env_factory_named(task)
    factory = attrs.evolve(before, venv_type=VectorEnvType[KINDS[kind]])
    try:
        envs = factory.create_venv(1, EnvMode.TRAIN)
    except UsageError:
        if kind == "native vector":
            return NO_VECTOR
        raise
    try:
        ways = envs.exact_ways()
    finally:
        envs.close()
    return f"exact ({ways[0]})" if ways else INEXACT
