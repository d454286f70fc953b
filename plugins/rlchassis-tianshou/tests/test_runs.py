"""When a run calls back, what callbacks see, and what it returns."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rlchassis.api import UsageError
from rlchassis.experiment import Experiment as NativeExperiment
from rlchassis_testkit.tiny_envs import Still
from rlchassis_tianshou.env import DummyVectorEnv, VectorEnvNormObs
from rlchassis_tianshou.evaluation.launcher import RegisteredExpLauncher
from rlchassis_tianshou.highlevel.config import SamplingConfig
from rlchassis_tianshou.highlevel.env import DiscreteEnvironments, EnvFactory, EnvFactoryRegistered, EnvMode, EnvType, VectorEnvType
from rlchassis_tianshou.highlevel.experiment import DQNExperimentBuilder, Experiment, ExperimentConfig, PPOExperimentBuilder
from rlchassis_tianshou.highlevel.persistence import Persistence, PersistenceGroup
from rlchassis_tianshou.highlevel.trainer import (
    EpochStopCallback,
    EpochTestCallback,
    EpochTestCallbackDQNSetEps,
    EpochTrainCallback,
    EpochTrainCallbackDQNEpsLinearDecay,
    EpochTrainCallbackDQNSetEps,
)
from rlchassis_tianshou.translation.notes import forget

TINY = {"num_epochs": 2, "step_per_epoch": 20, "step_per_collect": 10, "batch_size": 4, "num_train_envs": 2, "update_per_step": 0.2}


class Episodes(EnvFactory):
    """Episodes of one step, as a script of Tianshou 1.1 makes them."""

    def _create_env(self, mode):
        return Still()


class OldEpisodes(EnvFactory):
    """The same, as a script of Tianshou 1.0 makes them."""

    def create_env(self, mode):
        return Still()


@pytest.fixture(autouse=True)
def every_note():
    forget()


def dqn(tmp_path=None, factory=None, **sampling):
    config = ExperimentConfig(watch=False, persistence_enabled=tmp_path is not None, persistence_base_dir=str(tmp_path))
    return DQNExperimentBuilder(factory or Episodes(), config, SamplingConfig(**{**TINY, **sampling}))


class Calls(EpochTrainCallback, EpochTestCallback, EpochStopCallback):
    """Keeps what it was called with."""

    def __init__(self):
        self.calls, self.eps = [], []

    def callback(self, epoch, env_step, context):
        self.calls.append((epoch, env_step))
        self.eps.append((context.policy.eps_training, context.policy.eps_inference))
        assert context.envs.get_action_shape() == 2
        assert context.logger is not None

    def should_stop(self, mean_rewards, context):
        self.calls.append(mean_rewards)
        return len(self.calls) == 2


@pytest.mark.parametrize("warm_up", [0, 30])
def test_train_callbacks_are_called_before_every_collection_and_test_callbacks_from_epoch_0_on(warm_up):
    train, test = Calls(), Calls()
    builder = dqn(start_timesteps=warm_up).with_epoch_train_callback(train).with_epoch_test_callback(test)
    info = builder.build().run().trainer_result
    warming_up = [(1, 0)] * (warm_up // 10)
    assert train.calls == [*warming_up, (1, 0), (1, 10), (2, 20), (2, 30)]
    assert test.calls == [(0, 0), (1, 20), (2, 40)]
    assert (info.train_step, info.train_episode) == (40 + warm_up, 40 + warm_up)


def test_a_stop_callback_gets_the_return_of_each_test_and_ends_the_run():
    stop = Calls()
    info = dqn().with_epoch_stop_callback(stop).build().run().trainer_result
    assert (stop.calls, info.train_step) == ([1.0, 1.0], 20)


def test_the_exploration_rate_is_what_callbacks_set_and_0_without_them():
    train, builder = Calls(), dqn()
    builder.with_epoch_train_callback(train).build().run()
    assert set(train.eps) == {(0.0, 0.0)}
    world = dqn().with_epoch_train_callback(EpochTrainCallbackDQNSetEps(0.3)).build().run().world
    assert world.policy.eps_training == 0.3
    decay = EpochTrainCallbackDQNEpsLinearDecay(1.0, 0.0, decay_steps=60)
    world = dqn().with_epoch_train_callback(decay).with_epoch_test_callback(EpochTestCallbackDQNSetEps(0.25)).build().run().world
    assert (world.policy.eps_training, world.policy.eps_inference) == (pytest.approx(0.5), 0.25)


def test_a_policy_without_an_exploration_rate_refuses_one():
    builder = PPOExperimentBuilder(Episodes(), ExperimentConfig(watch=False, persistence_enabled=False), SamplingConfig(**TINY))
    with pytest.raises(UsageError, match="PPO has no exploration rate"):
        builder.with_epoch_train_callback(EpochTrainCallbackDQNSetEps(0.1)).build().run()


def test_a_resumed_run_calls_its_callbacks_again(tmp_path):
    experiment = dqn(tmp_path).with_epoch_train_callback(EpochTrainCallbackDQNEpsLinearDecay(1.0, 0.0, 100)).build()
    directory = experiment.run("run").world.persist_directory
    resumed = NativeExperiment.resume(directory, steps=70, allow=[Episodes])
    assert resumed.world.policy.eps_training == pytest.approx(1 - 60 / 100)


def test_the_statistics_are_the_eight_of_tianshou_and_its_timing():
    info = dqn(num_test_envs=2, num_test_episodes=3).build().run().trainer_result
    expected = {
        "gradient_step": (40 - 4) // 5, "best_score": 1.0, "best_reward": 1.0, "best_reward_std": 0.0,
        "train_step": 40, "train_episode": 40, "test_step": 9, "test_episode": 9,
    }  # fmt: skip
    assert {name: getattr(info, name) for name in expected} == expected
    timing = info.timing
    assert timing.total_time == pytest.approx(timing.train_time_collect + timing.train_time_update + timing.test_time)
    assert math.isfinite(timing.update_speed)


class Kept(Persistence):
    """Says when the policy is stored, by a file."""

    def persist(self, event, world):
        with open(world.persist_path("kept.txt"), "a") as file:  # noqa: PTH123  as a script writes it
            file.write(f"{event.value}\n")

    def restore(self, event, world):
        with open(world.restore_path("kept.txt")) as file:  # noqa: PTH123  likewise
            world.native.kept = file.read()


class Persisting(Episodes):
    """Stores more than the policy."""

    def create_envs(self, num_training_envs, num_test_envs, create_watch_env=False, seed=None):
        envs = super().create_envs(num_training_envs, num_test_envs, create_watch_env)
        envs.set_persistence(PersistenceGroup(Kept(), Kept(), enabled=num_test_envs == 1))
        return envs


def test_persistences_store_with_every_policy_that_is_the_best(tmp_path):
    world = dqn(tmp_path, Persisting()).build().run("one").world
    assert (tmp_path / "one/kept.txt").read_text().split() == ["persist_policy"] * 6
    assert world.persist_directory == str(tmp_path / "one")
    with pytest.raises(UsageError, match="no policy was restored"):
        world.restore_path("kept.txt")


def test_a_world_that_writes_nothing_has_no_paths():
    world = dqn().build().create_experiment_world()
    try:
        assert (world.restore_directory, world.trainer.env_step, world.envs.get_type()) == (None, 0, EnvType.DISCRETE)
        assert (world.train_collector, world.test_collector) == (world.native.train_collector, world.native.test_collector)
        with pytest.raises(UsageError, match="nothing is written"):
            world.persist_path("file")
    finally:
        world.native.close()


def test_an_experiment_may_be_changed_until_it_runs(tmp_path):
    experiment = dqn(tmp_path).build()
    experiment.config.seed, experiment.sampling_config.num_epochs = 7, 1
    world = experiment.run(experiment_name="run").world.native
    assert (world.config.seed, world.state.env_step) == (7, 20)
    restored = Experiment.from_directory(tmp_path / "run", allow=[Episodes])
    assert (restored.config.seed, restored.config.policy_restore_directory) == (7, str(tmp_path / "run"))
    with pytest.raises(UsageError, match="leave one out"):
        experiment.run("one", experiment_name="two")
    again = experiment.run("run", raise_error_on_dirname_collision=False)
    assert again.world.persist_directory == str(tmp_path / "run-2")


def test_several_seeds_run_one_after_another():
    experiments = dqn(num_epochs=1).with_name("many").build_seeded_collection(3).experiments
    assert [(each.config.seed, each.name) for each in experiments] == [(42, "many/seed_42"), (43, "many/seed_43"), (44, "many/seed_44")]
    assert [info.train_step for info in dqn(num_epochs=1).build_and_run(2, RegisteredExpLauncher.sequential)] == [20, 20]
    assert [info.train_step for info in dqn(num_epochs=1).build_and_run(2, "joblib")] == [20, 20]
    assert dqn(num_epochs=1).build_and_run().trainer_result.train_step == 20


class ByHand(OldEpisodes):
    """Vector environments and all environments made by hand."""

    def create_venv(self, num_envs, mode, seed=None):
        return VectorEnvNormObs(DummyVectorEnv([lambda: self.create_env(mode)] * num_envs))

    def create_envs(self, num_training_envs, num_test_envs, create_watch_env=False, seed=None):
        train, test = self.create_venv(num_training_envs, EnvMode.TRAIN), self.create_venv(num_test_envs, EnvMode.TEST)
        return DiscreteEnvironments(Still(), train, test)


def test_environments_made_by_hand_are_those_of_the_run_and_normalized():
    world = dqn(factory=ByHand()).build().run().world
    assert isinstance(world.envs.train_envs, VectorEnvNormObs)
    assert world.envs.train_envs.get_obs_rms().count == 40
    assert isinstance(world.envs.env, Still)


def test_statistics_that_are_set_before_the_run_are_those_it_begins_with():
    class Given(ByHand):
        def create_envs(self, num_training_envs, num_test_envs, create_watch_env=False, seed=None):
            envs = super().create_envs(num_training_envs, num_test_envs, create_watch_env, seed)
            rms = envs.train_envs.get_obs_rms()
            rms.mean, rms.count = np.array([5.0]), 10
            envs.train_envs.set_obs_rms(rms)
            return envs

    world = dqn(factory=Given()).build().create_experiment_world()
    world.native.close()
    assert (world.policy.scale.moments.count, world.policy.scale.moments.mean.tolist()) == (10, [5.0])


def test_a_factory_that_makes_nothing_is_refused():
    class Nothing(EnvFactory):
        pass

    with pytest.raises(UsageError, match="neither create_env nor _create_env"):
        Nothing().create_env(EnvMode.TRAIN)


def test_environments_know_their_shapes_and_the_kind_of_their_actions():
    envs = EnvFactoryRegistered(task="Pendulum-v1", venv_type=VectorEnvType.DUMMY).create_envs(2, 1)
    try:
        assert (envs.get_observation_shape(), envs.get_action_shape(), envs.max_action) == ((3,), (1,), 2.0)
        assert envs.info() == {"action_shape": (1,), "state_shape": (3,)}
        assert (envs.get_type(), envs.watch_env, envs.train_envs.num_envs) == (EnvType.CONTINUOUS, None, 2)
        envs.get_type().assert_continuous("SAC")
        with pytest.raises(UsageError, match="DQN takes discrete actions"):
            envs.get_type().assert_discrete("DQN")
    finally:
        envs.close()


def test_environments_of_a_function_of_the_mode_are_made_by_it():
    modes = []
    envs = DiscreteEnvironments.from_factory(lambda mode: modes.append(mode) or Still(), VectorEnvType.DUMMY, 2, 1, True)
    try:
        assert modes == [EnvMode.TRAIN] * 2 + [EnvMode.TEST, EnvMode.WATCH]
        assert envs.get_type().is_discrete()
    finally:
        envs.close()
