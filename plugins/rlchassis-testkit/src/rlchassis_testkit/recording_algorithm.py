"""An algorithm that learns nothing and writes down what it is given: for tests of the loop around it."""

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
    """Takes action 0 or 1, exploring or not, and has one weight that nothing moves."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(()))

    def act(self, obs: Observation, state: Any = None, *, explore: bool, rng: Generator) -> tuple[Tensor, Any]:
        """One draw per environment."""
        return torch.randint(2, (number_of(obs),), generator=rng), None


@frozen(eq=False)
class Seen(TensorStruct):
    """Rows with the number of the pass that they belong to."""

    obs: Observation
    rewards: Tensor
    valid: Tensor
    passes: Tensor


@define(eq=False)
class RecordingAlgorithm(Algorithm[Seen]):
    """Keeps every rollout it prepares, every batch it is to learn from, and the count that came with it."""

    policy: Policy
    loss: float = 0.0
    rollouts: list[Experience] = field(factory=list)
    batches: list[Seen] = field(factory=list)
    counts: list[int] = field(factory=list)

    def prepare(self, experience: Experience, rng: Generator) -> Seen:
        """A copy, since the buffer is written again."""
        kept = experience[torch.arange(len(experience))]
        self.rollouts.append(kept)
        return Seen(kept.obs, kept.rewards, kept.valid, torch.zeros_like(kept.rewards))

    def refresh(self, batch: Seen, rollout: Experience) -> Seen:
        """The next pass."""
        return Seen(batch.obs, batch.rewards, batch.valid, batch.passes + 1)

    def update(self, batch: Seen, count: int) -> UpdateResult:
        """Nothing is learned, and that costs what `loss` says."""
        self.batches.append(batch)
        self.counts.append(count)
        return UpdateResult({"loss": torch.tensor(self.loss)})


@frozen(kw_only=True)
class RecordingAgentFactory(AgentFactory):
    """The recipe for it."""

    trainer_class = OnPolicyTrainer
    default_sampling: ClassVar[Mapping[str, int]] = {"step_per_collect": 24, "repeat_per_collect": 2, "num_test_episodes": 3}

    loss: float = 0.0
    """What it says its loss is."""

    def create_policy(self, envs: Environments, device: torch.device) -> AtRandom:
        """See AtRandom."""
        return AtRandom()

    def create_algorithm(self, policy: Policy, envs: Environments, setup: Setup) -> RecordingAlgorithm:
        """See RecordingAlgorithm."""
        return RecordingAlgorithm(policy, self.loss)


class RecordingExperimentBuilder(ExperimentBuilder[RecordingAgentFactory]):
    """Assembles an experiment that only looks on."""

    agent_class = RecordingAgentFactory

    def with_loss(self, loss: float) -> Self:
        """Set what it says its loss is."""
        return self._with_agent(loss=loss)
