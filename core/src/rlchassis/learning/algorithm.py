"""The contract of every algorithm: how experience becomes a better policy."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Sequence
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
    """What one round of learning tells."""

    metrics: Metrics = field(factory=dict)
    """Detached scalars, brought to the host when they are logged."""
    priorities: Tensor | None = None
    """New priorities of the rows learned from, for prioritized replay."""


@define(eq=False)
class Algorithm(ABC, Generic[Batch]):
    """Learns the innermost policy; owns critics, optimizers and whatever else is not stored with the policy."""

    policy: Policy
    """The policy that it improves."""
    graphs: Graphs | None = field(default=None, init=False, repr=False)
    """Where the methods marked as one_graph are compiled, if they are."""

    @abstractmethod
    def prepare(self, experience: Experience, rng: Generator) -> Batch:
        """Without gradients: what stays fixed while learning, and every random tensor the update will need."""

    def refresh(self, batch: Batch, rollout: Experience) -> Batch:
        """Before each further pass over a rollout [T, N]: judge it anew, where the algorithm does so."""
        return batch

    def rollout_metrics(self, batch: Batch) -> Metrics:
        """Metrics of what prepare made of a rollout, its valid rows flattened to [B, …]: computed once, before it is learned from."""
        return {}

    @abstractmethod
    def update(self, batch: Batch, count: int) -> UpdateResult:
        """One round of learning; count is how many were done before, for delays and target copies."""

    def compile(self, optimizers: Sequence[Optimizer] = ()) -> None:
        """From now on compute every method marked as one_graph as one graph; where that fails, its optimizers leave the graph."""

        def leave_graph() -> None:
            for optimizer in optimizers:
                optimizer.leave_graph()

        if marked_methods(type(self)):
            self.graphs = Graphs(leave_graph)
        else:
            log.warning("%s has no update that can be compiled; it is computed step by step.", type(self).__name__)
            leave_graph()

    @property
    def n_step(self) -> int:
        """How many consecutive rows of a replay buffer a round learns from: the n_step of its params where they have one, else 1."""
        steps: int = getattr(getattr(self, "params", None), "n_step", 1)
        return steps

    def set_progress(self, progress: float) -> None:
        """How far the run is, 0 to 1, before every collection: for what changes with it, such as an exploration rate."""

    def state_dict(self) -> dict[str, Any]:
        """The state of every field that has one, by its name."""
        return {name: part.state_dict() for name, part in self._stateful()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take on the state of another algorithm of the same recipe."""
        for name, part in self._stateful():
            part.load_state_dict(state[name])

    def _stateful(self) -> list[tuple[str, Any]]:
        names = [attribute.name for attribute in attrs.fields(type(self))]
        return [(name, getattr(self, name)) for name in names if hasattr(getattr(self, name), "state_dict")]
