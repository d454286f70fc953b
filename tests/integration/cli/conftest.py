"""Commands typed in this very process, in a folder of their own."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

import pytest

from rlchassis.cli import main
from rlchassis_testkit.command_line import Outcome, rlchassis

__all__ = ["rlchassis"]

TINY = ["--recipe", "none", "--steps", "64", "--set", "sampling.num_train_envs=2", "--set", "sampling.step_per_collect=32"]
TINY += ["--set", "sampling.batch_size=16", "--set", "sampling.num_test_episodes=2", "--set", "sampling.step_per_epoch=32"]


@pytest.fixture(autouse=True)
def folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory):
    """The directory of a run that all tests copy; none changes it."""
    base = tmp_path_factory.mktemp("finished")
    with contextlib.chdir(base):
        assert main(["train", "ppo", "CartPole-v1", *TINY, "--name", "mine", "--set", "config.watch_num_episodes=3"]) == 0
    return base / "log" / "mine"


@pytest.fixture
def run(finished_run):
    """A run directory of a test's own."""
    return shutil.copytree(finished_run, Path("log/mine"))


@pytest.fixture
def train(rlchassis):
    def run(*words: object, env: str = "CartPole-v1") -> Outcome:
        return rlchassis("train", "ppo", env, *TINY, *words)

    return run
