"""The onlooker of replayed experience: it learns nothing and writes down the windows it is given."""

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
    """Keeps every window it prepares, the count of every round, and how far it was told the run is."""

    policy: Policy
    steps: int = 1
    priority: float | None = None
    windows: list[Experience] = field(factory=list)
    counts: list[int] = field(factory=list)
    progress: list[float] = field(factory=list)

    @property
    def n_step(self) -> int:
        """As the recipe says."""
        return self.steps

    def set_progress(self, progress: float) -> None:
        """Written down."""
        self.progress.append(progress)

    def prepare(self, experience: Experience, rng: Generator) -> Experience:
        """The window itself."""
        self.windows.append(experience)
        return experience

    def update(self, batch: Experience, count: int) -> UpdateResult:
        """Nothing is learned; every row is judged as wrong as the recipe says."""
        self.counts.append(count)
        size = batch.rewards.shape[1]
        return UpdateResult({"rewards": batch.rewards.mean()}, None if self.priority is None else torch.full((size,), self.priority))


@frozen(kw_only=True)
class RecordingReplayAgentFactory(AgentFactory):
    """The recipe for it."""

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
    """How wrong it says that every row was judged; None: it says nothing."""

    def create_policy(self, envs: Environments, device: torch.device) -> AtRandom:
        """See AtRandom."""
        return AtRandom()

    def create_algorithm(self, policy: Policy, envs: Environments, setup: Setup) -> RecordingReplayAlgorithm:
        """See RecordingReplayAlgorithm."""
        return RecordingReplayAlgorithm(policy, self.steps, self.priority)


class RecordingReplayExperimentBuilder(ExperimentBuilder[RecordingReplayAgentFactory]):
    """Assembles an experiment that only looks on."""

    agent_class = RecordingReplayAgentFactory

    def with_agent(self, **changes: Any) -> Self:
        """Set fields of the recipe."""
        return self._with_agent(**changes)
