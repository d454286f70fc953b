"""Trainers: one collection and the updates that follow it. On- and off-policy trainers differ in how they collect and update."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from itertools import islice
from typing import Any, ClassVar

import torch
from attrs import Factory, define, field

from rlchassis.collecting.collector import Columns
from rlchassis.collecting.episodes import CollectStats
from rlchassis.collecting.rollout import RolloutBuffer
from rlchassis.config import ResolvedSampling
from rlchassis.data.experience import Experience
from rlchassis.data.state_restoring import changed_fields
from rlchassis.data.step import Step
from rlchassis.errors import DivergenceError
from rlchassis.learning.algorithm import UpdateResult
from rlchassis.learning.policy import layers
from rlchassis.replay import Replay
from rlchassis.reporting.metrics_accumulator import MetricsAccumulator
from rlchassis.training.checks.results import require_experience, require_update_result
from rlchassis.training.checks.sampling import require_supported
from rlchassis.training.checks.weights import require_finite_weights, unwatched_weights
from rlchassis.training.hook_manager import call_if_implemented
from rlchassis.training.metric_rows import MetricRows
from rlchassis.training.notices import describe_training
from rlchassis.training.state import TrainingState
from rlchassis.training.world import World


@define(eq=False)
class Trainer(ABC):
    """Base class of trainers; `advance` is called until the steps of the run are spent."""

    refused: ClassVar[dict[str, str]] = {}
    """Sampling settings that this kind of training does not support, with the reason."""
    takes_buffers: ClassVar[bool] = False
    """Whether an agent's buffer_factory may replace its buffer."""
    transformed_by: ClassVar[str] = "transform"
    """Method of policies that transforms experience."""

    world: World
    state: TrainingState = field(default=Factory(lambda self: self.world.state, takes_self=True), init=False)
    metrics: MetricsAccumulator = field(factory=MetricsAccumulator, init=False)
    rows: MetricRows = field(default=Factory(lambda self: MetricRows(self.world, self.metrics), takes_self=True), init=False)
    _is_collecting: bool = field(default=False, init=False)
    _collected: CollectStats = field(factory=CollectStats, init=False)
    """Statistics of the current collection."""
    _unwatched: dict[str, torch.Tensor] = field(factory=dict, init=False)
    """Policy weights whose optimizer does not check its steps; checked for non-finite values after each phase of updates."""

    @classmethod
    def check_sampling(cls, sampling: ResolvedSampling) -> None:
        """UsageError for a sampling setting that is not supported, missing or invalid."""
        require_supported(sampling, cls.refused)

    @classmethod
    @abstractmethod
    def create_buffer(cls, sampling: ResolvedSampling) -> RolloutBuffer | Replay:
        """Create the rollout or replay buffer for collected steps."""

    @abstractmethod
    def _learn(self) -> None:
        """All updates that are due after a collection."""

    def columns(self, step: Step) -> dict[str, Any]:
        """Columns that this trainer adds to each collected step, trees of arrays [N, …]; none by default."""
        return {}

    def begin(self) -> None:
        """Checks, messages and warnings before the first step."""
        describe_training(self.world)
        self._unwatched = unwatched_weights(self.world.policy, self.world.optimizers)

    def advance(self) -> None:
        """One collection, or the rest of one that was interrupted, and the updates that follow it."""
        stats, collecting = self._finished_collection()
        state, graphs = self.state, self.world.algorithm.graphs
        started, before = time.perf_counter(), state.updates
        if graphs is not None:
            graphs.begin_phase()
        try:
            self._learn()
            if self._unwatched:
                require_finite_weights(self._unwatched)
        except DivergenceError as error:
            error.add_note(f"{type(self.world.algorithm).__name__}, environment step {state.env_step}, update {state.updates + 1}")
            self.rows.log(error.metrics)
            raise
        learning = time.perf_counter() - started
        state.seconds["learn"] += learning
        self.metrics.record_time(stats.num_steps, collecting + learning)
        call_if_implemented(self.world.hooks.rlchassis_learn_end, world=self.world, rounds=state.updates - before)
        self.rows.log_if_due()

    def _finished_collection(self) -> tuple[CollectStats, float]:
        """Collect, and count steps and episodes; returns them with the seconds that it took."""
        state = self.state
        if not self._is_collecting:
            self.world.set_progress(state.progress)
            self._collected, self._is_collecting = CollectStats(), True
        started = time.perf_counter()
        stats = self._collect()
        self._is_collecting = False
        seconds = time.perf_counter() - started
        state.seconds["collect"] += seconds
        state.env_step += stats.num_steps
        state.episodes += len(stats.returns)
        self.metrics.record_collection(stats)
        call_if_implemented(self.world.hooks.rlchassis_collect_end, world=self.world, stats=stats)
        return stats, seconds

    def _collect(self) -> CollectStats:
        world, sampling = self.world, self.world.sampling
        wanted = min(sampling.step_per_collect, sampling.total_steps - self.state.env_step)
        return world.train_collector.collect(wanted, world.buffer, columns=self._recorded, stats=self._collected)

    @property
    def _recorded(self) -> Columns | None:
        """What a subclass records of every step; None: nothing."""
        return None if type(self).columns is Trainer.columns else self.columns

    def _record_update(self, result: UpdateResult) -> None:
        """Count an update, and record its metrics; PluginError if it returned something else."""
        update = self.world.algorithm.update
        if type(result) is not UpdateResult:
            require_update_result(result, update)
        self.metrics.record_update(result.metrics, update)
        self.state.updates += 1

    def _transformed(self, experience: Experience, depth: int | None = None) -> list[Experience]:
        """Experience as each layer of the policy gets it, outermost first, and last as the algorithm does.

        depth: number of layers that transform it; None: all.
        """
        seen = [experience]
        for layer in islice(layers(self.world.policy), depth):
            transform = getattr(layer, self.transformed_by)
            seen.append(require_experience(transform(seen[-1]), transform))
        return seen

    def parts(self) -> dict[str, Any]:
        """What a checkpoint stores of the trainer itself; subclasses add to it."""
        return {name: getattr(self, name) for name in ("metrics", "_is_collecting", "_collected")} | {"next_row": self.rows.next_row}

    def put_back(self, parts: dict[str, Any]) -> None:
        """Assign restored parts."""
        self.rows.next_row = parts.pop("next_row")
        for name, value in changed_fields(self, parts).items():
            setattr(self, name, value)
