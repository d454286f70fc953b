"""Base class of algorithms: how a policy is updated from experience."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar

import attrs
from attrs import define, field
from torch import Generator, Tensor

from rlchassis.data.experience import Experience, Metrics, TensorStruct
from rlchassis.learning.compilation import Graphs, marked_methods
from rlchassis.learning.optimizer import Optimizer
from rlchassis.learning.policy import Policy

Batch = TypeVar("Batch", bound=TensorStruct)
log = logging.getLogger(__name__)


@define(eq=False)
class UpdateResult:
    """Result of one update."""

    metrics: Metrics = field(factory=dict)
    """Detached scalar tensors, transferred to the host when they are logged."""
    priorities: Tensor | None = None
    """New priorities |δ| [B] of the batch, for prioritized replay."""


@define(eq=False)
class Algorithm(ABC, Generic[Batch]):
    """Base class of algorithms. Updates the innermost policy; owns critics, target networks and optimizers."""

    policy: Policy
    """The policy to update."""
    graphs: Graphs | None = field(default=None, init=False, repr=False)
    """Compiled graphs of the methods decorated with one_graph; None without compilation."""

    @abstractmethod
    def prepare(self, experience: Experience, rng: Generator) -> Batch:
        """Compute a batch from experience [T, N, …]: advantages, targets, and all random tensors of the update. No gradients."""

    def refresh(self, batch: Batch, rollout: Experience) -> Batch:
        """Recompute advantages before each further pass over a rollout [T, N]; default: keep the batch."""
        return batch

    def rollout_metrics(self, batch: Batch) -> Metrics:
        """Metrics of the prepared rollout, valid rows flattened to [B, …]; called once per rollout, before its first update."""
        return {}

    @abstractmethod
    def update(self, batch: Batch, count: int) -> UpdateResult:
        """One update on a batch; count: number of previous updates, for delayed updates and target networks."""

    def compile(self, optimizers: Sequence[Optimizer] = ()) -> None:
        """Compile every method decorated with one_graph; if that fails, updates and optimizers run eagerly."""

        def leave_graph() -> None:
            for optimizer in optimizers:
                optimizer.leave_graph()

        if marked_methods(type(self)):
            self.graphs = Graphs(leave_graph)
        else:
            log.warning("%s has no update that can be compiled; updates run eagerly.", type(self).__name__)
            leave_graph()

    @property
    def n_step(self) -> int:
        """Number of consecutive transitions per sample of the replay buffer: params.n_step if there is one, else 1."""
        steps: int = getattr(getattr(self, "params", None), "n_step", 1)
        return steps

    def set_progress(self, progress: float) -> None:
        """Called before every collection with the progress of the run, 0 to 1, for schedules such as that of an exploration rate."""

    def numbers_of_policy(self) -> dict[str, float]:
        """Numbers to store with the policy, with which a run that restores it begins, such as an entropy temperature. Default: none."""
        return {}

    def restore_numbers_of_policy(self, numbers: Mapping[str, float]) -> None:
        """Begin with what numbers_of_policy returned when the restored policy was stored, as far as it is there."""

    def state_dict(self) -> dict[str, Any]:
        """state_dict of every field that has one, by field name."""
        return {name: part.state_dict() for name, part in self._stateful()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Load the state of an algorithm with the same configuration."""
        for name, part in self._stateful():
            part.load_state_dict(state[name])

    def _stateful(self) -> list[tuple[str, Any]]:
        names = [attribute.name for attribute in attrs.fields(type(self))]
        return [(name, getattr(self, name)) for name in names if hasattr(getattr(self, name), "state_dict")]
