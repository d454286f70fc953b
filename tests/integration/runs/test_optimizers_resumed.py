"""Runs with each optimizer and a schedule, stopped in the midst and resumed, end as if they had not been stopped."""

from __future__ import annotations

import json

import pytest

from rlchassis.experiment import plan
from rlchassis_testkit.resuming import Stop, assert_same, final_state, run_stopped, run_through, with_checkpoints

SAMPLING = {
    "num_train_envs": 2, "num_test_envs": 1, "num_test_episodes": 1, "step_per_epoch": 32, "step_per_collect": 16, "batch_size": 8,
    "repeat_per_collect": 1,
}  # fmt: skip
NETWORKS = {"actor": {"hidden_sizes": [8, 8]}, "critic": {"hidden_sizes": [8, 8]}}


def experiment(optimizer="adam", schedule="linear"):
    params = {"lr": 0.01, "lr_scheduler_factory": schedule}
    settings = {"sampling": SAMPLING, "params": params, **NETWORKS, "config": {"log_file_enabled": False}}
    return with_checkpoints(plan("ppo", "CartPole-v1", recipe="none", steps=96, optimizer=optimizer, settings=settings), 16)


@pytest.mark.parametrize(
    ("optimizer", "schedule"),
    [
        ("adamw", "warmup:steps=32,then=cosine"),
        ("muon:min_width=4", "exponential:final_fraction=0.1"),
        ("rmsprop:eps_in_root=true,initial_square=1,momentum=0.5,centered=true", "constant:fraction=0.5"),
        ("sgd:momentum=0.9", "linear"),
        ("torch-optim:name=NAdam", "cosine"),
    ],
)
def test_a_resumed_run_ends_as_one_that_was_never_stopped(optimizer, schedule, tmp_path):
    run = experiment(optimizer, schedule)
    whole = final_state(run_through(run, tmp_path / "whole"))
    assert_same(final_state(run_stopped(run, tmp_path / "stopped", Stop("learning", 7))), whole)


def test_each_row_has_the_learning_rate_of_the_schedule(tmp_path):
    directory = run_through(experiment(schedule="warmup:fraction=0.5,initial_fraction=0.5,then=constant"), tmp_path)
    rows = map(json.loads, (directory / "metrics.jsonl").read_text().splitlines())
    rates = {row["step"]: row["learn/learning_rate"] for row in rows if "learn/learning_rate" in row}
    expected = {16 * (i + 1): 0.01 * min(1, 0.5 + 0.5 * (16 * i / 96) / 0.5) for i in range(6)}
    assert rates == pytest.approx({step: expected[step] for step in rates})
    assert len(set(rates.values())) > 1
