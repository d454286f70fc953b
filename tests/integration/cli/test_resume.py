"""`rlchassis resume`, and what `inspect` and `doctor` say of checkpoints."""

from __future__ import annotations

from pathlib import Path

import pytest

WORDS = [
    "train",
    "ppo",
    "CartPole-v1",
    "--recipe",
    "none",
    "--steps",
    "48",
    "--set",
    "config.checkpoint_every=24",
    "--set",
    "sampling.step_per_collect=24",
]
MORE = [
    "--set",
    "sampling.batch_size=12",
    "--set",
    "sampling.num_train_envs=2",
    "--set",
    "sampling.num_test_envs=0",
    "--name",
    "run",
    "--dir",
]


@pytest.fixture
def trained(rlchassis, tmp_path) -> Path:
    assert rlchassis(*WORDS, *MORE, tmp_path).code == 0
    return tmp_path / "run"


def test_a_finished_run_is_trained_on_with_more_steps(rlchassis, trained):
    refused = rlchassis("resume", trained)
    assert (refused.code, refused.out) == (2, "")
    assert "is finished, at step 48; pass a number of steps to train on to (--steps)" in refused.err
    done = rlchassis("resume", trained, "--steps", 96)
    assert done.code == 0
    assert "Resuming at environment step 48, exactly." in done.err
    assert "trained for 96 steps" in done.out


def test_inspect_shows_the_checkpoints(rlchassis, trained):
    shown = rlchassis("inspect", trained).out
    assert "step 48 (resumes exactly), step 24 (resumes exactly)" in shown


def test_doctor_verifies_the_checkpoints_of_a_directory(rlchassis, trained):
    intact = rlchassis("doctor", trained)
    assert (intact.code, intact.out) == (0, "ckpt-48: intact, 1 files\nckpt-24: intact, 1 files\n")
    state = trained / "checkpoints/ckpt-48/state.safetensors"
    state.write_bytes(state.read_bytes()[:-1])
    damaged = rlchassis("doctor", trained)
    assert (damaged.code, damaged.out.splitlines()[0]) == (1, f"ckpt-48: damaged: {state} has another size than its manifest says.")
    assert rlchassis("resume", trained, "--steps", 96).code == 0


def test_a_directory_without_checkpoint_is_no_subject_for_doctor_and_resume(rlchassis, tmp_path):
    assert [rlchassis(verb, tmp_path).code for verb in ("doctor", "resume")] == [2, 2]
