"""What is timed: one row per task, with the settings that every library is given, and how a time is reported."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Row:
    """One task. Each library has 64×64 tanh networks, lr 3e-4, γ .99, λ .95, clip .2, value weight .5, no entropy, gradient norm .5."""

    name: str
    algorithm: str
    environment: str
    num_envs: int
    steps: int
    """Environment steps that are timed: a multiple of `rollout`, so that every library does the same."""
    rollout: int
    """Environment steps between two learning phases, over all environments."""
    minibatch: int
    passes: int


ROWS = {
    row.name: row
    for row in (
        Row("ppo-cartpole", "ppo", "CartPole-v1", num_envs=8, steps=40960, rollout=1024, minibatch=256, passes=4),
        Row("ppo-halfcheetah-1", "ppo", "HalfCheetah-v5", num_envs=1, steps=8192, rollout=2048, minibatch=64, passes=10),
        Row("ppo-halfcheetah-8", "ppo", "HalfCheetah-v5", num_envs=8, steps=16384, rollout=2048, minibatch=64, passes=10),
    )
}


def asked_row() -> Row:
    """The row that the command line names."""
    return ROWS[sys.argv[1]]


def report(library: str, row: Row, run: Callable[[], object]) -> None:
    """Time one run and print it as a line of JSON; `sps` is environment steps per second."""
    start = time.perf_counter()
    run()
    seconds = time.perf_counter() - start
    print(json.dumps({"library": library, **asdict(row), "seconds": round(seconds, 3), "sps": round(row.steps / seconds, 1)}))
