"""A run whose worker processes are killed ends with the same bits as one in which none was."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

from rlchassis.hookspecs import hookimpl
from rlchassis_testkit.resuming import assert_same, final_state, run_through, sac_with_checkpoints


class Kills:
    """Kills a worker of the training environments in the warm-up and later, and the one of the test environments."""

    def __init__(self) -> None:
        self.killed: list[int] = []

    def kill(self, pid: int) -> None:
        os.kill(pid, signal.SIGKILL)
        self.killed.append(pid)

    @hookimpl
    def rlchassis_collect_end(self, world: Any) -> None:
        if world.state.env_step in (6, 36):
            self.kill(world.envs.train.pids[0])

    @hookimpl
    def rlchassis_test_start(self, world: Any) -> None:
        self.kill(world.envs.test.pids[0])


def test_workers_killed_in_warm_up_collection_and_test_change_no_bit_of_the_run(tmp_path: Path) -> None:
    experiment = sac_with_checkpoints(12, venv_type="subproc")
    never = final_state(run_through(experiment, tmp_path / "never"))
    kills = Kills()
    experiment.with_config(persistence_base_dir=str(tmp_path)).run("run", observers=[kills])
    assert len(set(kills.killed)) == 4
    assert_same(never, final_state(tmp_path / "run"))
