"""Networks by name: attention over entities beside a flat MLP, and SAC's critics with layer norm, SimBa and batch renormalization."""

from __future__ import annotations

from functools import partial
from typing import Any

from rlchassis.experiment import PPOExperimentBuilder, PPOParams, SACExperimentBuilder, SACParams
from rlchassis_networks import (
    NetworkFactoryBatchRenormMLP,
    NetworkFactoryEntityAttention,
    NetworkFactoryLayerNormMLP,
    NetworkFactorySimBa,
)
from rlchassis_testkit.entity_envs import Nearest
from rlchassis_toolkit import NetworkFactory
from tools.tasks.task import Task, scores_of

SEEDS = (11, 12)
CRITICS: dict[str, NetworkFactory] = {
    "layer-norm": NetworkFactoryLayerNormMLP(),
    "simba": NetworkFactorySimBa(num_blocks=2),
    "batch-renorm": NetworkFactoryBatchRenormMLP(warm_up=1000),
}


def nearest(attends: bool, seed: int) -> list[float]:
    """PPO where the nearest of up to ten entities counts; its other networks are two layers of 128 units."""

    def configure(builder: Any) -> Any:
        builder = builder.with_ppo_params(PPOParams(lr=1e-3, gamma=0.0, gae_lambda=0.0, ent_coef=0.01))
        if attends:
            return builder.with_actor_factory(NetworkFactoryEntityAttention()).with_critic_factory_use_actor()
        return builder.with_actor_factory_default((128, 128)).with_critic_factory_default((128, 128))

    rollouts = {"num_train_envs": 16, "step_per_collect": 2048, "repeat_per_collect": 4, "batch_size": 256}
    tests: dict[str, Any] = {"num_epochs": 5, "step_per_epoch": 12_288, "num_test_envs": 10, "num_test_episodes": 50}
    return scores_of(PPOExperimentBuilder, Nearest, seed, configure, {**rollouts, **tests})


def pendulum(critic: NetworkFactory, params: SACParams, seed: int) -> list[float]:
    """SAC on Pendulum with these critics."""

    def configure(builder: Any) -> Any:
        return builder.with_sac_params(params).with_common_critic_factory(critic)

    replay = {"step_per_collect": 4, "update_per_step": 0.5, "batch_size": 128, "start_timesteps": 1000, "start_timesteps_random": True}
    tests: dict[str, Any] = {"num_epochs": 5, "step_per_epoch": 1600, "num_test_envs": 5, "num_test_episodes": 10}
    return scores_of(SACExperimentBuilder, "Pendulum-v1", seed, configure, {"num_train_envs": 4, **replay, **tests})


TASKS: dict[str, Task] = {
    "nearest-ppo-attention": Task(partial(nearest, True), 0.75, "part of right answers; 0.25 by chance", seeds=SEEDS),
    "nearest-ppo-flat": Task(partial(nearest, False), 0.75, "an MLP on the same observations", solvable=False, seeds=SEEDS),
}
for name, critic in CRITICS.items():
    TASKS[f"pendulum-sac-{name}"] = Task(partial(pendulum, critic, SACParams()), -250, seeds=SEEDS)
