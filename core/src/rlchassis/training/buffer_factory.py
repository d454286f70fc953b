"""Replay buffers of plugins."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from rlchassis.config import ResolvedSampling
from rlchassis.config.config_part import ConfigPart
from rlchassis.envs import EnvFactory, Environments
from rlchassis.replay import Replay


class BufferFactory(ConfigPart, ABC):
    """Factory of a replay buffer, in place of the trainer's own."""

    kind: ClassVar[str] = "buffer"

    @abstractmethod
    def create_buffer(self, sampling: ResolvedSampling, envs: Environments, env_factory: EnvFactory) -> Replay:
        """Create the buffer for sampling.num_train_envs environments; env_factory.create_env(EnvMode.TRAIN) makes one of its own.

        UsageError for settings and spaces that the buffer does not support; it is raised before the first step.
        """
