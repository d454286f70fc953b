"""Every verb on a terminal and in a locale that know nothing but ASCII, in one process of its own."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

COMMANDS = """
import sys
from rlchassis.cli import main
tiny = ["--recipe", "none", "--steps", "64", "--set", "sampling.num_train_envs=2", "--set", "sampling.step_per_collect=32"]
tiny += ["--set", "sampling.num_test_episodes=2", "--set", "sampling.step_per_epoch=32", "--set", "sampling.batch_size=16"]
tiny += ["--name", "mine"]
for words in (["--help"], ["train", "ppo", "--help"], ["train", "ppo", "CartPole-v1", *tiny], ["inspect", "log/mine"],
              ["eval", "log/mine"], ["plugins", "list"], ["plugins", "info", "ppo"], ["doctor"]):
    print("exit", words[0], main(words), file=sys.stderr)
"""


@pytest.fixture(scope="module")
def spoken(tmp_path_factory):
    folder = tmp_path_factory.mktemp("narrow")
    narrow = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C"}
    done = subprocess.run(
        [sys.executable, "-c", COMMANDS], cwd=folder, env={**os.environ, **narrow}, capture_output=True, check=False, timeout=120
    )
    return folder, done.stdout, done.stderr


def test_every_verb_does_its_work_on_a_terminal_that_knows_nothing_but_ascii(spoken):
    _, out, err = spoken
    assert out.isascii()
    assert err.isascii()
    codes = [line.split()[1:] for line in err.decode().splitlines() if line.startswith("exit ")]
    assert codes == [[verb, "0"] for verb in ("--help", "train", "train", "inspect", "eval", "plugins", "plugins", "doctor")]
    assert b"Error" not in err


def test_characters_that_a_terminal_lacks_are_spelled_out(spoken):
    _, out, _ = spoken
    assert b" +/- " in out
    assert b"gamma" in out


def test_the_log_is_utf_8_whatever_the_terminal_is(spoken):
    folder, _, _ = spoken
    assert "±" in (folder / "log/mine/log.txt").read_text("utf-8")
