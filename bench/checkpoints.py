"""Measures what checkpoints cost: a run with them at their default beside one without, and those of a full replay buffer.

usage: python bench/checkpoints.py run ROW EVERY | replay
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch

ROWS = {"ppo-cartpole": ("ppo", "CartPole-v1", 200_000), "sac-halfcheetah": ("sac", "HalfCheetah-v5", 13_000)}
"""Algorithm, environment and steps of runs that take a fraction of a minute, tuned as their recipes are."""
SEEN, DONE, CAPACITY = 17, 6, 1_000_000
NEW = (1, 1_000, 10_000, 100_000)
"""Transitions between two checkpoints of the replay buffer."""


def run(row: str, every: str) -> dict[str, float]:
    """Seconds of the processor and of the clock of a whole run, those of its checkpoints, and how many were written."""
    from rlchassis.experiment import plan
    from rlchassis.run.checkpoints import CheckpointWriter

    algorithm, task, steps = ROWS[row]
    spent, write = [0.0, 0.0, 0], CheckpointWriter.__call__

    def timed(self: CheckpointWriter, loop: Any) -> None:
        seconds, moment = time.process_time(), time.perf_counter()
        write(self, loop)
        spent[:] = spent[0] + time.process_time() - seconds, spent[1] + time.perf_counter() - moment, spent[2] + 1

    CheckpointWriter.__call__ = timed  # type: ignore[method-assign]  # timed where it is called
    with TemporaryDirectory() as folder:
        planned = plan(algorithm, task, steps=steps, watch=False).with_config(
            persistence_base_dir=folder, checkpoint_every=every if every != "0" else 0, num_threads=1
        )
        seconds, moment = time.process_time(), time.perf_counter()
        planned.run("run")
        total = time.process_time() - seconds, time.perf_counter() - moment
    return {"cpu": total[0], "wall": total[1], "cpu_of_checkpoints": spent[0], "wall_of_checkpoints": spent[1], "checkpoints": spent[2]}


def replay() -> dict[str, Any]:
    """Seconds and new bytes of checkpoints of 10⁶ transitions of 17 numbers seen and 6 done: the first, and after so many new ones."""
    from rlchassis.data.state_tensors import TensorCapture
    from rlchassis.data.step import Step
    from rlchassis.replay import ReplayBuffer
    from rlchassis.storage.checkpoint.directory import write_checkpoint

    buffer, rng = ReplayBuffer.create(CAPACITY, 1), np.random.default_rng(0)
    flags = {name: np.zeros(1, np.bool_) for name in ("terminated", "truncated")}

    def add(count: int) -> None:
        for _ in range(count):
            obs, next_obs, actions = (rng.standard_normal((1, size)).astype(np.float32) for size in (SEEN, SEEN, DONE))
            buffer.add(
                Step(obs=obs, next_obs=next_obs, actions=actions, rewards=rng.standard_normal(1), valid=np.ones(1, np.bool_), **flags)
            )

    def stored(folder: str, step: int) -> dict[str, float]:
        seconds, moment = time.process_time(), time.perf_counter()
        written = write_checkpoint(Path(folder), step, TensorCapture(copies=False).state_of(buffer, "buffer"), {})
        return {"mib": written.num_bytes / 2**20, "cpu": time.process_time() - seconds, "wall": time.perf_counter() - moment}

    add(CAPACITY)
    with TemporaryDirectory() as folder:
        answers = {"first": stored(folder, 0)}
        for step, count in enumerate(NEW, start=1):
            add(count)
            answers[f"{count} new"] = stored(folder, step)
    return answers


def main() -> None:
    """Print a line of JSON."""
    torch.set_num_threads(1)
    what: Callable[..., dict[str, Any]] = {"run": run, "replay": replay}[sys.argv[1]]
    print(json.dumps(what(*sys.argv[2:])))


if __name__ == "__main__":
    main()
