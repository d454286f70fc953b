"""Scripts as Tianshou's users write them, run for a few steps with nothing changed but their import lines."""

from __future__ import annotations

import os
import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import gymnasium as gym
import numpy as np
import pytest
import torch

from rlchassis import evaluate
from rlchassis_tianshou.env import VectorEnvNormObs
from rlchassis_tianshou.env.atari.atari_network import IntermediateModuleFactoryAtariDQN
from rlchassis_tianshou.env.atari.atari_wrapper import AtariEpochStopCallback
from rlchassis_tianshou.highlevel.config import SamplingConfig
from rlchassis_tianshou.highlevel.env import EnvFactoryRegistered, EnvMode, VectorEnvType
from rlchassis_tianshou.highlevel.experiment import DQNExperimentBuilder, Experiment, ExperimentConfig, PPOExperimentBuilder
from rlchassis_tianshou.highlevel.params.lr_scheduler import LRSchedulerFactoryLinear
from rlchassis_tianshou.highlevel.params.policy_params import DQNParams, PPOParams
from rlchassis_tianshou.highlevel.persistence import Persistence, PersistEvent, RestoreEvent
from rlchassis_tianshou.highlevel.trainer import (
    EpochStopCallbackRewardThreshold,
    EpochTestCallbackDQNSetEps,
    EpochTrainCallbackDQNEpsLinearDecay,
    EpochTrainCallbackDQNSetEps,
)
from rlchassis_tianshou.utils.logging import datetime_tag


def test_the_script_of_the_readme_runs():
    experiment = (
        DQNExperimentBuilder(
            EnvFactoryRegistered(task="CartPole-v1", train_seed=0, test_seed=0, venv_type=VectorEnvType.DUMMY),
            ExperimentConfig(persistence_enabled=False, watch=True, watch_render=1 / 35, watch_num_episodes=1),
            SamplingConfig(
                num_epochs=2,
                step_per_epoch=100,
                batch_size=64,
                num_train_envs=10,
                num_test_envs=2,
                buffer_size=20000,
                step_per_collect=10,
                update_per_step=1 / 10,
            ),
        )
        .with_dqn_params(DQNParams(lr=1e-3, discount_factor=0.9, estimation_step=3, target_update_freq=320))
        .with_model_factory_default(hidden_sizes=(64, 64))
        .with_epoch_train_callback(EpochTrainCallbackDQNSetEps(0.3))
        .with_epoch_test_callback(EpochTestCallbackDQNSetEps(0.0))
        .with_epoch_stop_callback(EpochStopCallbackRewardThreshold(195))
        .build()
    )
    result = experiment.run().trainer_result
    assert (result.train_step, result.gradient_step) == (200, 13)
    assert result.best_reward > 0


class MujocoEnvObsRmsPersistence(Persistence):
    FILENAME = "env_obs_rms.pkl"

    def persist(self, event, world):
        if event != PersistEvent.PERSIST_POLICY:
            return
        obs_rms = world.envs.train_envs.get_obs_rms()
        with Path(world.persist_path(self.FILENAME)).open("wb") as f:
            pickle.dump(obs_rms, f)

    def restore(self, event, world):
        if event != RestoreEvent.RESTORE_POLICY:
            return
        with Path(world.restore_path(self.FILENAME)).open("rb") as f:
            obs_rms = pickle.load(f)
        for envs in (world.envs.train_envs, world.envs.test_envs, world.envs.watch_env):
            if envs is not None:
                envs.set_obs_rms(obs_rms)


class MujocoEnvFactory(EnvFactoryRegistered):
    def __init__(self, task: str, obs_norm: bool = True, venv_type: VectorEnvType = VectorEnvType.DUMMY) -> None:
        super().__init__(task=task, venv_type=venv_type)
        self.obs_norm = obs_norm

    def create_venv(self, num_envs, mode, seed=None):
        env = super().create_venv(num_envs, mode, seed)
        if self.obs_norm:
            env = VectorEnvNormObs(env, update_obs_rms=mode == EnvMode.TRAIN)
        return env

    def create_envs(self, num_training_envs, num_test_envs, create_watch_env=False, seed=None):
        envs = super().create_envs(num_training_envs, num_test_envs, create_watch_env, seed)
        if self.obs_norm:
            envs.test_envs.set_obs_rms(envs.train_envs.get_obs_rms())
            if envs.watch_env is not None:
                envs.watch_env.set_obs_rms(envs.train_envs.get_obs_rms())
            envs.set_persistence(MujocoEnvObsRmsPersistence())
        return envs


def mujoco_ppo_hl(
    experiment_config: ExperimentConfig,
    task: str = "Ant-v4",
    buffer_size: int = 4096,
    hidden_sizes: Sequence[int] = (64, 64),
    lr: float = 3e-4,
    gamma: float = 0.99,
    epoch: int = 100,
    step_per_epoch: int = 30000,
    step_per_collect: int = 2048,
    repeat_per_collect: int = 10,
    batch_size: int = 64,
    training_num: int = 10,
    test_num: int = 10,
    rew_norm: bool = True,
    vf_coef: float = 0.25,
    ent_coef: float = 0.0,
    gae_lambda: float = 0.95,
    bound_action_method: Literal["clip", "tanh"] | None = "clip",
    lr_decay: bool = True,
    max_grad_norm: float = 0.5,
    eps_clip: float = 0.2,
    dual_clip: float | None = None,
    value_clip: bool = False,
    norm_adv: bool = False,
    recompute_adv: bool = True,
):
    log_name = os.path.join(task, "ppo", str(experiment_config.seed), datetime_tag())  # noqa: PTH118  as they write it

    sampling_config = SamplingConfig(
        num_epochs=epoch,
        step_per_epoch=step_per_epoch,
        batch_size=batch_size,
        num_train_envs=training_num,
        num_test_envs=test_num,
        num_test_episodes=test_num,
        buffer_size=buffer_size,
        step_per_collect=step_per_collect,
        repeat_per_collect=repeat_per_collect,
    )

    env_factory = MujocoEnvFactory(task, obs_norm=True)

    experiment = (
        PPOExperimentBuilder(env_factory, experiment_config, sampling_config)
        .with_ppo_params(
            PPOParams(
                discount_factor=gamma,
                gae_lambda=gae_lambda,
                action_bound_method=bound_action_method,
                reward_normalization=rew_norm,
                ent_coef=ent_coef,
                vf_coef=vf_coef,
                max_grad_norm=max_grad_norm,
                value_clip=value_clip,
                advantage_normalization=norm_adv,
                eps_clip=eps_clip,
                dual_clip=dual_clip,
                recompute_advantage=recompute_adv,
                lr=lr,
                lr_scheduler_factory=LRSchedulerFactoryLinear(sampling_config) if lr_decay else None,
            ),
        )
        .with_actor_factory_default(hidden_sizes, torch.nn.Tanh, continuous_unbounded=True)
        .with_critic_factory_default(hidden_sizes, torch.nn.Tanh)
        .build()
    )
    return experiment.run(run_name=log_name)


TINY = {"epoch": 1, "step_per_epoch": 64, "step_per_collect": 32, "repeat_per_collect": 1, "training_num": 2, "test_num": 1}


class Walk(gym.Env):
    """A body that goes where it is pushed, at 1 per step and whatever it does; episodes have 8 steps."""

    observation_space = gym.spaces.Box(-np.inf, np.inf, (3,), np.float32)
    action_space = gym.spaces.Box(-2, 2, (2,), np.float32)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.count = 0
        return self.np_random.normal(size=3).astype(np.float32), {}

    def step(self, action):
        self.count += 1
        return self.np_random.normal(size=3).astype(np.float32), 1.0, self.count == 8, False, {}


@pytest.fixture
def registered():
    gym.register("Walk-v0", Walk)
    gym.register("Frames-v0", Frames)
    yield
    del gym.registry["Walk-v0"], gym.registry["Frames-v0"]


@pytest.mark.usefixtures("registered")
def test_the_mujoco_script_runs_with_normalized_observations_and_its_own_files(tmp_path):
    config = ExperimentConfig(persistence_base_dir=str(tmp_path), watch_num_episodes=1)
    result = mujoco_ppo_hl(config, "Walk-v0", **TINY)
    with Path(result.world.persist_path("env_obs_rms.pkl")).open("rb") as file:
        stored = pickle.load(file)
    seen = result.world.policy.scale.moments
    assert stored.count == seen.count == 64
    assert np.array_equal(stored.mean, seen.mean.numpy())
    assert result.trainer_result.train_step == 64

    restored = Experiment.from_directory(result.world.persist_directory, allow=[MujocoEnvFactory])
    restored.config.train = False
    assert restored.run().world.envs.watch_env.get_obs_rms().count == 64


def atari_dqn_hl(experiment_config: ExperimentConfig, env_factory, task: str, frames_stack: int = 4, **sampling):
    sampling_config = SamplingConfig(
        batch_size=32,
        update_per_step=0.1,
        replay_buffer_stack_num=frames_stack,
        replay_buffer_ignore_obs_next=True,
        replay_buffer_save_only_last_obs=True,
        **sampling,
    )
    experiment = (
        DQNExperimentBuilder(env_factory, experiment_config, sampling_config)
        .with_dqn_params(DQNParams(discount_factor=0.99, estimation_step=3, lr=1e-4, target_update_freq=500))
        .with_model_factory(IntermediateModuleFactoryAtariDQN())
        .with_epoch_train_callback(EpochTrainCallbackDQNEpsLinearDecay(1.0, 0.05))
        .with_epoch_test_callback(EpochTestCallbackDQNSetEps(0.005))
        .with_epoch_stop_callback(AtariEpochStopCallback(task))
        .build()
    )
    return experiment.run(run_name="atari")


class Frames(gym.Env):
    """Four stacked frames, of which the newest shows how many steps were done; episodes have 8."""

    observation_space = gym.spaces.Box(0, 255, (4, 36, 36), np.uint8)
    action_space = gym.spaces.Discrete(3)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.frames, self.count = np.zeros((4, 36, 36), np.uint8), 0
        return self.frames, {}

    def step(self, action):
        self.count += 1
        self.frames = np.concatenate([self.frames[1:], np.full((1, 36, 36), self.count, np.uint8)])
        return self.frames, 1.0, self.count == 8, False, {}


@pytest.mark.usefixtures("registered")
def test_the_atari_script_runs_on_frames_that_are_stored_once(tmp_path):
    config = ExperimentConfig(persistence_base_dir=str(tmp_path), watch=False)
    factory = EnvFactoryRegistered(task="Frames-v0", venv_type=VectorEnvType.DUMMY)
    sampling = {"num_epochs": 1, "step_per_epoch": 60, "step_per_collect": 10, "num_train_envs": 2, "buffer_size": 200}
    result = atari_dqn_hl(config, factory, "Frames-v0", **sampling)
    assert (result.trainer_result.train_step, result.trainer_result.best_reward) == (60, 8)
    assert evaluate(result.world.persist_directory).mean == 8
