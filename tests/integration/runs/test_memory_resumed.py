"""A run with a memory that is stopped and resumed ends with the same bits as one that was never stopped."""

from __future__ import annotations

from typing import Any

import pytest

from rlchassis.experiment import plan
from rlchassis_testkit.resuming import Stop, assert_same, final_state, run_stopped, run_through, with_checkpoints

COMMON = {"num_train_envs": 3, "num_test_envs": 1, "num_test_episodes": 1, "step_per_epoch": 48, "batch_size": 12}
SAMPLING: dict[str, dict[str, Any]] = {
    "ppo": {**COMMON, "step_per_collect": 24, "repeat_per_collect": 2},
    "dqn": {**COMMON, "step_per_collect": 3, "start_timesteps": 18, "update_per_step": 0.5, "buffer_size": 60},
}


@pytest.mark.parametrize("moment", ["collecting", "learning"])
@pytest.mark.parametrize(
    ("algorithm", "memory"), [("ppo", "gru:size=8,sequence_length=4"), ("dqn", "lstm:size=8,sequence_length=4,burn_in=3")]
)
def test_a_resumed_run_with_a_memory_equals_one_that_was_never_stopped(algorithm, memory, moment, tmp_path):
    planned = plan(
        algorithm, "CartPole-v1", steps=144, recipe="none", settings={"sampling": SAMPLING[algorithm], "memory": memory}, watch=False
    )
    experiment = with_checkpoints(planned, 24)
    stopped = run_stopped(experiment, tmp_path / "stopped", Stop(moment, {"collecting": 21, "learning": 7}[moment]))
    assert_same(final_state(run_through(experiment, tmp_path / "through")), final_state(stopped))
