"""`rlchassis resume`, and what `inspect` and `doctor` say of checkpoints."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import gymnasium as gym
import pytest

from rlchassis.storage.checkpoint.manifest import digest_of
from rlchassis.storage.run_lock import RunLock

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


@pytest.fixture
def refusal(rlchassis, trained):
    """A function: what `resume` with these words says when it refuses, after which every file is as it was."""

    def of(*words: object) -> str:
        before = digests(trained)
        done = rlchassis("resume", trained, *words)
        assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
        assert digests(trained) == before
        return str(done.err)

    return of


def digests(directory: Path) -> dict[str, str | None]:
    """Everything in a directory, files with their digests."""
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None for path in directory.rglob("*")}


def resign(run: Path, **bits: Any) -> None:
    """Let the newest checkpoint say that it was written with other bits."""
    path = run / "checkpoints/ckpt-48/manifest.json"
    data = json.loads(path.read_text())
    data["record"]["bits"].update(bits)
    path.write_text(json.dumps({**data, "sha256": digest_of({key: value for key, value in data.items() if key != "sha256"})}))


def test_a_finished_run_without_more_steps_is_refused(refusal):
    assert "is finished, at step 48; pass a number of steps to train on to (--steps)." in refusal()
    assert "is at step 48 already, so it cannot be trained to 48; pass more steps." in refusal("--steps", 48)


def test_a_run_without_checkpoint_is_refused(refusal, trained):
    shutil.rmtree(trained / "checkpoints")
    assert "contains no checkpoint to resume from; pass the directory of a run that has written one." in refusal("--steps", 96)


def test_a_run_that_is_going_on_is_refused(refusal, trained):
    lock = RunLock.acquire(trained)
    assert "a run is going on in" in refusal("--steps", 96)
    lock.release()


def test_a_run_whose_plugin_is_missing_is_refused(refusal, trained):
    path = trained / "experiment.json"
    path.write_text(path.read_text().replace('"algorithm/ppo"', '"algorithm/lost"'))
    assert 'no algorithm "lost" is installed' in refusal("--steps", 96)


def test_a_run_whose_environment_has_other_spaces_is_refused(refusal, monkeypatch):
    other = dataclasses.replace(gym.spec("CartPole-v1"), entry_point=gym.spec("Acrobot-v1").entry_point, vector_entry_point=None)
    monkeypatch.setitem(gym.registry, "CartPole-v1", other)
    said = refusal("--steps", 96)
    assert "was stored with other spaces: " in said
    assert "resume it with the environment it was begun with." in said


def test_what_differs_is_printed_and_strict_refuses_it(rlchassis, refusal, trained):
    resign(trained, threads=7)
    assert "would not go on exactly: threads 7 there, 1 here; leave --strict out." in refusal("--steps", 96, "--strict")
    done = rlchassis("resume", trained, "--steps", 96)
    assert done.code == 0
    assert "Resuming at environment step 48, not bit for bit: threads 7 there, 1 here." in done.err


def test_a_finished_run_is_trained_on_with_more_steps(rlchassis, trained):
    done = rlchassis("resume", trained, "--steps", "1e2")
    assert done.code == 0
    assert "Resuming at environment step 48, exactly." in done.err
    assert "trained for 100 steps" in done.out


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
