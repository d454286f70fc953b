"""Times Tianshou through its high-level interface: the training loop alone, without tests, progress bar and files."""

from __future__ import annotations

import logging
from typing import Any

import tianshou
from rows import Row, asked_row, report
from tianshou.highlevel import experiment as e
from tianshou.highlevel.config import OffPolicyTrainingConfig, OnPolicyTrainingConfig
from tianshou.highlevel.env import EnvFactoryRegistered, VectorEnvType
from tianshou.highlevel.module.intermediate import IntermediateModule, IntermediateModuleFactory
from tianshou.highlevel.params import algorithm_params as p
from tianshou.highlevel.params.alpha import AutoAlphaFactoryDefault
from tianshou.highlevel.world import World
from tianshou.utils.net.common import Net
from torch.nn import Tanh

SMALL, LARGE = (64, 64), (256, 256)


def make_world(row: Row, steps: int) -> World:
    """Everything built and nothing trained."""
    envs = EnvFactoryRegistered(task=row.environment, venv_type=VectorEnvType.DUMMY)
    config = e.ExperimentConfig(watch=False, persistence_enabled=False)
    if row.warm_up == row.collect:
        builder = told_on_policy(row, envs, config, on_policy(row, steps))
    else:
        builder = told_off_policy(row, envs, config, off_policy(row, steps))
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


def told_on_policy(row: Row, *given: Any) -> Any:
    """A builder of an algorithm that learns from rollouts, with this row's settings."""
    match row.algorithm:
        case "ppo":
            params = p.PPOParams(lr=3e-4, gae_lambda=0.95, ent_coef=0.0, vf_coef=0.5, max_grad_norm=0.5, eps_clip=0.2)
            return with_critic(row, e.PPOExperimentBuilder(*given).with_ppo_params(params))
        case "a2c":
            params = p.A2CParams(lr=7e-4, gae_lambda=1.0, ent_coef=0.0, vf_coef=0.5, max_grad_norm=0.5)
            return with_critic(row, e.A2CExperimentBuilder(*given).with_a2c_params(params))
        case "pg":
            builder = e.ReinforceExperimentBuilder(*given).with_reinforce_params(p.ReinforceParams(lr=1e-3))
            return builder.with_actor_factory_default(SMALL, Tanh)
        case "npg":
            params = p.NPGParams(lr=1e-3, gae_lambda=0.95, optim_critic_iters=10)
            return with_critic(row, e.NPGExperimentBuilder(*given).with_npg_params(params))
        case "trpo":
            params = p.TRPOParams(lr=1e-3, gae_lambda=0.95, optim_critic_iters=10, max_kl=0.01)
            return with_critic(row, e.TRPOExperimentBuilder(*given).with_trpo_params(params))
    raise SystemExit(f"There are no settings of {row.algorithm} for this library.")


def told_off_policy(row: Row, *given: Any) -> Any:
    """A builder of an algorithm that learns from replay, with this row's settings."""
    two = dict.fromkeys(("actor_lr", "critic1_lr", "critic2_lr"), 1e-3 if row.algorithm == "discrete_sac" else 3e-4)
    one = {"actor_lr": 3e-4, "critic_lr": 3e-4}
    match row.algorithm:
        case "dqn":
            params = p.DQNParams(lr=1e-3, target_update_freq=500, eps_training=0.1, eps_inference=0.0, is_double=False)
            return e.DQNExperimentBuilder(*given).with_dqn_params(params).with_model_factory_default(hidden_sizes=SMALL)
        case "iqn":
            sizes = {"sample_size": 32, "online_sample_size": 8, "target_sample_size": 8, "num_cosines": 64}
            params = p.IQNParams(lr=1e-3, target_update_freq=500, eps_training=0.1, **sizes)
            return e.IQNExperimentBuilder(*given).with_iqn_params(params).with_preprocess_network_factory(Preprocess())
        case "discrete_sac":
            builder = e.DiscreteSACExperimentBuilder(*given).with_sac_params(p.DiscreteSACParams(tau=0.005, alpha=0.2, **two))
            return builder.with_actor_factory_default(SMALL).with_common_critic_factory_default(SMALL)
        case "sac":
            builder = e.SACExperimentBuilder(*given).with_sac_params(p.SACParams(tau=0.005, alpha=AutoAlphaFactoryDefault(lr=3e-4), **two))
            builder.with_actor_factory_default(LARGE, continuous_unbounded=True, continuous_conditioned_sigma=True)
            return builder.with_common_critic_factory_default(LARGE)
        case "td3":
            builder = e.TD3ExperimentBuilder(*given).with_td3_params(p.TD3Params(tau=0.005, exploration_noise="default", **two))
            return builder.with_actor_factory_default(LARGE).with_common_critic_factory_default(LARGE)
        case "ddpg":
            builder = e.DDPGExperimentBuilder(*given).with_ddpg_params(p.DDPGParams(tau=0.005, exploration_noise="default", **one))
            return builder.with_actor_factory_default(LARGE).with_critic_factory_default(LARGE)
        case "redq":
            params = p.REDQParams(tau=0.005, alpha=0.2, ensemble_size=10, subset_size=2, actor_delay=20, target_mode="min", **one)
            builder = e.REDQExperimentBuilder(*given).with_redq_params(params).with_actor_factory_default(LARGE)
            return builder.with_critic_ensemble_factory_default(LARGE)
    raise SystemExit(f"There are no settings of {row.algorithm} for this library.")


def with_critic(row: Row, builder: Any) -> Any:
    """64×64 tanh networks; a mean without bounds, as the other libraries have it, where actions are continuous."""
    options = {} if row.environment.startswith("CartPole") else {"continuous_unbounded": True}
    return builder.with_actor_factory_default(SMALL, Tanh, **options).with_critic_factory_default(SMALL, Tanh)


class Preprocess(IntermediateModuleFactory):
    """A 64×64 network in front of IQN's quantiles."""

    def create_intermediate_module(self, envs: Any, device: Any) -> IntermediateModule:
        """See IntermediateModuleFactory."""
        return IntermediateModule(Net(state_shape=envs.get_observation_shape(), hidden_sizes=SMALL).to(device), SMALL[-1])


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
