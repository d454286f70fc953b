"""An on-policy algorithm that learns nothing and records its inputs, for tests of the training loop."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import torch
from attrs import define, field, frozen
from torch import Generator, Tensor

from rlchassis.api import (
    AgentFactory,
    Algorithm,
    Environments,
    Experience,
    ExperimentBuilder,
    Observation,
    OnPolicyTrainer,
    Policy,
    Setup,
    TensorStruct,
    UpdateResult,
)
from rlchassis_testkit.experiences import number_of


class AtRandom(Policy):
    """Policy that takes action 0 or 1 at random, with one constant parameter."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(()))

    def act(self, obs: Observation, state: Any = None, *, explore: bool, rng: Generator) -> tuple[Tensor, Any]:
        """One random action per environment."""
        return torch.randint(2, (number_of(obs),), generator=rng), None


@frozen(eq=False)
class Seen(TensorStruct):
    """Rows with the number of their pass."""

    obs: Observation
    rewards: Tensor
    valid: Tensor
    passes: Tensor


@define(eq=False)
class RecordingAlgorithm(Algorithm[Seen]):
    """Algorithm that records every rollout, batch and update count."""

    policy: Policy
    loss: float = 0.0
    rollouts: list[Experience] = field(factory=list)
    batches: list[Seen] = field(factory=list)
    counts: list[int] = field(factory=list)

    def prepare(self, experience: Experience, rng: Generator) -> Seen:
        """Record a copy of the rollout, since the buffer is reused."""
        kept = experience[torch.arange(len(experience))]
        self.rollouts.append(kept)
        return Seen(kept.obs, kept.rewards, kept.valid, torch.zeros_like(kept.rewards))

    def refresh(self, batch: Seen, rollout: Experience) -> Seen:
        """Number the next pass."""
        return Seen(batch.obs, batch.rewards, batch.valid, batch.passes + 1)

    def update(self, batch: Seen, count: int) -> UpdateResult:
        """Record the batch; the metric loss is that of the factory."""
        self.batches.append(batch)
        self.counts.append(count)
        return UpdateResult({"loss": torch.tensor(self.loss)})


@frozen(kw_only=True)
class RecordingAgentFactory(AgentFactory):
    """Factory of RecordingAlgorithm."""

    trainer_class = OnPolicyTrainer
    default_sampling: ClassVar[Mapping[str, int]] = {"step_per_collect": 24, "repeat_per_collect": 2, "num_test_episodes": 3}

    loss: float = 0.0
    """Reported loss."""

    def create_policy(self, envs: Environments, device: torch.device) -> AtRandom:
        """See AtRandom."""
        return AtRandom()

    def create_algorithm(self, policy: Policy, envs: Environments, setup: Setup) -> RecordingAlgorithm:
        """See RecordingAlgorithm."""
        return RecordingAlgorithm(policy, self.loss)


class RecordingExperimentBuilder(ExperimentBuilder[RecordingAgentFactory]):
    """Builder of experiments with RecordingAlgorithm."""

    agent_class = RecordingAgentFactory

    def with_loss(self, loss: float) -> Self:
        """Set the reported loss."""
        return self._with_agent(loss=loss)
