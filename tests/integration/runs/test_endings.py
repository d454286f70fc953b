"""However a run ends early, its checkpoint is whole, and a message says how to go on; Ctrl-C in a script returns what is there."""

from __future__ import annotations

import errno
import logging
import math
import os
import signal
from pathlib import Path
from typing import Any

import pytest
import torch

from rlchassis.errors import DivergenceError, EnvironmentFailure, Interrupted, StorageFailure
from rlchassis.experiment import Experiment, ExperimentCollection
from rlchassis.hookspecs import hookimpl
from rlchassis.run import checkpoints
from rlchassis.storage.checkpoint.directory import write_checkpoint
from rlchassis.storage.checkpoint.manifest import newest_checkpoint
from rlchassis_testkit.resuming import assert_same, final_state, run_through, sac_with_checkpoints, with_checkpoints

MOMENTS = ("train_start", "epoch_start", "collect_end", "test_start")


class At:
    """Observer that does something when a hook is called for the nth time."""

    def __init__(self, hook: str, act: Any, nth: int = 1) -> None:
        self.hook, self.act, self.left = hook, act, nth

    def called(self, hook: str, world: Any) -> None:
        self.left -= hook == self.hook
        if hook == self.hook and self.left == 0:
            self.act(world)

    @hookimpl
    def rlchassis_train_start(self, world):
        self.called("train_start", world)

    @hookimpl
    def rlchassis_epoch_start(self, world):
        self.called("epoch_start", world)

    @hookimpl
    def rlchassis_collect_end(self, world):
        self.called("collect_end", world)

    @hookimpl
    def rlchassis_test_start(self, world):
        self.called("test_start", world)


def press(_world: Any) -> None:
    os.kill(os.getpid(), signal.SIGINT)


def press_twice(world: Any) -> None:
    press(world)
    press(world)


@pytest.fixture(autouse=True)
def ctrl_c():
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # what runs in the background inherits that it is ignored
    yield
    signal.signal(signal.SIGINT, before)


def experiment(base: Path) -> Experiment:
    return sac_with_checkpoints(12).with_config(persistence_base_dir=str(base))


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    base = tmp_path_factory.mktemp("never")
    return final_state(run_through(experiment(base), base))


@pytest.mark.parametrize("moment", MOMENTS)
def test_ctrl_c_in_a_script_returns_the_partial_result_of_a_run_that_resumes_exactly(moment, uninterrupted, tmp_path, caplog):
    with caplog.at_level(logging.INFO, "rlchassis"):
        result = experiment(tmp_path).run("run", observers=[At(moment, press)])
    assert result.interrupted
    assert result.trainer_result.env_steps < 48
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    run, step = tmp_path / "run", newest_checkpoint(tmp_path / "run").step
    assert f"`rlchassis resume {run}` goes on from step {step}." in caplog.text
    assert not Experiment.resume(run).interrupted
    assert_same(uninterrupted, final_state(run))


def test_a_second_ctrl_c_raises_at_once_and_the_checkpoints_stay_whole(uninterrupted, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        experiment(tmp_path).run("run", observers=[At("collect_end", press_twice, 4)])
    Experiment.resume(tmp_path / "run")
    assert_same(uninterrupted, final_state(tmp_path / "run"))


def test_the_scripts_own_handler_of_ctrl_c_is_respected(tmp_path):
    seen = []
    signal.signal(signal.SIGINT, lambda number, _frame: seen.append(number))
    result = experiment(tmp_path).run("run", observers=[At("collect_end", press)])
    assert (seen, result.interrupted, result.trainer_result.env_steps) == ([signal.SIGINT], False, 48)


def test_ctrl_c_ends_a_collection_with_the_experiment_that_it_interrupts(tmp_path):
    once = At("collect_end", press)

    class Watched(Experiment):
        def run(self, name):
            return super().run(name, observers=[once])

    seeds = [Watched.from_data(experiment(tmp_path).with_config(seed=seed).to_data()) for seed in range(3)]
    results = ExperimentCollection(tuple(seeds)).run("many")
    assert [result.interrupted for result in results] == [True]


def test_a_run_that_is_interrupted_in_its_last_test_is_not_finished(uninterrupted, tmp_path):
    assert experiment(tmp_path).run("run", observers=[At("test_start", press, 2)]).interrupted
    Experiment.resume(tmp_path / "run")
    assert_same(uninterrupted, final_state(tmp_path / "run"))


class Disk:
    """Refuses checkpoints of some steps."""

    def __init__(self, monkeypatch, *steps):
        self.left = list(steps)
        monkeypatch.setattr(checkpoints, "write_checkpoint", self.write)

    def write(self, directory, step, *content):
        if step in self.left:
            self.left.remove(step)
            raise OSError(errno.ENOSPC, "No space left on device")
        return write_checkpoint(directory, step, *content)


def test_a_checkpoint_that_the_disk_refuses_is_warned_of_and_the_next_one_is_written(uninterrupted, monkeypatch, tmp_path, caplog):
    Disk(monkeypatch, 24)
    with caplog.at_level(logging.INFO, "rlchassis"):
        experiment(tmp_path).run("run")
    assert f"no checkpoint is written at step 24 in {tmp_path / 'run'} (No space left on device); the run continues." in caplog.messages
    assert "The checkpoint of step 36 is written." in caplog.messages
    assert_same(uninterrupted, final_state(tmp_path / "run"))


def test_a_final_checkpoint_that_the_disk_refuses_fails_the_run_and_the_older_one_is_named(uninterrupted, monkeypatch, tmp_path):
    Disk(monkeypatch, 48, 48)
    with pytest.raises(StorageFailure) as caught:
        experiment(tmp_path).run("run")
    run = tmp_path / "run"
    assert str(caught.value) == (
        f"the run finished, but no checkpoint is written at step 48 in {run} (No space left on device); "
        f"`rlchassis resume {run}` goes on from step 36."
    )
    assert caught.value.result.trainer_result.env_steps == 48
    monkeypatch.undo()
    Experiment.resume(run)
    assert_same(uninterrupted, final_state(run))


def fail(error: BaseException) -> Any:
    def act(_world: Any) -> None:
        raise error

    return act


def terminate(world: Any) -> None:
    world.interrupt(Interrupted(15))


@pytest.mark.parametrize(
    ("act", "error", "step"),
    [
        (fail(EnvironmentFailure("gone")), EnvironmentFailure, 12),
        (fail(DivergenceError("diverged")), DivergenceError, 12),
        (terminate, Interrupted, 18),
    ],
    ids=["environment", "divergence", "signal"],
)
def test_every_ending_with_a_checkpoint_names_the_command_that_resumes_once(act, error, step, tmp_path, caplog):
    with caplog.at_level(logging.INFO, "rlchassis"), pytest.raises(error):
        experiment(tmp_path).run("run", observers=[At("collect_end", act, 3)])
    assert caplog.text.count(f"`rlchassis resume {tmp_path / 'run'}` goes on from step {step}.") == 1


def test_a_run_without_a_checkpoint_names_no_command(tmp_path, caplog):
    without = experiment(tmp_path).with_config(checkpoint_every=0)
    with caplog.at_level(logging.INFO, "rlchassis"):
        assert without.run("run", observers=[At("collect_end", press, 3)]).interrupted
    assert "rlchassis resume" not in caplog.text


def with_broken(part: str) -> Any:
    def act(world: Any) -> None:
        owner = world if part == "policy" else world.algorithm
        with torch.no_grad():
            next(getattr(owner, part).parameters()).fill_(math.nan)

    return act


@pytest.mark.parametrize("part", ["policy", "critics", "target_critics"])
def test_a_checkpoint_with_a_weight_that_is_not_finite_is_not_written(part, tmp_path):
    with pytest.raises(DivergenceError, match=rf"weights became non-finite \(.*{part}"):
        with_checkpoints(experiment(tmp_path), 6).run("run", observers=[At("collect_end", with_broken(part), 2)])
    assert newest_checkpoint(tmp_path / "run").step == 6


def test_an_interrupted_run_with_weights_that_are_not_finite_keeps_its_older_checkpoint(tmp_path, caplog):
    observers = [At("epoch_start", with_broken("target_critics"), 2), At("epoch_start", terminate, 2)]
    with pytest.raises(Interrupted):
        experiment(tmp_path).run("run", observers=observers)
    assert newest_checkpoint(tmp_path / "run").step == 24
    assert "No checkpoint is written at step 24: weights became non-finite (target_critics." in caplog.text
