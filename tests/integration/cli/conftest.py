"""Commands typed in this very process, in a folder of their own."""

from __future__ import annotations

import attrs
import pytest

from rlchassis.cli import main

TINY = ["--recipe", "none", "--steps", "64", "--set", "sampling.num_train_envs=2", "--set", "sampling.step_per_collect=32"]
TINY += ["--set", "sampling.batch_size=16", "--set", "sampling.num_test_episodes=2", "--set", "sampling.step_per_epoch=32"]


@attrs.frozen
class Outcome:
    code: int
    out: str
    err: str


@pytest.fixture
def rlchassis(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    def run(*words: object) -> Outcome:
        capsys.readouterr()
        return Outcome(main([str(word) for word in words]), *capsys.readouterr())

    return run


@pytest.fixture
def train(rlchassis):
    def run(*words: object, env: str = "CartPole-v1") -> Outcome:
        return rlchassis("train", "ppo", env, *TINY, *words)

    return run
