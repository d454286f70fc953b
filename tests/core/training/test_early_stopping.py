from __future__ import annotations

import pytest
from attrs import frozen

from rlchassis.training.callbacks import EpochStopCallback
from rlchassis_testkit.recorded_runs import RowObserver, observed_run, recorded_run


@frozen
class StopAtOnce(EpochStopCallback):
    def should_stop(self, mean_rewards, context):
        return True


def test_a_stop_callback_ends_training_after_the_test_that_it_saw():
    world, _ = recorded_run(configure=lambda builder: builder.with_epoch_stop_callback(StopAtOnce()))
    assert (world.state.info().env_steps, len(world.state.tests)) == (48, 1)


def test_an_extension_is_shown_every_row_but_its_own():
    observer = RowObserver()
    observed_run(observer)
    assert [step for step, _ in observer.rows] == [24, 48, 48, 72, 96, 96]
    assert [set(row) >= {"test/return"} for _, row in observer.rows] == [False, False, True] * 2


def test_an_extension_can_end_a_run_between_tests_and_the_log_says_which_and_why(caplog):
    with caplog.at_level("INFO", "rlchassis"):
        result = observed_run(RowObserver(stop_at=24)).trainer_result
    assert (result.env_steps, result.final.env_step) == (24, 24), "what was learned is tested and stored"
    said = "Stopping early: observer 1 (RowObserver) requested it at step 24: this is enough."
    assert [message for message in caplog.messages if "early" in message] == [said]
    assert said.startswith(f"Stopping early: {result.stopped}")


@pytest.mark.parametrize("stop_at", [None, 96])
def test_a_run_that_does_all_its_steps_is_not_stopped(stop_at):
    result = observed_run(RowObserver(stop_at)).trainer_result
    assert (result.env_steps, result.stopped) == (96, None)


def test_the_log_says_which_callback_ended_a_run_and_at_what_return(caplog):
    with caplog.at_level("INFO", "rlchassis"):
        recorded_run(configure=lambda builder: builder.with_epoch_stop_callback(StopAtOnce()).with_epoch_stop_callback(StopAtOnce()))
    (said,) = [message for message in caplog.messages if "early" in message]
    assert said == "Stopping early: callback StopAtOnce, callback StopAtOnce (2) fired at step 48 (mean return 6.00)."
