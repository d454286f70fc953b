"""Disks that are full, gone or somebody else's while a run goes on."""

from __future__ import annotations

import errno
import json
import os
import shutil

import pytest

from rlchassis.collecting.evaluation import Evaluation
from rlchassis.errors import StorageFailure, UsageError
from rlchassis.experiment import EpochTrainCallback, PPOExperimentBuilder
from rlchassis.storage.policy_file import read_policy
from rlchassis.training import persistence as events
from rlchassis.training import testing
from rlchassis.training.loggers import LoggerFactorySeveral
from rlchassis_testkit.stored_runs import rows_of, tiny_config, tiny_sampling
from rlchassis_testkit.tiny_runs import fingerprint

FULL = OSError(errno.ENOSPC, "No space left on device")
TORN = RuntimeError("[enforce fail at inline_container.cc:672] . unexpected pos 832 vs 726")


class AtTheBeginning(EpochTrainCallback):
    """Does something at the beginning of an epoch."""

    def __init__(self, epoch, act):
        self.epoch, self.act = epoch, act

    def callback(self, epoch, env_step, context):
        if epoch == self.epoch:
            self.act(context.world)


def run(tmp_path, *callbacks, **sampling):
    builder = PPOExperimentBuilder("CartPole-v1", tiny_config(tmp_path), tiny_sampling(**sampling))
    builder.with_logger_factory(LoggerFactorySeveral(()))  # none beside metrics.jsonl
    for callback in callbacks:
        builder.with_epoch_train_callback(callback)
    return builder.build().run("run")


def scores(monkeypatch, *means):
    left = iter(means)
    monkeypatch.setattr(testing, "evaluate_policy", lambda _, seeds, step: Evaluation((float(next(left)),), (1,), (0,), step))


def refusing(monkeypatch, error, *calls):
    """Of the calls that write a policy, these are refused."""
    write, number = events.write_policy, iter(range(100))

    def written(directory, policy):
        if next(number) in calls:
            raise error
        write(directory, policy)

    monkeypatch.setattr(events, "write_policy", written)


@pytest.mark.parametrize("error", [FULL, TORN], ids=["in Python", "in torch"])
def test_the_best_policy_that_the_disk_refused_is_stored_after_the_next_test(error, monkeypatch, tmp_path, caplog):
    scores(monkeypatch, 5, 1, 1)
    refusing(monkeypatch, error, 0)
    prints, there = [], []
    before = AtTheBeginning(2, lambda world: prints.append(fingerprint(world.policy)))
    after = AtTheBeginning(3, lambda world: there.append((world.directory / "policy.pt").exists()))
    result = run(tmp_path, before, after, num_epochs=3)
    assert there == [True]
    stored = read_policy(tmp_path / "run")
    assert stored.record["env_step"] == result.trainer_result.best.env_step == 32
    world = result.world
    assert fingerprint(world.policy) != prints[0]
    stored.restore_into(world.policy, "run")
    assert fingerprint(world.policy) == prints[0], "as it was at its test, not as it is by now"
    (warning,) = [message for message in caplog.messages if "writing is retried" in message]
    assert str(tmp_path / "run" / "policy.pt") in warning


def test_a_policy_that_can_never_be_stored_fails_the_run_once_all_is_done_and_an_older_one_stays(monkeypatch, tmp_path, caplog):
    scores(monkeypatch, 1, 5)
    refusing(monkeypatch, FULL, *range(1, 100))
    with pytest.raises(StorageFailure) as caught:
        run(tmp_path)
    path = tmp_path / "run" / "policy.pt"
    assert str(caught.value) == f"the run finished, but the policy of step 64 is not stored in {path} (No space left on device)."
    assert caught.value.result.trainer_result.best_score == 5
    assert read_policy(tmp_path / "run").record["env_step"] == 32
    assert rows_of(tmp_path / "run")[-1]["step"] == 64


def test_without_tests_the_last_policy_is_what_could_not_be_stored(monkeypatch, tmp_path):
    refusing(monkeypatch, FULL, *range(100))
    with pytest.raises(StorageFailure, match=r"the policy of step 64 is not stored in .*policy\.pt"):
        run(tmp_path, num_test_envs=0)


def gone(world):
    shutil.rmtree(world.directory)


def recreated(world):
    gone(world)
    world.directory.mkdir()


def without_metrics(world):
    (world.directory / "metrics.jsonl").unlink()


@pytest.mark.parametrize(
    ("harm", "lost"),
    [(gone, ["policy.pt", "metrics.jsonl"]), (recreated, ["metrics.jsonl"]), (without_metrics, ["metrics.jsonl"])],
)
def test_a_run_whose_files_are_taken_away_goes_on_and_fails_at_its_end_with_their_paths(harm, lost, monkeypatch, tmp_path):
    scores(monkeypatch, 1, 5)
    with pytest.raises(StorageFailure) as caught:
        run(tmp_path, AtTheBeginning(2, harm))
    assert caught.value.result.trainer_result.env_steps == 64
    named = [name for name in ("policy.pt", "metrics.jsonl") if str(tmp_path / "run" / name) in str(caught.value)]
    assert named == lost


@pytest.mark.parametrize("file", ["experiment.json", "provenance.json"])
def test_a_disk_that_is_full_before_anything_is_trained_is_refused_with_the_path(file, monkeypatch, tmp_path):
    replace = os.replace

    def refused(beside, place, **options):
        if str(place).endswith(file):
            raise FULL
        replace(beside, place, **options)

    monkeypatch.setattr(os, "replace", refused)
    with pytest.raises(UsageError) as caught:
        run(tmp_path)
    path = tmp_path / "run" / file
    assert str(caught.value) == f"no run can be carried out in {path.parent}: {path} cannot be written (No space left on device)."
    assert not (tmp_path / "run" / "run.lock").exists()


def test_the_policy_of_another_run_that_took_the_directory_over_is_left_alone(monkeypatch, tmp_path):
    scores(monkeypatch, 1, 5)

    def taken_over(world):
        recreated(world)
        (world.directory / "run.lock").write_text(json.dumps({"pid": 4711, "host": "elsewhere"}), "utf-8")

    with pytest.raises(StorageFailure, match="process 4711 on host elsewhere"):
        run(tmp_path, AtTheBeginning(2, taken_over))
    assert not (tmp_path / "run" / "policy.pt").exists()
