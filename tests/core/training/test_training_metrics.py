from __future__ import annotations

import math
from types import SimpleNamespace

import pytest
import torch

from rlchassis.envs import EnvFactoryRegistered, VectorEnvType
from rlchassis.errors import DivergenceError
from rlchassis.learning.algorithm import UpdateResult
from rlchassis.training.on_policy import OnPolicyTrainer
from rlchassis_testkit.recorded_runs import NO_TESTS, RowObserver, observed_run, prepared, recorded_run
from rlchassis_testkit.recording_algorithm import RecordingAlgorithm


def test_learning_that_left_the_numbers_ends_the_run_once_extensions_have_seen_it():
    observer = RowObserver()
    with pytest.raises(DivergenceError, match="learn/loss became nan"):
        observed_run(observer, configure=lambda builder: builder.with_loss(float("nan")))
    ((step, row),) = observer.rows
    assert step == 24
    assert math.isnan(row["learn/loss"])


def test_metrics_of_a_diverged_update_are_shown_with_those_before_it(monkeypatch):
    def update(self, batch, count):
        if count == 2:
            raise DivergenceError("the loss is not finite", {"loss": math.nan, "grad_norm": math.inf})
        return UpdateResult({"loss": torch.tensor(1.0), "entropy": torch.tensor(float(count))})

    monkeypatch.setattr(RecordingAlgorithm, "update", update)
    observer = RowObserver()
    with pytest.raises(DivergenceError) as caught:
        observed_run(observer)
    ((step, row),) = observer.rows
    assert (step, row["learn/entropy"], row["learn/grad_norm"], math.isnan(row["learn/loss"])) == (24, 0.5, math.inf, True)
    assert caught.value.__notes__ == ["RecordingAlgorithm, environment step 24, update 3"]


def rows_with(rates: list[float], monkeypatch) -> list[dict[str, float]]:
    """What is logged of a run with an optimizer per rate, each of a role of its own."""
    observer, ready = RowObserver(), OnPolicyTrainer.begin
    optimizers = [
        SimpleNamespace(role=role, learning_rate=rate, set_progress=print, checks_steps=False)
        for role, rate in zip("ab", rates, strict=False)
    ]

    def begin(self):
        ready(self)
        self.world.optimizers += optimizers

    monkeypatch.setattr(OnPolicyTrainer, "begin", begin)
    observed_run(observer)
    return [row for _, row in observer.rows]


@pytest.mark.parametrize(
    ("rates", "logged"),
    [
        ([], {}),
        ([0.5], {"learn/learning_rate": 0.5}),
        ([0.5, 0.25], {"learn/a_learning_rate": 0.5, "learn/b_learning_rate": 0.25}),
    ],
)
def test_rows_of_learning_have_the_learning_rate_of_the_only_optimizer_or_one_per_role(rates, logged, monkeypatch):
    learned = [row for row in rows_with(rates, monkeypatch) if "learn/loss" in row]
    assert learned
    for row in learned:
        assert {tag: value for tag, value in row.items() if "learning_rate" in tag} == logged
        assert row["time/steps_per_second"] > 0
        assert "replay/size" not in row


def test_metrics_of_a_rollout_are_computed_once_before_it_is_learned_from_and_of_its_transitions_alone(monkeypatch):
    seen = []

    def rollout_metrics(self, batch):
        seen.append((len(self.counts), len(batch), batch.valid.all().item()))
        return {"rewards": batch.rewards.mean()}

    monkeypatch.setattr(RecordingAlgorithm, "rollout_metrics", rollout_metrics)
    env = EnvFactoryRegistered("CartPole-v1", venv_type=VectorEnvType.NATIVE)
    _, algorithm = recorded_run(env, num_train_envs=3, batch_size=None, **NO_TESTS)
    per_rollout = len(algorithm.counts) // len(algorithm.rollouts)
    assert seen == [(n * per_rollout, int(rollout.valid.sum()), True) for n, rollout in enumerate(algorithm.rollouts)]
    assert any(not rollout.valid.all() for rollout in algorithm.rollouts)


def test_metrics_are_logged_twenty_times_an_epoch_and_what_is_left_at_the_end():
    world, train = prepared(num_epochs=1, step_per_epoch=960, step_per_collect=8, batch_size=8)
    rows: list[int] = []
    world.logger.log = lambda row, step: rows.append(step)
    train()
    world.close()
    assert rows == [8, *range(56, 960, 48), 960]
