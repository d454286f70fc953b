"""What cannot be resumed is refused in a sentence, before anything changes; what is not resumed exactly is labelled so."""

from __future__ import annotations

import logging
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import pytest

from rlchassis.errors import StoredFileError, UsageError
from rlchassis.experiment import EnvFactory, Experiment, ExperimentConfig, LRSchedulerFactoryLinear, PPOExperimentBuilder, SamplingConfig
from rlchassis.hookspecs import hookimpl
from rlchassis.storage.checkpoint.manifest import newest_checkpoint
from rlchassis.storage.run_lock import RunLock
from rlchassis_testkit.resuming import Killed, Stop, final_state
from rlchassis_testkit.stored_runs import rows_of
from rlchassis_testkit.tiny_envs import Counter

SAMPLING = SamplingConfig(
    num_epochs=2, step_per_epoch=24, step_per_collect=12, batch_size=6, num_train_envs=2, num_test_envs=1, num_test_episodes=1
)


class Unseeded(Counter):
    """Its rewards come from a generator that no seed reaches."""

    def step(self, action: Any) -> Any:
        import random

        obs, _, *rest = super().step(action)
        return obs, random.random(), *rest


@attrs.frozen
class EnvFactoryTiny(EnvFactory):
    length: int = 5
    exact: bool = True

    def create_env(self, mode: Any) -> Any:
        return (Counter if self.exact else Unseeded)(self.length)


def experiment(tmp_path: Path, env: EnvFactory | None = None, **config: Any) -> Experiment:
    asked = ExperimentConfig(watch=False, persistence_base_dir=str(tmp_path), checkpoint_every=12, **config)
    return PPOExperimentBuilder(env or EnvFactoryTiny(), asked, SAMPLING).build()


def stopped(tmp_path: Path, *, after: int = 25, **options: Any) -> Path:
    with pytest.raises(Killed):
        experiment(tmp_path, **options).run("run", observers=[Stop("learning", after)])
    return tmp_path / "run"


def files_of(directory: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


resume = partial(Experiment.resume, allow=[EnvFactoryTiny])


def test_a_directory_without_checkpoint_cannot_be_resumed(tmp_path):
    experiment(tmp_path, log_file_enabled=False).with_config(checkpoint_every=0).run("run")
    before = files_of(tmp_path)
    with pytest.raises(StoredFileError, match="contains no checkpoint to resume from"):
        resume(tmp_path / "run")
    assert files_of(tmp_path) == before


def test_a_finished_run_is_resumed_only_with_more_steps(tmp_path):
    experiment(tmp_path).run("run")
    before = files_of(tmp_path)
    with pytest.raises(UsageError, match=r"is finished, at step 48; pass a number of steps to train on to \(--steps\)"):
        resume(tmp_path / "run")
    with pytest.raises(UsageError, match="is at step 48 already, so it cannot be trained to 48; pass more steps"):
        resume(tmp_path / "run", 48)
    assert files_of(tmp_path) == before
    assert resume(tmp_path / "run", 72).trainer_result.env_steps == 72


def test_a_run_that_is_going_on_cannot_be_resumed(tmp_path):
    run = stopped(tmp_path)
    lock = RunLock.acquire(run)
    with pytest.raises(UsageError, match="a run is going on in"):
        resume(run)
    lock.release()


def test_a_run_of_another_configuration_is_refused_before_anything_changes(tmp_path):
    run = stopped(tmp_path)
    data = (run / "experiment.json").read_text()
    (run / "experiment.json").write_text(data.replace('"length": 5', '"length": 6'))
    before = files_of(tmp_path)
    with pytest.raises(
        StoredFileError, match=r"ckpt-12 was stored with another configuration than experiment.json holds now; put that one"
    ):
        resume(run)
    assert files_of(tmp_path) == before


def test_a_run_of_other_spaces_is_refused_before_anything_changes(tmp_path, monkeypatch):
    run = stopped(tmp_path)
    before = files_of(tmp_path)
    monkeypatch.setattr(EnvFactoryTiny, "create_env", lambda self, mode: Counter(self.length, as_dict=True))
    with pytest.raises(UsageError, match=r"was stored with other spaces: .* resume it with the environment it was begun with"):
        resume(run)
    assert files_of(tmp_path) == before


def test_environments_without_exact_state_begin_new_episodes_and_the_run_says_so(tmp_path, caplog):
    with caplog.at_level(logging.INFO):
        run = stopped(tmp_path, env=EnvFactoryTiny(exact=False))
        assert "cannot be stored exactly: a resumed run truncates their episodes and begins new ones" in caplog.text
        caplog.clear()
        result = resume(run)
    assert "Resuming at environment step 12, not bit for bit: the state of its environments was not stored." in caplog.text
    assert "2 of 2 environments begin new episodes." in caplog.text
    assert result.trainer_result.env_steps == 48


def test_strict_refuses_what_would_not_go_on_exactly(tmp_path):
    run = stopped(tmp_path, env=EnvFactoryTiny(exact=False))
    with pytest.raises(UsageError, match="would not go on exactly: the state of its environments was not stored; leave --strict out"):
        resume(run, strict=True)


def test_a_run_that_must_be_exact_is_refused_before_training(tmp_path):
    with pytest.raises(UsageError, match="cannot be stored exactly, but require_exact_resume is set"):
        experiment(tmp_path, EnvFactoryTiny(exact=False), require_exact_resume=True).run("run")
    with pytest.raises(UsageError, match="require_exact_resume needs checkpoints"):
        experiment(tmp_path, require_exact_resume=True).with_config(checkpoint_every=0).run("other")


@pytest.mark.parametrize("every", [-1, "10", "min", "0s", "3 days", 1.5, True])
def test_an_interval_of_checkpoints_that_is_none_is_refused(every):
    with pytest.raises(UsageError, match='checkpoint_every must be a number of environment steps or a duration such as "10min"'):
        ExperimentConfig(checkpoint_every=every)


class Remembering:
    """Extension with a state of its own."""

    def __init__(self) -> None:
        self.seen = 0
        self.restored: Any = None

    @hookimpl
    def rlchassis_collect_end(self) -> None:
        self.seen += 1

    @hookimpl
    def rlchassis_checkpoint_state(self) -> Any:
        return {"seen": self.seen}

    @hookimpl
    def rlchassis_restore_state(self, state: Any) -> None:
        self.restored, self.seen = state, state["seen"]


def test_the_state_of_an_observer_is_stored_and_handed_back(tmp_path):
    with pytest.raises(Killed):
        experiment(tmp_path).run("run", observers=[Remembering(), Stop("learning", 25)])
    again = Remembering()
    resume(tmp_path / "run", observers=[again])
    assert (again.restored, again.seen) == ({"seen": 1}, 4)


def test_a_run_that_is_trained_on_keeps_its_schedules_at_their_end_or_begins_them_anew(tmp_path):
    experiment(tmp_path).run("run")
    assert resume(tmp_path / "run", 72).world.state.progress == 1.0
    assert resume(tmp_path / "run", 96, restart_schedules=True).world.state.schedule == (72, 96)


@pytest.mark.parametrize(("restart", "rates"), [(False, [0.0]), (True, [1.0, 0.5])])
def test_the_learning_rate_stays_at_its_end_or_begins_anew(restart, rates, tmp_path):
    planned = experiment(tmp_path)
    params = attrs.evolve(planned.agent_factory.params, lr=1.0, lr_scheduler_factory=LRSchedulerFactoryLinear())
    attrs.evolve(planned, agent_factory=attrs.evolve(planned.agent_factory, params=params)).run("run")
    resume(tmp_path / "run", 72, restart_schedules=restart)
    found = [row["learn/learning_rate"] for row in rows_of(tmp_path / "run") if row["step"] > 48 and "learn/learning_rate" in row]
    assert found[: len(rates)] == rates


def test_the_log_and_the_metrics_go_on_without_gap_or_double_row(tmp_path):
    run = stopped(tmp_path)
    resume(run)
    other = tmp_path / "other"
    experiment(other).run("run")
    assert final_state(run)["rows"] == final_state(other / "run")["rows"]
    assert newest_checkpoint(run).step == 48


def test_a_part_whose_state_cannot_be_stored_is_named_and_the_run_goes_on(tmp_path, caplog):
    class Odd:
        @hookimpl
        def rlchassis_checkpoint_state(self) -> Any:
            return object()

    with caplog.at_level(logging.WARNING):
        experiment(tmp_path).run("run", observers=[Odd()])
    said = f"no checkpoint is written at step 12 in {tmp_path / 'run'} (extensions['observer 1 (Odd)'] is of object, which is neither"
    assert said in caplog.text
