from __future__ import annotations

import logging
from fractions import Fraction
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from attrs import evolve, frozen

from rlchassis.config import ExperimentConfig, SamplingConfig
from rlchassis.config.fields import whole
from rlchassis.data.experience import map_tensors
from rlchassis.envs import EnvFactoryRegistered, VectorEnvType
from rlchassis.errors import PluginError, UsageError
from rlchassis.learning.algorithm import Algorithm, UpdateResult
from rlchassis.learning.policy import PolicyWrapper
from rlchassis.training.off_policy import OffPolicyTrainer
from rlchassis_testkit.recording_replay_algorithm import (
    RecordingReplayAgentFactory,
    RecordingReplayAlgorithm,
    RecordingReplayExperimentBuilder,
)
from rlchassis_testkit.replay_runs import SETTINGS, prepared, trained
from rlchassis_testkit.tiny_envs import Counter
from rlchassis_testkit.wrapping import Wrapping


@pytest.mark.parametrize("ratio", [Fraction(1, 10), Fraction(1, 3), Fraction(5, 2), Fraction(1)], ids=str)
@pytest.mark.parametrize("num_envs", [1, 3, 8])
@pytest.mark.parametrize("step_per_collect", [1, 7, 16])
@pytest.mark.parametrize("start", [0, 5, 30])
def test_after_every_collection_exactly_the_rounds_that_are_due_were_done(ratio, num_envs, step_per_collect, start, monkeypatch):
    world, train = prepared(num_train_envs=num_envs, step_per_collect=step_per_collect, update_per_step=float(ratio), start_timesteps=start)
    done = []
    learn = OffPolicyTrainer._learn
    monkeypatch.setattr(OffPolicyTrainer, "_learn", lambda self: (learn(self), done.append((self.state.env_step, self.state.updates))))
    train()
    world.close()
    begin = max(start, 8)
    assert done == [(step, max(0, step - begin) * ratio.numerator // ratio.denominator) for step, _ in done]
    assert done[-1][0] == 96
    assert world.algorithm.counts == list(range(done[-1][1])), "rounds are counted without a gap"
    assert done[-1][1] > 0


def test_environments_that_cannot_step_apart_owe_rounds_for_the_steps_that_count():
    env = EnvFactoryRegistered("CartPole-v1", venv_type=VectorEnvType.NATIVE)
    world, algorithm = trained(env, num_train_envs=3, update_per_step=0.5)
    assert len(algorithm.counts) == (world.state.env_step - 8) // 2
    assert len(world.buffer) == world.state.env_step
    assert all((window.rewards == 1).all() for window in algorithm.windows), "the reward of a reset row is 0"


def test_warm_up_without_catch_up_updates_is_logged_once(caplog):
    with caplog.at_level(logging.INFO, logger="rlchassis"):
        trained(start_timesteps=20)
    said = [record.message for record in caplog.records if "no catch-up updates" in record.message]
    assert said == ["Updates start at environment step 21; warm-up steps cause no catch-up updates."]


@pytest.mark.parametrize("n", [1, 3])
def test_a_round_learns_from_a_batch_of_windows(n):
    _, algorithm = trained(partial(Counter, 5), configure=lambda builder: builder.with_agent(steps=n))
    assert {window.rewards.shape for window in algorithm.windows} == {(n, 8)}
    for window in algorithm.windows:
        reached = window.valid
        assert reached[0].all()
        assert torch.equal(window.next_obs, window.obs + 1)
        assert torch.equal(window.obs[1:][reached[1:]], (window.obs[:-1] + 1)[reached[1:]])


def test_set_progress_gets_the_fraction_of_steps_done_before_each_collection():
    _, algorithm = trained(step_per_collect=24)
    assert algorithm.progress == [0, 0.25, 0.5, 0.75]


class Observant(PolicyWrapper):
    """Sees everything ten times as large, and writes down what it is handed."""

    def __init__(self, inner: Any) -> None:
        super().__init__(inner)
        self.noted: list[tuple[str, Any]] = []

    def transform(self, experience):
        return evolve(experience, obs=10 * experience.obs)

    def learn(self, experience):
        self.noted.append(("learn", experience))
        return {}

    def observe(self, experience):
        self.noted.append(("observe", map_tensors(torch.clone, experience)))


def test_layers_learn_from_raw_windows_after_each_round_and_observe_each_new_step_once():
    world, algorithm = trained(
        partial(Counter, 5),
        configure=lambda builder: builder.with_policy_wrapper_factory(Wrapping(Observant)),
        step_per_collect=12,
        update_per_step=0.25,
        num_train_envs=2,
        start_timesteps=24,
        start_timesteps_random=True,
    )
    noted = world.policy.noted
    assert [kind for kind, _ in noted] == ["observe"] * 2 + ([*["learn"] * 3, "observe"] * 6)
    raw = [window for kind, window in noted if kind == "learn"]
    assert all(torch.equal(viewed.obs, 10 * window.obs) for viewed, window in zip(algorithm.windows, raw, strict=True))
    observed = [steps for kind, steps in noted if kind == "observe"]
    assert [int(steps.valid.sum()) for steps in observed] == [12] * 8
    first = torch.cat([steps.obs[:, 0, 0] for steps in observed]).tolist()
    assert first[:7] == [100, 101, 102, 103, 104, 200, 201]


def test_an_inner_layer_learns_and_observes_what_the_outer_ones_made_of_the_steps():
    def configure(builder):
        return builder.with_policy_wrapper_factory(Wrapping(Observant)).with_policy_wrapper_factory(Wrapping(Observant))

    world, algorithm = trained(partial(Counter, 5), configure=configure, step_per_collect=12)
    outer, inner = world.policy.noted, world.policy.inner.noted
    assert [kind for kind, _ in inner] == [kind for kind, _ in outer]
    assert all(torch.equal(seen.obs, 10 * raw.obs) for (_, seen), (_, raw) in zip(inner, outer, strict=True))
    windows = [seen for kind, seen in inner if kind == "learn"]
    assert all(torch.equal(last.obs, 10 * seen.obs) for last, seen in zip(algorithm.windows, windows, strict=True))


def test_priorities_go_back_and_their_weights_grow_just_with_progress():
    def configure(builder):
        return builder.with_agent(priority=3.0)

    world, algorithm = trained(configure=configure, replay_buffer_prioritized=True, replay_buffer_alpha=1.0, replay_buffer_beta=0.5)
    priorities = world.buffer.priorities
    assert priorities._tree[np.arange(96)].tolist() == pytest.approx([3.0] * 96)
    second = algorithm.windows[1].weights
    assert second.min().item() == pytest.approx(3 ** -(0.5 + 0.5 * 9 / 96), rel=1e-4), "of a row judged once, beside one admitted with 1"
    assert second.max().item() == 1
    assert priorities._progress == pytest.approx(95 / 96)


def test_an_algorithm_that_hands_back_no_priorities_cannot_be_drawn_for_by_them():
    with pytest.raises(UsageError, match="returns no priorities"):
        trained(replay_buffer_prioritized=True)


def test_two_runs_of_one_seed_draw_the_same_windows():
    def windows(seed: int) -> list[float]:
        _, algorithm = trained(seed=seed)
        return torch.cat([window.obs.flatten() for window in algorithm.windows]).tolist()

    assert windows(1) == windows(1) != windows(2)


def test_hooks_hear_of_every_collection_and_its_rounds():
    heard: list[tuple[str, int]] = []

    class Listening:
        from rlchassis.hookspecs import hookimpl

        @hookimpl
        def rlchassis_collect_end(self, stats):
            heard.append(("collected", stats.num_steps))

        @hookimpl
        def rlchassis_learn_end(self, rounds):
            heard.append(("learned", rounds))

    config = ExperimentConfig(watch=False, persistence_enabled=False)
    experiment = RecordingReplayExperimentBuilder(Counter, config, SamplingConfig(**SETTINGS | {"step_per_collect": 32})).build()
    experiment.run(observers=[Listening()])
    assert heard == [("collected", 32), ("learned", 24), ("collected", 32), ("learned", 32), ("collected", 32), ("learned", 32)]


def test_an_epoch_in_which_nothing_was_learned_is_not_tested_and_chooses_no_policy():
    world, _ = trained(num_epochs=6, step_per_epoch=16, start_timesteps=40, num_test_envs=1, num_test_episodes=1)
    assert [test.env_step for test in world.state.tests] == [48, 64, 80, 96]
    slow, _ = trained(num_epochs=6, step_per_epoch=16, start_timesteps=40, update_per_step=0.025, num_test_envs=1, num_test_episodes=1)
    assert [test.env_step for test in slow.state.tests] == [80], "the only round is due at step 80"


def test_a_warm_up_that_does_not_count_comes_before_the_first_epoch_and_makes_the_run_longer():
    world, _ = trained(
        num_epochs=3, step_per_epoch=16, start_timesteps=40, count_start_timesteps=False, num_test_envs=1, num_test_episodes=1
    )
    assert [test.env_step for test in world.state.tests] == [56, 72, 88]
    assert world.state.env_step == 88


def test_a_batch_that_is_no_struct_of_tensors_is_refused_by_name(monkeypatch):
    monkeypatch.setattr(RecordingReplayAlgorithm, "prepare", lambda self, experience, rng: None)
    with pytest.raises(PluginError, match="returned NoneType, expected a TensorStruct"):
        trained()


def test_priorities_of_another_number_of_rows_are_refused_by_name(monkeypatch):
    monkeypatch.setattr(RecordingReplayAlgorithm, "update", lambda self, batch, count: UpdateResult(priorities=torch.ones(1)))
    with pytest.raises(PluginError, match=r"returned priorities of shape \[1\], expected \[8\]: one for each row"):
        trained(replay_buffer_prioritized=True)


@frozen
class Paces:
    target_update_freq: int = whole(89, counts_rounds=True)
    actor_delay: int = whole(88, counts_rounds=True)
    sizes: int = whole(1000)


def test_a_run_with_too_few_updates_for_a_periodic_one_is_warned_about_at_its_start(caplog, monkeypatch):
    monkeypatch.setattr(RecordingReplayAlgorithm, "params", Paces(), raising=False)
    trained()
    (said,) = [message for message in caplog.messages if "never takes effect" in message]
    assert said.startswith("params.target_update_freq is 89, but this run has only 88 updates, so it never takes effect;")


@frozen
class Stepped:
    n_step: int = 3


@frozen(kw_only=True)
class SteppedAgentFactory(RecordingReplayAgentFactory):
    params: Stepped = Stepped()


class SteppedBuilder(RecordingReplayExperimentBuilder):
    agent_class = SteppedAgentFactory


@pytest.mark.parametrize("steps", [1, 3])
def test_an_algorithm_that_learns_from_other_windows_than_its_params_say_is_refused_before_the_first_step(steps, monkeypatch):
    monkeypatch.setattr("rlchassis.collecting.collector.Collector.collect", None)
    builder = SteppedBuilder(Counter, ExperimentConfig(watch=False), SamplingConfig(**SETTINGS)).with_agent(steps=steps)
    if steps == 3:
        builder.build().create_experiment_world().close()
        return
    with pytest.raises(PluginError, match=r"params\.n_step is 3, but RecordingReplayAlgorithm has n_step 1;"):
        builder.build().create_experiment_world()


def test_an_algorithm_learns_from_windows_as_its_params_say_or_from_single_rows():
    assert Algorithm.n_step.fget(SimpleNamespace(params=Stepped())) == 3
    assert Algorithm.n_step.fget(SimpleNamespace(params=Paces())) == Algorithm.n_step.fget(SimpleNamespace()) == 1
