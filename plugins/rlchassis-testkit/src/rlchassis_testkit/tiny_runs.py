"""Training runs of a fraction of a second."""

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
    """Return the builder unchanged."""
    return builder


def tiny_run(
    builder_class: type[ExperimentBuilder[Any]],
    env: Any,
    *,
    configure: Callable[[Any], Any] = unchanged,
    name: str | None = None,
    **settings: Any,
) -> World:
    """Train 96 steps on two environments, with tests of one episode, without writing or watching; settings override fields of both configs.

    `configure` changes the builder. Returns the world after training.
    """
    sampling = {
        "num_epochs": 2,
        "step_per_epoch": 48,
        "step_per_collect": 24,
        "batch_size": 12,
        "num_train_envs": 2,
        "num_test_episodes": 1,
    } | {key: value for key, value in settings.items() if key in SAMPLING_FIELDS}
    config = {"watch": False, "persistence_enabled": False} | {k: v for k, v in settings.items() if k not in SAMPLING_FIELDS}
    builder = configure(builder_class(env, ExperimentConfig(**config), SamplingConfig(**sampling)))
    world: World = builder.build().run(name).world
    return world


def weights_of(*modules: nn.Module) -> Tensor:
    """Copy of all parameters as one vector."""
    return torch.cat([p.detach().flatten() for module in modules for p in module.parameters()])


def fingerprint(module: nn.Module) -> str:
    """SHA-256 of a module's state."""
    digest = hashlib.sha256()
    for key, tensor in sorted(module.state_dict().items()):
        digest.update(key.encode() + tensor.detach().cpu().numpy().tobytes())
    return digest.hexdigest()
