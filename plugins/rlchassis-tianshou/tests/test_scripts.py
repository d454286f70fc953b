"""Scripts as Tianshou's users write them, run for a few steps with nothing changed but their import lines."""

from __future__ import annotations

from rlchassis_tianshou.highlevel.config import SamplingConfig
from rlchassis_tianshou.highlevel.env import EnvFactoryRegistered, VectorEnvType
from rlchassis_tianshou.highlevel.experiment import DQNExperimentBuilder, ExperimentConfig
from rlchassis_tianshou.highlevel.params.policy_params import DQNParams
from rlchassis_tianshou.highlevel.trainer import (
    EpochStopCallbackRewardThreshold,
    EpochTestCallbackDQNSetEps,
    EpochTrainCallbackDQNSetEps,
)


def test_the_script_of_the_readme_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
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
