"""No failed run exits with 0, whoever calls sys.exit; and what others print is no part of an answer."""

from __future__ import annotations

import ctypes
import json
import os
import sys

import gymnasium as gym
import pytest

from rlchassis.cli import main
from rlchassis.errors import exits_are_errors
from rlchassis.experiment import EpochTestCallback, PPOExperimentBuilder
from rlchassis.hookspecs import hookimpl
from rlchassis.training.hook_manager import hook_manager
from rlchassis_testkit.stored_runs import tiny_config, tiny_sampling


class Leaving(gym.Wrapper):
    def step(self, action):
        sys.exit(0)


class Printing(gym.Wrapper):
    """By Python, by the system, and by C's buffered output."""

    def reset(self, **kwargs):
        print("python was here")  # noqa: T201  as environments do
        os.write(1, b"the system was here\n")
        ctypes.CDLL(None).printf(b"C was here\n")
        return super().reset(**kwargs)


@pytest.fixture
def registered():
    entries = {"Leaving-v0": Leaving, "Printing-v0": Printing}
    for name, wrapper in entries.items():
        gym.register(name, lambda wrapper=wrapper, **kwargs: wrapper(gym.make("CartPole-v1", **kwargs)))
    yield
    for name in entries:
        del gym.registry[name]


def test_an_environment_that_exits_fails_the_command(train, registered):
    done = train(env="Leaving-v0")
    assert done.code == 1
    assert "EnvironmentFailure: environment 0 (seed" in done.err
    assert "called sys.exit(0), at step 1 of its episode (1 in all), with action" in done.err


class Quits(EpochTestCallback):
    def callback(self, epoch, env_step, context):
        sys.exit(0)


def test_a_hook_that_exits_is_named(tmp_path):
    builder = PPOExperimentBuilder("CartPole-v1", tiny_config(tmp_path), tiny_sampling()).with_epoch_test_callback(Quits())
    with pytest.raises(
        RuntimeError, match=rf"^hook rlchassis_test_start of callback Quits called sys\.exit\(0\) \({__file__}, line \d+\)$"
    ):
        builder.build().run("run")


def test_a_hook_around_others_that_exits_is_named_too():
    class Around:
        @hookimpl(wrapper=True)
        def rlchassis_should_stop(self):
            yield
            sys.exit("enough")

    with pytest.raises(RuntimeError, match=r"^hook rlchassis_should_stop of acme called sys\.exit\(enough\)"):
        hook_manager([("acme", Around())]).hook.rlchassis_should_stop(world=None, mean_rewards=1.0)


def test_whatever_else_exits_fails_run_and_command(tmp_path, monkeypatch, capsys):
    def leave(*_):
        sys.exit()

    monkeypatch.setattr("rlchassis.learning.policy.Policy.set_progress", leave)
    with pytest.raises(RuntimeError, match=r"^something in this run called sys\.exit\(\)"):
        PPOExperimentBuilder("CartPole-v1", tiny_config(tmp_path), tiny_sampling()).build().run("run")
    monkeypatch.setattr("rlchassis.cli.inspect.carry_out", leave)
    assert main(["inspect", "there"]) == 1
    assert capsys.readouterr().err.startswith("rlchassis: RuntimeError: this command called sys.exit() (")
    assert main(["--version"]) == 0


def test_an_exception_that_is_none_and_one_without_text_fail_the_command(monkeypatch, capsys):
    class Unspeakable(BaseException):
        def __str__(self):
            raise ValueError

    def fail(_arguments):
        raise Unspeakable

    monkeypatch.setattr("rlchassis.cli.inspect.carry_out", fail)
    assert main(["inspect", "there"]) == 1
    assert capsys.readouterr().err == "rlchassis: Unspeakable: (no text: its __str__ raised ValueError)\n"


def test_code_that_does_not_exit_is_left_alone():
    with exits_are_errors("nobody"):
        pass
    with pytest.raises(KeyError), exits_are_errors("nobody"):
        raise KeyError


def test_output_printed_by_environments_is_not_part_of_the_answer(tmp_path, registered, capfd):
    builder = PPOExperimentBuilder("Printing-v0", tiny_config(tmp_path), tiny_sampling())
    builder.build().run("mine")
    capfd.readouterr()
    assert main(["eval", str(tmp_path / "mine"), "--episodes", "1", "--json"]) == 0
    out, err = capfd.readouterr()
    assert json.loads(out)["episodes"] == 1
    assert all(f"{who} was here" in err for who in ("python", "the system", "C"))
