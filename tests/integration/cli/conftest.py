"""Commands typed in this very process, in a folder of their own."""

from __future__ import annotations

import pytest

from rlchassis_testkit.command_line import Outcome, rlchassis

__all__ = ["rlchassis"]

TINY = ["--recipe", "none", "--steps", "64", "--set", "sampling.num_train_envs=2", "--set", "sampling.step_per_collect=32"]
TINY += ["--set", "sampling.batch_size=16", "--set", "sampling.num_test_episodes=2", "--set", "sampling.step_per_epoch=32"]


@pytest.fixture(autouse=True)
def folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def train(rlchassis):
    def run(*words: object, env: str = "CartPole-v1") -> Outcome:
        return rlchassis("train", "ppo", env, *TINY, *words)

    return run
