from __future__ import annotations

import logging
import math
import re
from functools import partial

import pytest
import torch
from attrs import define, field, fields
from torch import nn

from rlchassis.envs import EnvFactoryRegistered, VectorEnvType
from rlchassis.errors import DivergenceError, Interrupted
from rlchassis.learning.algorithm import UpdateResult
from rlchassis.learning.policy import PolicyWrapper
from rlchassis.training.notices import log_encoding
from rlchassis_testkit.recorded_runs import NO_TESTS, prepared, recorded_run
from rlchassis_testkit.recording_algorithm import RecordingAlgorithm
from rlchassis_testkit.tiny_envs import Counter
from rlchassis_testkit.wrapping import Wrapping


@pytest.mark.parametrize("num_envs", [1, 3, 8])
@pytest.mark.parametrize("max_steps", [None, 47, 50, 96])
def test_a_run_takes_exactly_its_steps_whatever_the_number_of_environments(num_envs, max_steps):
    world, algorithm = recorded_run(num_train_envs=num_envs, max_steps=max_steps, **NO_TESTS)
    assert world.state.info().env_steps == (max_steps or 96)
    assert sum(int(rollout.valid.sum()) for rollout in algorithm.rollouts) == (max_steps or 96)
    sizes = [int(rollout.valid.sum()) for rollout in algorithm.rollouts]
    assert set(sizes[:-1]) == {24}


@pytest.mark.parametrize("num_envs", [1, 2, 5, 7])
def test_every_transition_is_learned_from_once_per_pass_and_nothing_else_is(num_envs):
    _, algorithm = recorded_run(num_train_envs=num_envs, step_per_epoch=24, num_epochs=1, repeat_per_collect=3, **NO_TESTS)
    (rollout,) = algorithm.rollouts
    transitions = sorted(rollout.obs[rollout.valid].flatten().tolist())
    assert len(transitions) == 24
    for number in range(3):
        batches = [batch for batch in algorithm.batches if batch.passes[0] == number]
        assert [len(batch) for batch in batches] == [12, 12]
        assert sorted(torch.cat([batch.obs for batch in batches]).flatten().tolist()) == transitions
        assert all(batch.valid.all() for batch in batches)


def test_a_vectorised_environment_has_reset_rows_that_are_never_learned_from():
    env = EnvFactoryRegistered("CartPole-v1", venv_type=VectorEnvType.NATIVE)
    world, algorithm = recorded_run(env, num_train_envs=3, **NO_TESTS)
    rows = sum(rollout.valid.numel() for rollout in algorithm.rollouts)
    valid = sum(int(rollout.valid.sum()) for rollout in algorithm.rollouts)
    assert world.state.info().env_steps == valid < rows
    assert sum(len(batch) for batch in algorithm.batches) == 2 * valid
    assert all((batch.rewards == 1).all() for batch in algorithm.batches)


def test_rounds_are_counted_from_0_and_without_a_gap():
    world, algorithm = recorded_run(**NO_TESTS)
    assert algorithm.counts == list(range(4 * 2 * 2))
    assert world.state.info().updates == 16


def test_without_a_batch_size_a_pass_is_one_batch():
    _, algorithm = recorded_run(batch_size=None, **NO_TESTS)
    assert [len(batch) for batch in algorithm.batches] == [24] * 8


def test_episodes_that_ended_in_training_are_counted():
    world, _ = recorded_run(partial(Counter, 5), num_train_envs=1, **NO_TESTS)
    assert world.state.info().episodes == 96 // 5


@define(eq=False)
class Scheduled:
    checks_steps = False
    learning_rate = 0.5
    received: list[float] = field(factory=list)

    def set_progress(self, progress: float) -> None:
        self.received.append(progress)


def test_learning_rate_schedules_get_the_fraction_of_steps_done_before_each_collection():
    world, train = prepared(num_epochs=2, step_per_epoch=48, step_per_collect=24, batch_size=12)
    world.optimizers.append(Scheduled())
    train()
    world.close()
    assert world.optimizers[0].received == [0, 0.25, 0.5, 0.75]


class Layer(PolicyWrapper):
    def __init__(self, inner, name, diary):
        super().__init__(inner)
        self.name, self.diary = name, diary

    def transform(self, experience):
        self.diary.append((self.name, "transform", experience.obs.flatten()[0].item()))
        return type(experience)(experience.obs + 1000, *(getattr(experience, f.name) for f in fields(type(experience))[1:]))

    def learn(self, experience):
        self.diary.append((self.name, "learn", experience.obs.flatten()[0].item()))
        return {}

    def observe(self, experience):
        self.diary.append((self.name, "observe", experience.obs.flatten()[0].item()))


def test_each_layer_transforms_a_rollout_from_the_outside_in_and_after_the_update_learns_and_observes_what_it_was_given():
    diary: list[tuple[str, str, float]] = []

    def configure(builder):
        for name in ("inner", "outer"):
            builder = builder.with_policy_wrapper_factory(Wrapping(partial(Layer, name=name, diary=diary)))
        return builder

    world, algorithm = recorded_run(configure=configure, num_epochs=1, step_per_epoch=24, **NO_TESTS)
    assert diary == [
        ("outer", "transform", 100),
        ("inner", "transform", 1100),
        *((name, what, value) for name, value in (("outer", 100), ("inner", 1100)) for what in ("learn", "observe")),
    ]
    assert algorithm.rollouts[0].obs.flatten()[0] == 2100
    assert isinstance(world.policy, Layer)
    assert algorithm.policy is world.policy.inner.inner


def test_weights_that_no_optimizer_looks_after_are_looked_at_before_the_policy_acts_by_them(monkeypatch):
    def update(self, batch, count):
        with torch.no_grad():
            self.policy.weight.fill_(math.inf)
        return UpdateResult()

    monkeypatch.setattr(RecordingAlgorithm, "update", update)
    world, train = prepared(num_epochs=1, step_per_epoch=48, step_per_collect=24, batch_size=12)
    with pytest.raises(DivergenceError, match=r"weights became non-finite \(weight\)"):
        train()
    world.close()
    assert world.state.env_step == 24


def test_a_run_is_interrupted_before_the_next_step_of_an_environment():
    world, train = prepared(num_epochs=1, step_per_epoch=48, step_per_collect=24, batch_size=12)
    world.interrupt(Interrupted(15))
    with pytest.raises(Interrupted) as end:
        train()
    world.close()
    assert (world.state.env_step, end.value.exit_code) == (0, 143)


def test_each_epoch_that_took_a_step_is_logged_in_one_line(caplog):
    with caplog.at_level("INFO", "rlchassis"):
        recorded_run(step_per_collect=60, step_per_epoch=24, num_epochs=4, num_test_envs=1, num_test_episodes=2)
    lines = [message.partition(" steps/s")[0].rpartition(", ")[0] for message in caplog.messages if message.startswith("epoch ")]
    assert [line.partition(",")[0] for line in lines] == ["epoch 1: 60 of 96 steps", "epoch 3: 96 of 96 steps"]
    assert all(re.search(r", test return -?\d+\.\d\d ± \d+\.\d\d$", line) for line in lines)


def test_the_encoding_of_observations_is_logged_once(caplog):
    policy = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2), nn.Linear(2, 2)])
    policy[0].encoding = policy[1].encoding = "vector of 2"
    with caplog.at_level(logging.INFO):
        log_encoding(policy)
        log_encoding(policy[2])
    assert caplog.messages == ["Observation encoders: vector of 2."]
