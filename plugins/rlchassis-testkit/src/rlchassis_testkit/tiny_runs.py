"""Runs so short that a test can afford several of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import attrs
import torch
from torch import Tensor, nn

from rlchassis.api import ExperimentBuilder, ExperimentConfig, SamplingConfig, World

SAMPLING_FIELDS = frozenset(field.name for field in attrs.fields(SamplingConfig))


def unchanged(builder: Any) -> Any:
    """The builder as it is."""
    return builder


def tiny_run(
    builder_class: type[ExperimentBuilder[Any]],
    env: Any,
    *,
    told: Callable[[Any], Any] = unchanged,
    name: str | None = None,
    **settings: Any,
) -> World:
    """Train 96 steps on two environments, write nothing, watch nothing; settings of run and sampling may say otherwise.

    `told` is handed the builder to tell it more. The answer is the world after training.
    """
    sampling = {"num_epochs": 2, "step_per_epoch": 48, "step_per_collect": 24, "batch_size": 12, "num_train_envs": 2} | {
        key: value for key, value in settings.items() if key in SAMPLING_FIELDS
    }
    config = {"watch": False, "persistence_enabled": False} | {k: v for k, v in settings.items() if k not in SAMPLING_FIELDS}
    builder = told(builder_class(env, ExperimentConfig(**config), SamplingConfig(**sampling)))
    world: World = builder.build().run(name).world
    return world


def weights_of(*modules: nn.Module) -> Tensor:
    """A copy of all parameters in one vector."""
    return torch.cat([p.detach().flatten() for module in modules for p in module.parameters()])


def fingerprint(module: nn.Module) -> str:
    """A digest of every bit of a module's state."""
    digest = hashlib.sha256()
    for key, tensor in sorted(module.state_dict().items()):
        digest.update(key.encode() + tensor.detach().cpu().numpy().tobytes())
    return digest.hexdigest()
