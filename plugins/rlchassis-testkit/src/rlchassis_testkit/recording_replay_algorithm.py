"""An off-policy algorithm that learns nothing and records the windows it is given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import torch
from attrs import define, field, frozen
from torch import Generator

from rlchassis.api import (
    AgentFactory,
    Algorithm,
    Environments,
    Experience,
    ExperimentBuilder,
    OffPolicyTrainer,
    Policy,
    Setup,
    UpdateResult,
)
from rlchassis_testkit.recording_algorithm import AtRandom


@define(eq=False)
class RecordingReplayAlgorithm(Algorithm[Experience]):
    """Algorithm that records every window, update count and progress."""

    policy: Policy
    steps: int = 1
    priority: float | None = None
    windows: list[Experience] = field(factory=list)
    counts: list[int] = field(factory=list)
    progress: list[float] = field(factory=list)

    @property
    def n_step(self) -> int:
        """Rows per window, from the factory."""
        return self.steps

    def set_progress(self, progress: float) -> None:
        """Record the progress."""
        self.progress.append(progress)

    def prepare(self, experience: Experience, rng: Generator) -> Experience:
        """Record the window and return it."""
        self.windows.append(experience)
        return experience

    def update(self, batch: Experience, count: int) -> UpdateResult:
        """Record the count; priorities are those of the factory."""
        self.counts.append(count)
        size = batch.rewards.shape[1]
        return UpdateResult({"rewards": batch.rewards.mean()}, None if self.priority is None else torch.full((size,), self.priority))


@frozen(kw_only=True)
class RecordingReplayAgentFactory(AgentFactory):
    """Factory of RecordingReplayAlgorithm."""

    trainer_class = OffPolicyTrainer
    default_sampling: ClassVar[Mapping[str, int]] = {
        "update_per_step": 1,
        "step_per_collect": 1,
        "buffer_size": 1000,
        "num_test_episodes": 3,
    }

    steps: int = 1
    """Rows of a window."""
    priority: float | None = None
    """TD error returned for every row; None: no priorities."""

    def create_policy(self, envs: Environments, device: torch.device) -> AtRandom:
        """See AtRandom."""
        return AtRandom()

    def create_algorithm(self, policy: Policy, envs: Environments, setup: Setup) -> RecordingReplayAlgorithm:
        """See RecordingReplayAlgorithm."""
        return RecordingReplayAlgorithm(policy, self.steps, self.priority)


class RecordingReplayExperimentBuilder(ExperimentBuilder[RecordingReplayAgentFactory]):
    """Builder of experiments with RecordingReplayAlgorithm."""

    agent_class = RecordingReplayAgentFactory

    def with_agent(self, **changes: Any) -> Self:
        """Set fields of the agent factory."""
        return self._with_agent(**changes)
