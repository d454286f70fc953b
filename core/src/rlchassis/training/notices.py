"""What is logged once before the first step of training."""

from __future__ import annotations

import logging

import torch

from rlchassis.training.world import World

log = logging.getLogger(__name__)


def describe_training(world: World) -> None:
    """Log how observations are encoded, and warn if collections have more steps than configured."""
    log_encoding(world.policy)
    envs = world.train_collector.envs
    if not envs.partial and world.sampling.step_per_collect % envs.num_envs:
        log.warning("These %d environments only step together, so each collection is rounded up to a multiple of that.", envs.num_envs)


def log_encoding(policy: torch.nn.Module) -> None:
    """Log how each part of an observation is encoded, for networks with an attribute `encoding`."""
    said = {module.encoding: None for module in policy.modules() if isinstance(getattr(module, "encoding", None), str)}
    if said:
        log.info("Observation encoders: %s.", " / ".join(map(str, said)))
