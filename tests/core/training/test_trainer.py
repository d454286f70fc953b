from __future__ import annotations

import logging
import math
import re
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from attrs import define, field, fields, frozen
from torch import nn

from rlchassis.config import ExperimentConfig, ResolvedSampling, SamplingConfig, resolve_sampling
from rlchassis.envs import EnvFactoryRegistered, VectorEnvType
from rlchassis.errors import DivergenceError, Interrupted, PluginError, UsageError
from rlchassis.hookspecs import hookimpl
from rlchassis.learning.algorithm import UpdateResult
from rlchassis.learning.policy import PolicyWrapper
from rlchassis.training import testing
from rlchassis.training.callbacks import EpochStopCallback
from rlchassis.training.evaluation import Evaluation
from rlchassis.training.info import InfoStats
from rlchassis.training.off_policy import OffPolicyTrainer
from rlchassis.training.on_policy import OnPolicyTrainer
from rlchassis.training.trainer import log_encoding
from rlchassis.training.world import World
from rlchassis_testkit.recording_algorithm import RecordingAlgorithm, RecordingExperimentBuilder, Seen
from rlchassis_testkit.tiny_envs import Counter
from rlchassis_testkit.tiny_runs import tiny_run, unchanged
from rlchassis_testkit.wrapping import Wrapping

NO_TESTS = {"num_test_envs": 0}


def recorded_run(env: Any = Counter, **settings: Any) -> tuple[World, RecordingAlgorithm]:
    world = tiny_run(RecordingExperimentBuilder, env, **settings)
    return world, world.algorithm


def prepared(**sampling: Any) -> tuple[World, Callable[[], InfoStats]]:
    """A world that has yet to train, and what trains in it."""
    config = SamplingConfig(num_train_envs=3, num_test_envs=0, **sampling)
    experiment = RecordingExperimentBuilder(Counter, ExperimentConfig(watch=False), config).build()
    world = experiment.create_experiment_world()
    return world, lambda: experiment.train(world)


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


def test_layers_view_a_rollout_from_the_outside_in_and_learn_and_observe_it_raw_after_the_update():
    diary: list[tuple[str, str, float]] = []

    def configure(builder):
        for name in ("inner", "outer"):
            builder = builder.with_policy_wrapper_factory(Wrapping(partial(Layer, name=name, diary=diary)))
        return builder

    world, algorithm = recorded_run(configure=configure, num_epochs=1, step_per_epoch=24, **NO_TESTS)
    assert diary == [
        ("outer", "transform", 100),
        ("inner", "transform", 1100),
        *((name, what, 100) for name in ("outer", "inner") for what in ("learn", "observe")),
    ]
    assert algorithm.rollouts[0].obs.flatten()[0] == 2100
    assert isinstance(world.policy, Layer)
    assert algorithm.policy is world.policy.inner.inner


@pytest.mark.parametrize("num_test_envs", [1, 3])
def test_tests_change_nothing_that_is_learned_from(num_test_envs):
    def batches(**settings):
        _, algorithm = recorded_run("CartPole-v1", **settings)
        return torch.cat([batch.obs for batch in algorithm.batches])

    assert torch.equal(batches(num_test_envs=num_test_envs), batches(num_test_envs=0))


def test_each_epoch_ends_with_a_test_on_seeds_of_its_own():
    world, _ = recorded_run("CartPole-v1", num_test_envs=2, num_test_episodes=4)
    tests = world.state.tests
    assert [test.env_step for test in tests] == [48, 96]
    assert len({seed for test in tests for seed in test.seeds}) == 8
    assert all(len(test.returns) == 4 for test in tests)


def test_no_environment_is_trained_on_the_seed_of_a_test():
    given = set()

    class Seeded(Counter):
        def reset(self, *, seed=None, options=None):
            given.add(seed)
            return super().reset(seed=seed, options=options)

    world, _ = recorded_run(Seeded, num_train_envs=3, num_test_envs=2, num_test_episodes=4)
    tested = {seed for test in world.state.tests for seed in test.seeds}
    assert (len(tested), len(given - tested - {None})) == (8, 3)


def test_the_policy_is_in_evaluation_mode_in_tests_alone():
    modes: dict[tuple[int, bool], set[bool]] = {}

    class Noting(PolicyWrapper):
        def act(self, obs, state=None, *, explore, rng):
            modes.setdefault((id(self), explore), set()).add(self.training and self.inner.training)
            return super().act(obs, state, explore=explore, rng=rng)

    world, _ = recorded_run(configure=lambda builder: builder.with_policy_wrapper_factory(Wrapping(Noting)))
    assert [modes[id(world.policy), explore] for explore in (True, False)] == [{True}, {False}]


@frozen
class StopAtOnce(EpochStopCallback):
    def should_stop(self, mean_rewards, context):
        return True


def test_a_stop_callback_ends_training_after_the_test_that_it_saw():
    world, _ = recorded_run(configure=lambda builder: builder.with_epoch_stop_callback(StopAtOnce()))
    assert (world.state.info().env_steps, len(world.state.tests)) == (48, 1)


def scores(monkeypatch, *means):
    """Tests earn these in turn."""
    left = iter(means)
    monkeypatch.setattr(testing, "evaluate_policy", lambda _, seeds, step: Evaluation((float(next(left)),), (1,), (0,), step))


@pytest.mark.parametrize(("means", "kept"), [([1, 3, 2], 3), ([5, 1, 1], 5), ([2, 2, 2], 2)])
def test_the_best_test_is_kept_and_of_equal_ones_the_latest(means, kept, monkeypatch):
    scores(monkeypatch, *means)
    world, _ = recorded_run(num_epochs=3, step_per_epoch=24)
    info = world.state.info()
    assert (info.best_score, info.final_score) == (kept, means[-1])
    latest = max(number for number, mean in enumerate(means) if mean == kept)
    assert info.best.env_step == 24 * (latest + 1)


@pytest.mark.parametrize("broken", [math.nan, math.inf, -math.inf])
def test_a_test_whose_return_is_not_finite_is_never_the_best_and_that_is_said_once(broken, monkeypatch, caplog):
    scores(monkeypatch, broken, 1, broken)
    world, _ = recorded_run(num_epochs=3, step_per_epoch=24)
    assert [test.env_step for test in world.state.tests] == [24, 48, 72]
    assert world.state.best.env_step == 48
    (said,) = [message for message in caplog.messages if "mean return" in message]
    assert said.startswith(f"The test at step 24 has a non-finite mean return ({broken})")


def test_without_any_finite_test_there_is_no_best(monkeypatch):
    scores(monkeypatch, math.nan, math.nan)
    world, _ = recorded_run()
    assert (world.state.info().best_score, world.state.env_step) == (None, 96)


class Watching:
    """An extension that keeps the rows of metrics, logs one of its own, and asks for a stop in one of them."""

    def __init__(self, stop_at=None):
        self.rows, self.stop_at = [], stop_at

    @hookimpl
    def rlchassis_metrics(self, world, metrics, step):
        self.rows.append((step, metrics))
        world.logger.log({"own/rows": len(self.rows)}, step)
        if step == self.stop_at:
            world.state.request_stop("this is enough.")
            world.state.request_stop("and so is this")


def watched(watching, configure=unchanged, **settings):
    config = ExperimentConfig(watch=False, persistence_enabled=False)
    sampling = {"num_epochs": 2, "step_per_epoch": 48, "step_per_collect": 24, "batch_size": 12, "num_train_envs": 2} | settings
    return configure(RecordingExperimentBuilder(Counter, config, SamplingConfig(**sampling))).build().run(observers=[watching])


def test_an_extension_is_shown_every_row_but_its_own():
    watching = Watching()
    watched(watching)
    assert [step for step, _ in watching.rows] == [24, 48, 48, 72, 96, 96]
    assert [set(row) >= {"test/return"} for _, row in watching.rows] == [False, False, True] * 2


def test_an_extension_can_end_a_run_between_tests_and_the_log_says_which_and_why(caplog):
    with caplog.at_level("INFO", "rlchassis"):
        result = watched(Watching(stop_at=24)).trainer_result
    assert (result.env_steps, result.final.env_step) == (24, 24), "what was learned is tested and stored"
    said = "Stopping early: observer 1 (Watching) requested it at step 24: this is enough."
    assert [message for message in caplog.messages if "early" in message] == [said]
    assert said.startswith(f"Stopping early: {result.stopped}")


@pytest.mark.parametrize("stop_at", [None, 96])
def test_a_run_that_does_all_its_steps_is_not_stopped(stop_at):
    result = watched(Watching(stop_at)).trainer_result
    assert (result.env_steps, result.stopped) == (96, None)


def test_the_log_says_which_callback_ended_a_run_and_at_what_return(caplog):
    with caplog.at_level("INFO", "rlchassis"):
        recorded_run(configure=lambda builder: builder.with_epoch_stop_callback(StopAtOnce()).with_epoch_stop_callback(StopAtOnce()))
    (said,) = [message for message in caplog.messages if "early" in message]
    assert said == "Stopping early: callback StopAtOnce, callback StopAtOnce (2) fired at step 48 (mean return 6.00)."


def test_learning_that_left_the_numbers_ends_the_run_once_extensions_have_seen_it():
    watching = Watching()
    with pytest.raises(DivergenceError, match="learn/loss became nan"):
        watched(watching, configure=lambda builder: builder.with_loss(float("nan")))
    ((step, row),) = watching.rows
    assert step == 24
    assert math.isnan(row["learn/loss"])


def test_metrics_of_a_diverged_update_are_shown_with_those_before_it(monkeypatch):
    def update(self, batch, count):
        if count == 2:
            raise DivergenceError("the loss is not finite", {"loss": math.nan, "grad_norm": math.inf})
        return UpdateResult({"loss": torch.tensor(1.0), "entropy": torch.tensor(float(count))})

    monkeypatch.setattr(RecordingAlgorithm, "update", update)
    watching = Watching()
    with pytest.raises(DivergenceError) as caught:
        watched(watching)
    ((step, row),) = watching.rows
    assert (step, row["learn/entropy"], row["learn/grad_norm"], math.isnan(row["learn/loss"])) == (24, 0.5, math.inf, True)
    assert caught.value.__notes__ == ["RecordingAlgorithm, environment step 24, update 3"]


def rows_with(rates: list[float], monkeypatch) -> list[dict[str, float]]:
    """What is logged of a run with an optimizer per rate, each of a role of its own."""
    watching, ready = Watching(), OnPolicyTrainer._begin_episodes
    optimizers = [
        SimpleNamespace(role=role, learning_rate=rate, set_progress=print, checks_steps=False)
        for role, rate in zip("ab", rates, strict=False)
    ]

    def begin(self):
        ready(self)
        self.world.optimizers += optimizers

    monkeypatch.setattr(OnPolicyTrainer, "_begin_episodes", begin)
    watched(watching)
    return [row for _, row in watching.rows]


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


def updating(monkeypatch, answer):
    def update(self, batch, count):
        return answer

    monkeypatch.setattr(RecordingAlgorithm, "update", update)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"loss": 1}, r"^RecordingAlgorithm\.update returned dict, expected an UpdateResult; write `return UpdateResult\(metrics\)`\.$"),
        (None, r"returned NoneType, expected an UpdateResult"),
        (UpdateResult(None), r"returned NoneType, expected a dict of metrics"),
    ],
)
def test_an_update_that_returns_no_update_result_is_refused_by_name(answer, said, monkeypatch):
    updating(monkeypatch, answer)
    with pytest.raises(PluginError, match=said):
        recorded_run(**NO_TESTS)


@pytest.mark.parametrize(
    ("method", "answer", "said"),
    [
        ("prepare", {"obs": 1}, "returned dict, expected a TensorStruct"),
        ("refresh", None, "returned NoneType, expected a TensorStruct"),
        (
            "prepare",
            Seen(*[torch.zeros(12, 2)] * 3, torch.zeros(24)),
            r"returned a tensor of shape \[24\], expected \[12, 2\] as leading dimensions",
        ),
    ],
)
def test_a_batch_of_another_kind_or_of_other_rows_is_refused_by_name(method, answer, said, monkeypatch):
    monkeypatch.setattr(RecordingAlgorithm, method, lambda *_: answer)
    with pytest.raises(PluginError, match=said):
        recorded_run(**NO_TESTS)


@pytest.mark.parametrize(("method", "said"), [("transform", "expected an Experience"), ("learn", "expected a dict of metrics")])
def test_a_layer_that_forgets_its_answer_is_refused_by_name(method, said):
    layer = type("Forgetful", (PolicyWrapper,), {method: lambda self, experience: None})
    with pytest.raises(PluginError, match=f"^Forgetful.* returned NoneType, {said}"):
        recorded_run(configure=lambda builder: builder.with_policy_wrapper_factory(Wrapping(layer)), **NO_TESTS)


def test_weights_that_no_optimizer_looks_after_are_looked_at_before_the_policy_acts_by_them(monkeypatch):
    def update(self, batch, count):
        with torch.no_grad():
            self.policy.weight.fill_(math.inf)
        return UpdateResult()

    monkeypatch.setattr(RecordingAlgorithm, "update", update)
    world, train = prepared(num_epochs=1, step_per_epoch=48, step_per_collect=24, batch_size=12)
    with pytest.raises(DivergenceError, match=r"weights of the policy became non-finite \(weight\)"):
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


def test_metrics_are_logged_twenty_times_an_epoch_and_what_is_left_at_the_end():
    world, train = prepared(num_epochs=1, step_per_epoch=960, step_per_collect=8, batch_size=8)
    rows: list[int] = []
    world.logger.log = lambda row, step: rows.append(step)
    train()
    world.close()
    assert rows == [8, *range(56, 960, 48), 960]


REFUSED_VALUES = {
    "buffer_size": 10,
    "update_per_step": 2.0,
    "start_timesteps": 1,
    "start_timesteps_random": True,
    "replay_buffer_ignore_obs_next": True,
    "replay_buffer_save_only_last_obs": True,
    "replay_buffer_stack_num": 2,
    "replay_buffer_prioritized": True,
    "replay_buffer_alpha": 0.5,
    "replay_buffer_beta": 0.5,
}


def on_policy(**settings: Any) -> ResolvedSampling:
    return resolve_sampling(SamplingConfig(**settings), {"step_per_collect": 64, "repeat_per_collect": 1})


@pytest.mark.parametrize(("name", "value"), REFUSED_VALUES.items())
def test_a_setting_that_on_policy_training_has_no_use_for_is_refused(name, value):
    with pytest.raises(UsageError, match=name):
        OnPolicyTrainer.check_sampling(on_policy(**{name: value}))


def test_every_setting_that_speaks_of_off_policy_training_is_refused():
    assert set(OnPolicyTrainer.refused) == REFUSED_VALUES.keys()


def test_a_minibatch_larger_than_the_rollout_is_refused():
    with pytest.raises(UsageError, match="minibatch of 65 is larger than the rollout of 64"):
        OnPolicyTrainer.check_sampling(on_policy(batch_size=65))
    OnPolicyTrainer.check_sampling(on_policy(batch_size=64))
    OnPolicyTrainer.check_sampling(on_policy(batch_size=None))


@pytest.mark.parametrize(
    ("trainer", "name"),
    [
        (OnPolicyTrainer, "step_per_collect"),
        (OnPolicyTrainer, "repeat_per_collect"),
        (OffPolicyTrainer, "buffer_size"),
        (OffPolicyTrainer, "update_per_step"),
    ],
)
def test_a_setting_that_neither_the_user_nor_the_algorithm_sets_is_asked_for(trainer, name):
    known = (
        {"step_per_collect": 64, "repeat_per_collect": 1}
        if trainer is OnPolicyTrainer
        else {"step_per_collect": 1, "buffer_size": 1000, "update_per_step": 1}
    )
    sampling = resolve_sampling(SamplingConfig(), {each: value for each, value in known.items() if each != name})
    with pytest.raises(
        UsageError, match=rf"^sampling\.{name} is None, and the algorithm's default_sampling has no value for it; set it\.$"
    ):
        trainer.check_sampling(sampling)
    trainer.check_sampling(resolve_sampling(SamplingConfig(), known))


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
