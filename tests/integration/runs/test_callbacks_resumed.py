"""What callbacks of a run remember is stored with it and comes back when it is resumed."""

from __future__ import annotations

import logging
from collections import deque
from types import SimpleNamespace
from typing import Any

import attrs
import numpy as np
import pytest
import torch
from attrs import Factory, frozen

from rlchassis.data.state_tensors import TensorRestoration
from rlchassis.data.state_tree import Tagged
from rlchassis.errors import UsageError
from rlchassis.experiment import CallbackContext, Callbacks, EpochStopCallback, EpochTestCallback, EpochTrainCallback, Experiment, plan
from rlchassis.training.callback_states import restore_callbacks
from rlchassis_testkit.resuming import Stop, assert_same, final_state, run_stopped, run_through, with_checkpoints

SAMPLING = {"num_train_envs": 2, "num_test_envs": 1, "num_test_episodes": 1, "step_per_epoch": 32, "step_per_collect": 16, "batch_size": 16}


class Patience(EpochStopCallback):
    """Written as users write one: attributes that `begin` sets and every test changes."""

    def begin(self, context: CallbackContext) -> None:
        self.best, self.tests, self.draws = -np.inf, 0, np.random.default_rng(7)
        self.last, self.mean, self.world = deque(maxlen=2), torch.zeros(1), context.world
        self.drawn: list[float] = []

    def should_stop(self, mean_rewards: float, context: CallbackContext) -> bool:
        assert self.world is context.world
        self.best, self.tests = max(self.best, mean_rewards), self.tests + 1
        self.last.append(mean_rewards)
        self.mean += mean_rewards
        self.drawn.append(float(self.draws.random()))
        return False


@frozen
class Epochs(EpochTrainCallback):
    """Frozen, with a list that grows."""

    seen: list[int] = Factory(list)

    def callback(self, epoch: int, env_step: int, context: CallbackContext) -> None:
        self.seen.append(epoch)


class Counted(EpochTestCallback):
    """Stores its state itself."""

    def __init__(self) -> None:
        self.tests, self.handle = 0, object()

    def callback(self, epoch: int, env_step: int, context: CallbackContext) -> None:
        self.tests += 1

    def state_dict(self) -> dict[str, Any]:
        return {"tests": self.tests}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.tests = state["tests"]


class WithHandle(EpochTrainCallback):
    """Holds what cannot be stored."""

    def __init__(self) -> None:
        self.handle, self.epochs = object(), 0

    def callback(self, epoch: int, env_step: int, context: CallbackContext) -> None:
        self.epochs += 1


class Late(EpochTrainCallback):
    """Makes a generator when it is first called."""

    def __init__(self) -> None:
        self.draws: Any = None
        self.epochs = 0

    def callback(self, epoch: int, env_step: int, context: CallbackContext) -> None:
        self.draws, self.epochs = self.draws or np.random.default_rng(1), self.epochs + 1


CLASSES = (Late, Patience, Epochs, Counted, WithHandle)


def experiment(callbacks: Callbacks, **config: Any) -> Experiment:
    planned = plan("ppo", "CartPole-v1", steps=128, recipe="none", settings=[{"sampling": SAMPLING}], watch=False)
    return with_checkpoints(attrs.evolve(planned, callbacks=callbacks), 16).with_config(**config)


def test_attributes_of_callbacks_are_those_of_a_run_that_was_never_stopped(tmp_path):
    def planned() -> Experiment:
        return experiment(Callbacks(train=(Epochs(),), test=(Counted(),), stop=(Patience(), Patience())))

    expected = final_state(run_through(planned(), tmp_path / "through"))
    run = run_stopped(planned(), tmp_path / "stopped", Stop("collecting", 21), Stop("learning", 2), allow=CLASSES)
    stopped = final_state(run)
    assert_same(expected, stopped)
    assert "run.callbacks.callback Patience.draws<numpy generator>.state.state" in expected
    assert expected["run.callbacks.callback Patience (2).tests"] == expected["run.callbacks.callback Counted<state_dict>.tests"] == "4"
    assert [expected[f"run.callbacks.callback Epochs.seen[{i}]"] for i in range(4)] == ["1", "2", "3", "4"]


def test_what_a_callback_holds_that_cannot_be_stored_is_named_once_and_a_resumed_run_does_not_call_itself_exact(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    planned = experiment(Callbacks(train=(WithHandle(),)))
    run = run_stopped(planned, tmp_path, Stop("collecting", 21), allow=CLASSES)
    said = [record.getMessage() for record in caplog.records]
    warnings = [each for each in said if "handle of callback WithHandle" in each and each.startswith("Checkpoints do not hold")]
    assert len(warnings) == 2, "one of each part of the run"
    assert any("not bit for bit: handle of callback WithHandle was not stored" in each for each in said)
    assert final_state(run)["run.callbacks.callback WithHandle.epochs"] == "4"
    with pytest.raises(UsageError, match="handle of callback WithHandle was not stored; leave --strict out"):
        Experiment.resume(run, 256, strict=True, allow=CLASSES)


def test_an_object_that_a_callback_makes_only_later_is_named_when_the_run_is_resumed(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    run = run_stopped(experiment(Callbacks(train=(Late(),))), tmp_path, Stop("collecting", 21), allow=CLASSES)
    assert any("not bit for bit: draws of callback Late was not restored" in record.getMessage() for record in caplog.records)
    assert final_state(run)["run.callbacks.callback Late.epochs"] == "4"
    with pytest.raises(UsageError, match="draws of callback Late was not restored; leave --strict out"):
        Experiment.resume(run, 256, strict=True, allow=CLASSES)


@pytest.mark.parametrize(
    ("state", "failed"),
    [
        ({"epochs": 3, "callback": 5}, "callback"),
        ({"epochs": 3, "__class__": 5}, "__class__"),
        ({"epochs": 3, "draws": Tagged("numpy generator", {"state": 1})}, "draws"),
    ],
)
def test_strange_states_of_callbacks_are_left_out_and_named(state, failed):
    callback = Late()
    callback.draws = np.random.default_rng(1)
    world: Any = SimpleNamespace(callbacks={"callback Late": callback})
    assert restore_callbacks(world, {"callback Late": state}, TensorRestoration()) == [f"{failed} of callback Late was not restored"]
    assert (callback.epochs, type(callback), callable(callback.callback)) == (3, Late, True)


def test_a_run_that_must_resume_exactly_is_refused_with_a_callback_that_cannot_be_stored(tmp_path):
    planned = experiment(Callbacks(train=(WithHandle(),)), require_exact_resume=True)
    with pytest.raises(UsageError, match="handle of callback WithHandle cannot be stored, but require_exact_resume is set"):
        run_through(planned, tmp_path)
