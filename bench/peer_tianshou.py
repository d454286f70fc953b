"""Times Tianshou through its high-level interface: the training loop alone, without tests, progress bar and files."""

from __future__ import annotations

import logging

import tianshou
from rows import Row, asked_row, report
from tianshou.highlevel.config import OnPolicyTrainingConfig
from tianshou.highlevel.env import EnvFactoryRegistered, VectorEnvType
from tianshou.highlevel.experiment import ExperimentConfig, PPOExperimentBuilder
from tianshou.highlevel.params.algorithm_params import PPOParams
from tianshou.highlevel.world import World
from torch.nn import Tanh


def make_world(row: Row, steps: int) -> World:
    """Everything built and nothing trained."""
    envs = EnvFactoryRegistered(task=row.environment, venv_type=VectorEnvType.DUMMY)
    sampling = OnPolicyTrainingConfig(
        max_epochs=1,
        epoch_num_steps=steps,
        num_training_envs=row.num_envs,
        num_test_envs=1,
        buffer_size=max(row.rollout, 4096),
        collection_step_num_env_steps=row.rollout,
        batch_size=row.minibatch,
        update_step_num_repetitions=row.passes,
    )
    params = PPOParams(lr=3e-4, gamma=0.99, gae_lambda=0.95, ent_coef=0.0, vf_coef=0.5, max_grad_norm=0.5, eps_clip=0.2)
    builder = PPOExperimentBuilder(envs, ExperimentConfig(watch=False, persistence_enabled=False), sampling)
    builder.with_ppo_params(params).with_critic_factory_default((64, 64), Tanh)
    builder.with_actor_factory_default((64, 64), Tanh, **continuous_options(row))
    world = builder.build().create_experiment_world()
    world.trainer.params.test_collector = None
    world.trainer.params.show_progress = False
    return world


def continuous_options(row: Row) -> dict[str, bool]:
    """A mean without bounds, as the other libraries have it, where actions are continuous."""
    return {} if row.environment.startswith("CartPole") else {"continuous_unbounded": True}


def main() -> None:
    """Warm up, then time."""
    logging.disable(logging.CRITICAL)
    row = asked_row()
    make_world(row, row.rollout).trainer.run()
    report(f"tianshou {tianshou.__version__}", row, make_world(row, row.steps).trainer.run)


if __name__ == "__main__":
    main()
