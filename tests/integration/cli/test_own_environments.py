"""Environments of a module in the current folder: trained by typing their name, opened again only where the module is allowed."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import SimpleNamespace

import gymnasium as gym
import pytest

from rlchassis.cli.allowed import look_here

MODULE = """
import gymnasium as gym, numpy as np

class Short(gym.Env):
    observation_space = gym.spaces.Box(-1, 1, (2,), np.float32)
    action_space = gym.spaces.Discrete(2)
    def __init__(self, reward=1.0, render_mode=None): self.reward = reward
    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.time = 0
        return np.zeros(2, np.float32), {}
    def step(self, action):
        self.time += 1
        return np.zeros(2, np.float32), self.reward, self.time == 4, False, {}

def make(reward): return gym.wrappers.TimeLimit(Short(reward), 3)
gym.register("Folder/Short-v0", Short)
"""
NAME = "envs_of_this_folder"


@pytest.fixture
def fresh(tmp_path, monkeypatch):
    """A module in the current folder, which is not on the import path; and a function that begins a new process, as it were."""
    (tmp_path / f"{NAME}.py").write_text(MODULE, "utf-8")

    def forget():
        monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry not in ("", str(tmp_path))])
        sys.modules.pop(NAME, None)
        gym.registry.pop("Folder/Short-v0", None)

    forget()
    yield forget
    forget()


@pytest.mark.parametrize(
    ("name", "words", "score", "word"),
    [
        ("Folder/Short-v0", (), "4.00", NAME),
        ("Short", ("--set", "env.reward=2.0"), "8.00", NAME),
        ("make", ("--set", "env.reward=1.0"), "3.00", f"{NAME}:make"),
    ],
)
def test_an_environment_of_this_folder_is_trained_scored_watched_and_inspected(rlchassis, train, fresh, name, words, score, word):
    done = train("--name", "mine", *words, env=f"{NAME}:{name}")
    assert (done.code, f"test return {score} ± 0.00" in done.out) == (0, True), done
    assert re.search(f"  rlchassis eval log/mine --allow {NAME}.*\n.*\n  rlchassis watch log/mine --allow {NAME}", done.out)
    fresh()
    refused = rlchassis("eval", "log/mine")
    assert (refused.code, refused.out, refused.err.count("\n")) == (2, "", 1)
    assert f"--allow {NAME}" in refused.err
    assert rlchassis("inspect", "log/mine").code == 0
    assert NAME not in sys.modules
    assert f"return {score} ± 0.00 over 2 episodes" in rlchassis("eval", "log/mine", "--allow", word).out
    assert rlchassis("watch", "log/mine", "--episodes", "1", "--allow", word).code == 0


def test_another_function_of_a_module_is_not_allowed_by_naming_one(rlchassis, train, fresh):
    assert train("--name", "mine", "--set", "env.reward=1.0", env=f"{NAME}:make").code == 0
    fresh()
    assert f"--allow {NAME}:make" in rlchassis("eval", "log/mine", "--allow", f"{NAME}:Short").err


def test_a_module_that_is_in_neither_place_is_refused(rlchassis, fresh):
    done = rlchassis("train", "ppo", "no_such_folder_module:Short")
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "no module named 'no_such_folder_module' was found" in done.err


@pytest.mark.parametrize(("safe", "before", "added"), [(False, [], 1), (True, [], 0), (False, [""], 0)])
def test_this_folder_comes_first_on_the_import_path_unless_python_runs_in_safe_mode(monkeypatch, safe, before, added):
    here = SimpleNamespace(flags=SimpleNamespace(safe_path=safe), path=[*before, "elsewhere"])
    monkeypatch.setattr("rlchassis.cli.allowed.sys", here)
    look_here()
    assert here.path == [*[str(Path.cwd())] * added, *before, "elsewhere"]


def test_an_environment_by_its_id_does_not_open_this_folder(rlchassis, fresh):
    assert rlchassis("train", "ppo", "MountainCar-v0").code == 2
    assert str(Path.cwd()) not in sys.path
