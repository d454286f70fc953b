"""Names that users of Tianshou's high-level API bring along, and what stands for them here. Stdlib only: environment workers import it."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterable
from typing import Any, TypeVar

from rlchassis.errors import UsageError

Made = TypeVar("Made")

FIELDS = {
    "max_epochs": ("num_epochs",),
    "epoch_num_steps": ("step_per_epoch",),
    "num_training_envs": ("num_train_envs",),
    "test_step_num_episodes": ("num_test_episodes",),
    "collection_step_num_env_steps": ("step_per_collect",),
    "update_step_num_repetitions": ("repeat_per_collect",),
    "update_step_num_gradient_steps_per_sample": ("update_per_step",),
    "training_config": ("sampling_config",),
    "algorithm_factory": ("agent_factory",),
    "render_mode_train": ("train_render_mode",),
    "render_mode_training": ("train_render_mode",),
    "render_mode_test": ("test_render_mode",),
    "render_mode_watch": ("watch_render_mode",),
    "discount_factor": ("gamma",),
    "reward_normalization": ("return_scaling", "return_standardization"),
    "lr_scheduler": ("lr_scheduler_factory",),
    "actor_lr_scheduler": ("actor_lr_scheduler_factory",),
    "critic_lr_scheduler": ("critic_lr_scheduler_factory",),
    "estimation_step": ("n_step",),
    "n_step_return_horizon": ("n_step",),
    "trust_region_size": ("actor_step_size",),
}
"""Fields and arguments by their old name; of several new ones a class has the one that is meant."""

GONE = {
    "action_scaling": "Actions are always scaled from [−1, 1] to the environment's bounds; leave it out.",
    "action_bound_method": "Actions are always clipped to the environment's bounds; leave it out.",
    "max_batchsize": "The critic judges a whole rollout at once; leave it out.",
    "dist_fn": "The actor answers a distribution itself; choose another actor with with_actor_factory.",
    "collection_step_num_episodes": "Collections are counted in environment steps; set step_per_collect.",
    "test_in_train": "Every epoch ends with a test; to stop earlier lower step_per_epoch.",
    "test_in_training": "Every epoch ends with a test; to stop earlier lower step_per_epoch.",
    "train_seed": "Environments are seeded from ExperimentConfig.seed; leave it out.",
    "test_seed": "Environments are seeded from ExperimentConfig.seed; leave it out.",
    "num_quantiles": "Quantiles are not fixed but sampled; set online_sample_size and target_sample_size.",
    "envpool_factory": "Environments are made by gymnasium; a VectorEnv of your own is taken in place of this factory.",
}
"""Fields and arguments that have no counterpart, and what to do instead."""

CLASSES = {
    "TrainingConfig": "SamplingConfig",
    "OnlineTrainingConfig": "SamplingConfig",
    "OnPolicyTrainingConfig": "SamplingConfig",
    "OffPolicyTrainingConfig": "SamplingConfig",
    "ReinforceExperimentBuilder": "PGExperimentBuilder",
    "ReinforceParams": "rlchassis_pg.PGParams",
    "AlgorithmFactory": "rlchassis.api.AgentFactory",
    "OptimizerFactoryFactory": "rlchassis.api.OptimizerFactory",
    "OptimizerFactoryFactoryAdam": "rlchassis_adam.OptimizerFactoryAdam",
    "LRSchedulerFactoryFactory": "rlchassis.api.LRSchedulerFactory",
    "LRSchedulerFactoryFactoryLinear": "rlchassis.api.LRSchedulerFactoryLinear",
    "AlgorithmWrapperFactory": "rlchassis.api.PolicyWrapperFactory",
}
"""Classes by their old name; ours is in rlchassis.experiment where nothing else is said."""


def what_became_of(word: str, known: Iterable[str]) -> str:
    """Name the known word that an old one became, or what to do instead, with a space before it; or say nothing."""
    new = next((name for name in FIELDS.get(word, ()) if name in set(known)), None)
    if new is not None:
        return f' It is called "{new}" here.'
    return f" {GONE[word]}" if word in GONE else ""


def refuses_old_names(cls: type[Made]) -> type[Made]:
    """Let a class answer a keyword of an old name with a UsageError that says the new one."""
    construct = cls.__init__
    known = tuple(inspect.signature(construct).parameters)

    @functools.wraps(construct)
    def __init__(self: Made, *args: Any, **kwargs: Any) -> None:  # noqa: N807  it takes the place of one
        for word in kwargs:
            if word not in known and (hint := what_became_of(word, known)):
                raise UsageError(f"{type(self).__name__} has no {word!r}.{hint}")
        construct(self, *args, **kwargs)

    cls.__init__ = __init__  # type: ignore[assignment]  # which is what this decorator is for
    return cls
