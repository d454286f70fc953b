"""Times rlchassis through its public builder: the training loop alone, without tests and files."""

from __future__ import annotations

from importlib.metadata import version

from rows import Row, asked_row, report
from torch.nn import Tanh

from rlchassis.config import ExperimentConfig, SamplingConfig
from rlchassis.experiment import PPOExperimentBuilder
from rlchassis.world import World
from rlchassis_ppo import PPOParams


def make_world(row: Row, steps: int) -> World:
    """Everything built and nothing trained."""
    sampling = SamplingConfig(
        num_epochs=1,
        step_per_epoch=steps,
        num_train_envs=row.num_envs,
        num_test_envs=0,
        step_per_collect=row.rollout,
        batch_size=row.minibatch,
        repeat_per_collect=row.passes,
    )
    params = PPOParams(lr=3e-4, gamma=0.99, gae_lambda=0.95, ent_coef=0.0, vf_coef=0.5, max_grad_norm=0.5, eps_clip=0.2)
    builder = PPOExperimentBuilder(row.environment, ExperimentConfig(watch=False, persistence_enabled=False), sampling)
    builder.with_ppo_params(params).with_critic_factory_default((64, 64), Tanh)
    builder.with_actor_factory_default((64, 64), Tanh, continuous_unbounded=True)
    return builder.build().create_experiment_world()


def main() -> None:
    """Warm up, then time."""
    row = asked_row()
    make_world(row, row.rollout).trainer.run()
    report(f"rlchassis {version('rlchassis-core')}", row, make_world(row, row.steps).trainer.run)


if __name__ == "__main__":
    main()
