"""Times Tianshou through its high-level interface: the training loop alone, without tests, progress bar and files."""

from __future__ import annotations

import logging
from typing import Any

import tianshou
from rows import Row, asked_row, report
from tianshou.highlevel.config import OffPolicyTrainingConfig, OnPolicyTrainingConfig
from tianshou.highlevel.env import EnvFactoryRegistered, VectorEnvType
from tianshou.highlevel.experiment import (
    DiscreteSACExperimentBuilder,
    DQNExperimentBuilder,
    ExperimentConfig,
    IQNExperimentBuilder,
    PPOExperimentBuilder,
    SACExperimentBuilder,
)
from tianshou.highlevel.params.algorithm_params import DiscreteSACParams, DQNParams, IQNParams, PPOParams, SACParams
from tianshou.highlevel.params.alpha import AutoAlphaFactoryDefault
from tianshou.highlevel.world import World
from torch.nn import Tanh


def make_world(row: Row, steps: int) -> World:
    """Everything built and nothing trained."""
    envs = EnvFactoryRegistered(task=row.environment, venv_type=VectorEnvType.DUMMY)
    config = on_policy(row, steps) if row.warm_up == row.collect else off_policy(row, steps)
    builder = told(row, envs, ExperimentConfig(watch=False, persistence_enabled=False), config)
    world = builder.build().create_experiment_world()
    world.trainer.params.test_collector = None
    world.trainer.params.show_progress = False
    return world


def on_policy(row: Row, steps: int) -> OnPolicyTrainingConfig:
    """How rollouts are collected."""
    return OnPolicyTrainingConfig(
        max_epochs=1,
        epoch_num_steps=steps,
        num_training_envs=row.num_envs,
        num_test_envs=1,
        buffer_size=max(row.collect, 4096),
        collection_step_num_env_steps=row.collect,
        batch_size=None if row.minibatch == row.collect else row.minibatch,
        update_step_num_repetitions=row.passes,
    )


def off_policy(row: Row, steps: int) -> OffPolicyTrainingConfig:
    """How replay is filled and learned from."""
    return OffPolicyTrainingConfig(
        max_epochs=1,
        epoch_num_steps=steps,
        num_training_envs=row.num_envs,
        num_test_envs=1,
        buffer_size=50_000 if row.environment.startswith("CartPole") else 1_000_000,
        collection_step_num_env_steps=row.collect,
        batch_size=row.minibatch,
        update_step_num_gradient_steps_per_sample=float(row.updates),
        start_timesteps=row.warm_up,
        start_timesteps_random=True,
    )


def told(row: Row, *given: Any) -> Any:
    """A builder with this row's settings."""
    match row.algorithm:
        case "ppo":
            params = PPOParams(lr=3e-4, gamma=0.99, gae_lambda=0.95, ent_coef=0.0, vf_coef=0.5, max_grad_norm=0.5, eps_clip=0.2)
            builder = PPOExperimentBuilder(*given).with_ppo_params(params).with_critic_factory_default((64, 64), Tanh)
            return builder.with_actor_factory_default((64, 64), Tanh, **unbounded(row))
        case "dqn":
            params = DQNParams(lr=1e-3, gamma=0.99, target_update_freq=500, eps_training=0.1, eps_inference=0.0, is_double=False)
            return DQNExperimentBuilder(*given).with_dqn_params(params).with_model_factory_default(hidden_sizes=(64, 64))
        case "iqn":
            return IQNExperimentBuilder(*given).with_iqn_params(IQNParams(lr=1e-3, gamma=0.99, target_update_freq=500, eps_training=0.1))
        case "discretesac":
            rates = dict.fromkeys(("actor_lr", "critic1_lr", "critic2_lr"), 3e-4)
            params = DiscreteSACParams(tau=0.005, gamma=0.99, alpha=AutoAlphaFactoryDefault(lr=3e-4), **rates)
            builder = DiscreteSACExperimentBuilder(*given).with_sac_params(params).with_common_critic_factory_default((64, 64))
            return builder.with_actor_factory_default((64, 64))
        case "sac":
            rates = dict.fromkeys(("actor_lr", "critic1_lr", "critic2_lr"), 3e-4)
            params = SACParams(tau=0.005, gamma=0.99, alpha=AutoAlphaFactoryDefault(lr=3e-4), **rates)
            builder = SACExperimentBuilder(*given).with_sac_params(params).with_common_critic_factory_default((256, 256))
            return builder.with_actor_factory_default((256, 256), continuous_unbounded=True, continuous_conditioned_sigma=True)
    raise SystemExit(f"There are no settings of {row.algorithm} for this library.")


def unbounded(row: Row) -> dict[str, bool]:
    """A mean without bounds, as the other libraries have it, where actions are continuous."""
    return {} if row.environment.startswith("CartPole") else {"continuous_unbounded": True}


def main() -> None:
    """Warm up, then time."""
    logging.disable(logging.CRITICAL)
    row = asked_row()
    if row.warm_up == row.collect:
        make_world(row, row.collect).trainer.run()
    world = make_world(row, row.steps)
    if row.warm_up != row.collect:
        world.training_collector.collect(n_step=row.warm_up, random=True)
    report(f"tianshou {tianshou.__version__}", row, world.trainer.run)


if __name__ == "__main__":
    main()
