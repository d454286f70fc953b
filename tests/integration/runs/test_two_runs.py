"""Two runs meet in one directory: the second is refused, and what the first writes is its own."""

from __future__ import annotations

import json
import platform
import signal

import pytest

from rlchassis.cli import main
from rlchassis.errors import UsageError
from rlchassis.experiment import EpochTrainCallback, Experiment, LoggerFactory, PPOExperimentBuilder
from rlchassis_testkit.stored_runs import listing, tiny_config, tiny_sampling
from rlchassis_testkit.torch_processes import TorchProcess

RUN = """
import sys
from rlchassis.experiment import EpochTrainCallback, PPOExperimentBuilder
from rlchassis.training.loggers import LoggerFactorySeveral
from rlchassis_testkit.stored_runs import tiny_config, tiny_sampling
class Waits(EpochTrainCallback):
    def callback(self, epoch, env_step, context):
        if epoch == 2:
            print("going on", flush=True)
            sys.stdin.readline()
builder = PPOExperimentBuilder("CartPole-v1", tiny_config(sys.argv[1]), tiny_sampling()).with_epoch_train_callback(Waits())
builder.with_logger_factory(LoggerFactorySeveral(())).build().run("run")  # none that writes while the other waits
"""


@pytest.fixture
def going_on(tmp_path):
    """A run of another process in tmp_path/run, which waits in its second epoch for a line."""
    with TorchProcess.start(RUN, tmp_path) as process:
        assert process.stdout.readline() == "going on\n"
        yield process


def experiment(base, configure=lambda builder: builder):
    return configure(PPOExperimentBuilder("CartPole-v1", tiny_config(base), tiny_sampling())).build()


def inspected(directory, capsys):
    capsys.readouterr()
    assert main(["inspect", str(directory)]) == 0
    return capsys.readouterr().out


def test_ctrl_c_while_the_run_closes_leaves_no_lock(tmp_path, monkeypatch):
    def interrupted(world):
        world.logger.close()
        world.envs.close()
        raise KeyboardInterrupt

    monkeypatch.setattr("rlchassis.training.world.World.close", interrupted)
    with pytest.raises(KeyboardInterrupt):
        experiment(tmp_path).run("run")
    assert (tmp_path / "run" / "policy.pt").exists()
    assert not (tmp_path / "run" / "run.lock").exists()


def test_whoever_comes_second_is_refused_until_the_first_has_ended(tmp_path, going_on, capsys):
    directory, other = tmp_path / "run", experiment(tmp_path)
    before = listing(directory)
    who = f"process {going_on.pid} on host {platform.node()}"
    for attempt in (lambda: other.create_experiment_world(directory), lambda: other.save(directory)):
        with pytest.raises(UsageError, match=who):
            attempt()
    with pytest.raises(UsageError, match="exists already"):
        other.run("run")
    assert f"running: {who}" in inspected(directory, capsys)
    assert listing(directory) == before
    going_on.communicate("\n", timeout=300)
    assert "not running" in inspected(directory, capsys)
    steps = [json.loads(line)["step"] for line in (directory / "metrics.jsonl").read_text("utf-8").splitlines()]
    assert steps == sorted(steps)
    other.create_experiment_world(directory, "id-7").close()
    assert not (directory / "run.lock").exists()


def test_a_run_that_was_killed_leaves_its_directory_to_the_next(tmp_path, going_on, capsys):
    going_on.send_signal(signal.SIGKILL)
    going_on.wait(300)
    assert f"interrupted: process {going_on.pid}" in inspected(tmp_path / "run", capsys)
    world = experiment(tmp_path).create_experiment_world(tmp_path / "run")
    assert "running: process" in inspected(tmp_path / "run", capsys)
    world.close()
    assert "not running" in inspected(tmp_path / "run", capsys)


class Fails(EpochTrainCallback):
    def callback(self, epoch, env_step, context):
        raise ArithmeticError("on purpose")


class Unmade(LoggerFactory):
    def create_logger(self, log_dir, experiment_name, run_id, config_dict):
        raise ArithmeticError("on purpose")


def test_however_a_run_ends_no_lock_is_left(tmp_path):
    with pytest.raises(ArithmeticError):
        experiment(tmp_path, lambda builder: builder.with_epoch_train_callback(Fails())).run("failed")
    (tmp_path / "own").mkdir()
    with pytest.raises(ArithmeticError):
        experiment(tmp_path, lambda builder: builder.with_logger_factory(Unmade())).create_experiment_world(tmp_path / "own")
    experiment(tmp_path).run("done")
    assert list(tmp_path.rglob("run.lock")) == []
    assert isinstance(Experiment.from_directory(tmp_path / "done"), Experiment)
