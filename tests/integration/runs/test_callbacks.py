"""Callbacks are called at the beginning of epochs and tests, and asked after tests, with what the contract promises."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from rlchassis.errors import UsageError
from rlchassis.experiment import EpochStopCallback, EpochTestCallback, EpochTrainCallback, PPOExperimentBuilder
from rlchassis.training.callbacks import Callbacks, EpochStopCallbackNoImprovement, EpochStopCallbackRewardThreshold
from rlchassis_testkit.stored_runs import tiny_config, tiny_sampling
from rlchassis_testkit.tiny_envs import Counter

calls: list[tuple[object, ...]] = []


class Trains(EpochTrainCallback):
    def callback(self, epoch, env_step, context):
        calls.append(("train", epoch, env_step, len(context.world.state.tests)))


class Tests(EpochTestCallback):
    __test__ = False

    def callback(self, epoch, env_step, context):
        calls.append(("test", epoch, env_step, len(context.world.state.tests)))


class Stops(EpochStopCallback):
    def __init__(self, answer=False):
        self.answer = answer

    def should_stop(self, mean_rewards, context):
        assert context.policy is context.world.policy
        assert context.envs is context.world.envs
        assert context.logger is context.world.logger
        calls.append(("stop", mean_rewards))
        return self.answer


@pytest.fixture(autouse=True)
def fresh():
    calls.clear()


def counter(tmp_path, env=Counter, **sampling):
    return PPOExperimentBuilder(env, tiny_config(tmp_path, persistence_enabled=False), tiny_sampling(**sampling))


def test_they_are_called_in_turn_with_epoch_and_step(tmp_path):
    counter(tmp_path).with_epoch_train_callback(Trains()).with_epoch_test_callback(Tests()).with_epoch_stop_callback(Stops()).build().run()
    assert calls == [
        ("train", 1, 0, 0), ("test", 1, 32, 0), ("stop", 6.0),
        ("train", 2, 32, 1), ("test", 2, 64, 1), ("stop", 6.0),
    ]  # fmt: skip


def test_training_stops_if_any_stop_callback_fires_after_all_were_called(tmp_path):
    builder = counter(tmp_path).with_epoch_stop_callback(Stops(answer=True)).with_epoch_stop_callback(Stops())
    assert builder.build().run().trainer_result.env_steps == 32
    assert [name for name, *_ in calls] == ["stop", "stop"]


@pytest.mark.parametrize("answer", ["no", 0, None, 1.0])
def test_an_answer_that_is_no_yes_or_no_is_refused(answer, tmp_path):
    with pytest.raises(UsageError, match=rf"^Stops\.should_stop returned {answer!r}, expected True or False\."):
        counter(tmp_path).with_epoch_stop_callback(Stops(answer)).build().run()


def test_the_yes_of_numpy_is_a_yes(tmp_path):
    assert counter(tmp_path).with_epoch_stop_callback(Stops(np.bool_(True))).build().run().trainer_result.env_steps == 32


@pytest.mark.parametrize("kind", ["train", "test"])
def test_a_yes_or_no_that_nothing_reads_is_refused(kind, tmp_path, monkeypatch):
    monkeypatch.setattr(Trains if kind == "train" else Tests, "callback", lambda self, epoch, env_step, context: False)
    callback = Trains() if kind == "train" else Tests()
    with pytest.raises(UsageError, match=r"\.callback returned False, which is ignored; .*request_stop"):
        getattr(counter(tmp_path), f"with_epoch_{kind}_callback")(callback).build().run()


def test_a_callback_may_end_training_between_tests(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(Trains, "callback", lambda self, epoch, env_step, context: context.world.state.request_stop("no time left"))
    with caplog.at_level("INFO", "rlchassis"):
        result = counter(tmp_path).with_epoch_train_callback(Trains()).build().run().trainer_result
    assert (result.env_steps, result.stopped) == (0, "callback Trains requested it at step 0: no time left")


def test_without_tests_nothing_of_tests_is_called(tmp_path):
    builder = counter(tmp_path, num_test_envs=0).with_epoch_test_callback(Tests()).with_epoch_stop_callback(Stops())
    assert builder.build().run().trainer_result.env_steps == 64
    assert calls == []


def context_of(means=(), reward_threshold=None):
    return SimpleNamespace(
        envs=SimpleNamespace(reward_threshold=reward_threshold), world=SimpleNamespace(state=SimpleNamespace(test_means=list(means)))
    )


@pytest.mark.parametrize(
    ("own", "declared", "mean", "stops"), [(5, None, 5.0, True), (5, 1, 4.9, False), (None, 3, 3.0, True), (None, 3, 2.9, False)]
)
def test_the_threshold_is_the_recipes_or_else_the_environments(own, declared, mean, stops):
    assert EpochStopCallbackRewardThreshold(own).should_stop(mean, context_of(reward_threshold=declared)) is stops


def test_a_threshold_that_nobody_names_is_refused_before_the_first_step(tmp_path, monkeypatch):
    monkeypatch.setattr("rlchassis.collecting.collector.Collector.collect", None)
    with pytest.raises(UsageError, match="has no reward_threshold"):
        counter(tmp_path).with_epoch_stop_callback(EpochStopCallbackRewardThreshold()).build().run()


@pytest.mark.parametrize("rule", [EpochStopCallbackRewardThreshold, EpochStopCallbackNoImprovement])
def test_a_stop_callback_refuses_a_threshold_that_is_no_number(rule):
    with pytest.raises(UsageError, match=r"must be a (whole )?number.*, not '475'"):
        rule("475")


def test_the_stop_rule_sees_the_score_of_today_and_not_the_best(tmp_path):
    rule = EpochStopCallbackRewardThreshold(10)
    assert rule.should_stop(10.0, context_of([3.0, 10.0]))
    assert not rule.should_stop(9.0, context_of([10.0, 9.0]))


@pytest.mark.parametrize(
    ("means", "stops"),
    [
        ([1], False),
        ([1, 1], False),
        ([1, 1, 1], True),
        ([1, 2, 1], False),
        ([2, 1, 1], True),
        ([1, 1, 2], False),
        ([float("nan"), 1, float("nan")], False),
        ([float("nan")] * 3, True),
    ],
)
def test_no_improvement_waits_for_two_tests_that_do_not_beat_the_best(means, stops):
    assert EpochStopCallbackNoImprovement(patience=2).should_stop(means[-1], context_of(means)) is stops


@pytest.mark.parametrize("kind", ["train", "test", "stop"])
def test_callbacks_of_the_wrong_kind_are_refused_in_one_sentence(kind):
    with pytest.raises(UsageError, match=r"^expected an Epoch\w+Callback, got 3; derive it from rlchassis\.api\.Epoch\w+Callback\.$"):
        Callbacks().adding(kind, 3)


def test_a_callback_that_cannot_be_called_is_refused_when_it_is_given():
    class Short(EpochStopCallback):
        def should_stop(self, mean_rewards):
            return False

    with pytest.raises(UsageError, match=r"^Short\.should_stop is called with \(mean_rewards, context\): too many positional arguments\.$"):
        Callbacks(stop=(Short(),))


def test_a_class_of_callbacks_is_refused_with_how_to_write_an_object():
    with pytest.raises(UsageError, match=r"^expected an EpochStopCallback, got the class Stops itself; write Stops\(…\)"):
        Callbacks(stop=(Stops,))
