"""Hyperparameters with Tianshou's names, translated into those of rlchassis."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import attrs
from gymnasium import spaces

from rlchassis import experiment
from rlchassis_tianshou.translation.notes import note
from rlchassis_tianshou.translation.values import settled
from rlchassis_toolkit import NoiseFactoryMaxActionScaledGaussian

DEFAULT_NOISE = NoiseFactoryMaxActionScaledGaussian(0.1)
"""What "default" means as exploration noise."""
WITHOUT_COUNTERPART = {
    "action_scaling": "actions are always scaled from [−1, 1] to the bounds of the environment.",
    "action_bound_method": "actions are always clipped to the bounds of the environment.",
    "actor_step_size": "how far the actor of TRPO goes follows from max_kl.",
    "clip_loss_grad": "the loss of IQN is a Huber loss in any case.",
    "exploration_noise": "the actor of REDQ samples its actions, and nothing is added to them.",
    "is_double": "double Q-learning is DQN's.",
    "max_batchsize": "the critic evaluates a whole rollout at once.",
    "num_quantiles": "quantiles are sampled; online_sample_size and target_sample_size say how many.",
    "reward_normalization": "returns of off-policy algorithms are not normalized.",
}
"""Hyperparameters that some or all algorithms lack here, with what happens instead."""


@dataclass
class TranslatedParams:
    """Base class of hyperparameters with Tianshou's names."""

    native: ClassVar[str] = ""
    """Class of rlchassis.experiment that they become."""
    renamed: ClassVar[dict[str, str]] = {}
    added: ClassVar[dict[str, Any]] = {}
    """Hyperparameters that Tianshou lacks, at values with which ours behave as it does."""

    def translated(self, action_space: Callable[[], spaces.Space[Any]]) -> Any:
        """The hyperparameters of rlchassis; one log line for each that was set and has no counterpart."""
        cls = getattr(experiment, self.native)
        known = attrs.fields_dict(cls)
        values = dict(self.added)
        for name, value in _given(self).items():
            here = self.renamed.get(name, name)
            if here in known:
                values[here] = settled(value, action_space)
            elif value != _default(self, name):
                note(f"{type(self).__name__}.{name}", WITHOUT_COUNTERPART[name])
        return cls(**values)


def _given(params: TranslatedParams) -> dict[str, Any]:
    values = {field.name: getattr(params, field.name) for field in fields(params)}
    values.pop("dist_fn", None)  # which the builder hands to the actor
    if values.get("exploration_noise") == "default":
        values["exploration_noise"] = DEFAULT_NOISE
    if values.get("target_update_freq") == 0:
        values["target_update_freq"] = 1
    if type(params).native == "DQNParams":
        values["huber_loss_delta"] = 1.0 if values.pop("clip_loss_grad") else None
    for ending in ("lr", "lr_scheduler_factory"):
        if f"critic1_{ending}" in values:
            values[f"critic_{ending}"] = _of_both(type(params).__name__, ending, values)
    return values


def _of_both(params: str, ending: str, values: dict[str, Any]) -> Any:
    """The learning rate or schedule of both critics, which learn as one: that of the first."""
    first, second = values.pop(f"critic1_{ending}"), values.pop(f"critic2_{ending}")
    if first != second:
        note(f"{params}.critic2_{ending}", f"both critics learn as one network, with critic1_{ending}={first!r}.")
    return first


def _default(params: TranslatedParams, name: str) -> Any:
    return next(field.default for field in fields(params) if field.name == name)
