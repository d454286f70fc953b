"""The training loop: collect, update, test. On- and off-policy trainers differ in how they collect and update."""

from __future__ import annotations

import logging
import time
from abc import ABC, abstractmethod
from typing import Any, ClassVar

import torch
from attrs import define, field, fields

from rlchassis.config import ResolvedSampling
from rlchassis.data.experience import Experience, TensorStruct
from rlchassis.data.step import Step
from rlchassis.errors import DivergenceError, UsageError
from rlchassis.learning.algorithm import UpdateResult
from rlchassis.learning.policy import layers
from rlchassis.replay import Replay
from rlchassis.training.checkpointing import Checkpointing
from rlchassis.training.collector import Columns
from rlchassis.training.episodes import CollectStats
from rlchassis.training.evaluation import Evaluation
from rlchassis.training.info import InfoStats
from rlchassis.training.metrics_accumulator import MetricsAccumulator, require_finite
from rlchassis.training.persistence import PersistEvent, PolicyPersistence
from rlchassis.training.readings import learning_rates, replay_readings
from rlchassis.training.result_checks import require_experience, require_update_result
from rlchassis.training.rollout import RolloutBuffer
from rlchassis.training.state import TrainingState
from rlchassis.training.testing import as_row, is_best, play, stop_requests
from rlchassis.training.weights import require_finite_weights, unwatched_weights
from rlchassis.training.world import World

log = logging.getLogger(__name__)
ROWS_PER_EPOCH = 20
"""Maximum number of rows of training metrics per epoch, besides those of tests."""
RESUMED = ("metrics", "epoch", "_in_epoch", "_epoch_start", "_is_collecting", "_collected", "_next_row", "_updates_tested")
"""Fields that a checkpoint stores."""
NEEDED = ("step_per_collect", "repeat_per_collect", "buffer_size", "update_per_step")
"""Sampling settings that the user or the algorithm's default_sampling must set."""


@define(eq=False)
class Trainer(ABC):
    """Base class of training loops."""

    refused: ClassVar[dict[str, str]] = {}
    """Sampling settings that this kind of training does not support, with the reason."""
    takes_buffers: ClassVar[bool] = False
    """Whether an agent's buffer_factory may replace its buffer."""

    world: World
    persistence: PolicyPersistence
    metrics: MetricsAccumulator = field(factory=MetricsAccumulator, init=False)
    checkpoints: Checkpointing = field(factory=Checkpointing, kw_only=True)
    epoch: int = field(default=0, init=False)
    """The current epoch, from 1; 0 before training."""
    _in_epoch: bool = field(default=False, init=False)
    _epoch_start: int = field(default=0, init=False)
    """Environment step at the start of the epoch."""
    _is_collecting: bool = field(default=False, init=False)
    _collected: CollectStats = field(factory=CollectStats, init=False)
    """Statistics of the current collection."""
    _next_row: int = field(default=0, init=False)
    _updates_tested: int = field(default=0, init=False)
    """Number of updates at the last test."""
    _unwatched: dict[str, torch.Tensor] = field(factory=dict, init=False)
    """Policy weights whose optimizer does not check its steps; checked for non-finite values after each phase of updates."""

    @property
    def state(self) -> TrainingState:
        """Training state of the run."""
        return self.world.state

    @classmethod
    def check_sampling(cls, sampling: ResolvedSampling) -> None:
        """UsageError for a sampling setting that is not supported, missing or invalid."""
        for setting in fields(ResolvedSampling):
            name, value = setting.name, getattr(sampling, setting.name)
            if name in cls.refused and value != setting.default:
                raise UsageError(f"sampling.{name} is not supported: {cls.refused[name]}; leave it out.")
            if name in NEEDED and name not in cls.refused and not value:
                raise UsageError(f"sampling.{name} is None, and the algorithm's default_sampling has no value for it; set it.")

    @classmethod
    @abstractmethod
    def create_buffer(cls, sampling: ResolvedSampling) -> RolloutBuffer | Replay:
        """Create the rollout or replay buffer for collected steps."""

    @abstractmethod
    def _learn(self) -> None:
        """All updates that are due after a collection."""

    def run(self) -> InfoStats:
        """Train for total_steps environment steps, or until stopped early; a resumed run goes on where it was."""
        hooks = self.world.hooks
        hooks.rlchassis_train_start(world=self.world)
        log_encoding(self.world.policy)
        self._prepare()
        if self.epoch == 0:
            self.world.train_collector.reset(self.world.streams.seeds("environments", self.world.train_collector.envs.num_envs))
        self.checkpoints.begin(self.state.env_step)
        while self.epoch == 0 or self._in_epoch or not self._is_over:
            self._run_epoch()
        self._log_learning()
        self.store()
        self.checkpoints.write(self)
        result = self.state.info()
        hooks.rlchassis_train_end(world=self.world, result=result)
        return result

    @property
    def _is_over(self) -> bool:
        sampling = self.world.sampling
        return self.epoch >= sampling.num_epochs or self.state.stopped is not None or self.state.env_step >= sampling.total_steps

    def _run_epoch(self) -> None:
        """Collect and update until the end of the epoch, then test; a resumed run may begin within one."""
        hooks, sampling = self.world.hooks, self.world.sampling
        if not self._in_epoch:
            self.epoch += 1
            hooks.rlchassis_epoch_start(world=self.world, epoch=self.epoch, env_step=self.state.env_step)
            self._in_epoch, self._epoch_start = True, self.state.env_step
        epoch, end = self.epoch, min(self.epoch * sampling.step_per_epoch, sampling.total_steps)
        while self.state.env_step < end and self.state.stopped is None:
            self._advance()
            self.checkpoints.write_if_due(self)
        self._test(epoch)
        if self.state.env_step > self._epoch_start:  # a collection may be longer than an epoch
            log.info("epoch %d: %s", epoch, self.state.info().summary(sampling.total_steps))
        hooks.rlchassis_epoch_end(world=self.world, epoch=epoch, env_step=self.state.env_step)
        self._in_epoch = False

    def is_interrupted(self, error: BaseException) -> bool:
        """Whether an error is the interruption that a collector raised between two steps, when the run can be stored and resumed."""
        collectors = (self.world.train_collector, self.world.test_collector)
        return any(collector is not None and collector.interruption is error for collector in collectors)

    def parts(self) -> dict[str, Any]:
        """What a checkpoint stores of the loop itself; subclasses add to it."""
        return {name: getattr(self, name) for name in RESUMED} | {"record": self.persistence.record}

    def put_back(self, parts: dict[str, Any]) -> None:
        """Assign restored parts."""
        for name, value in parts.items():
            if name == "record":
                self.persistence.record = value
            elif value is not getattr(self, name):
                setattr(self, name, value)

    def store(self) -> None:
        """Store the current policy if no test has selected one; otherwise retry a policy that could not be written."""
        if self.state.best is None:
            self.persistence.persist(PersistEvent.PERSIST_POLICY, self.world)
        else:
            self.persistence.retry(self.world)

    def _prepare(self) -> None:
        """Checks and warnings before the first step."""
        self._unwatched = unwatched_weights(self.world.policy, self.world.optimizers)
        collector = self.world.train_collector
        if not collector.envs.partial and self.world.sampling.step_per_collect % collector.envs.num_envs:
            log.warning(
                "These %d environments only step together, so each collection is rounded up to a multiple of that.", collector.envs.num_envs
            )

    def _advance(self) -> None:
        """One collection, or the rest of one that was interrupted, and the updates that follow it."""
        if not self._is_collecting:
            self._set_progress(self.state.progress)
            self._collected, self._is_collecting = CollectStats(), True
        started, before = time.perf_counter(), self.state.updates
        stats = self._collect()
        self._is_collecting = False
        collecting = time.perf_counter() - started
        self.state.seconds["collect"] += collecting
        self.state.env_step += stats.num_steps
        self.state.episodes += len(stats.returns)
        self.persistence.record = {"env_step": self.state.env_step}
        self.metrics.record_collection(stats)
        self._call_hook("rlchassis_collect_end", stats=stats)
        started = time.perf_counter()
        self._learn_or_diverge()
        learning = time.perf_counter() - started
        self.state.seconds["learn"] += learning
        self.metrics.record_time(stats.num_steps, collecting + learning)
        self._call_hook("rlchassis_learn_end", rounds=self.state.updates - before)
        if self.state.env_step >= self._next_row:
            self._log_learning()

    def _learn_or_diverge(self) -> None:
        """All due updates; on divergence, log a last row of metrics and re-raise."""
        graphs = self.world.algorithm.graphs
        if graphs is not None:
            graphs.begin_phase()
        try:
            self._learn()
            if self._unwatched:
                require_finite_weights(self._unwatched)
        except DivergenceError as error:
            error.add_note(
                f"{type(self.world.algorithm).__name__}, environment step {self.state.env_step}, update {self.state.updates + 1}"
            )
            self._log_learning(error.metrics)
            raise

    def _set_progress(self, progress: float) -> None:
        for optimizer in self.world.optimizers:
            optimizer.set_progress(progress)
        self.world.algorithm.set_progress(progress)
        for layer in layers(self.world.policy):
            layer.set_progress(progress)

    def _collect(self) -> CollectStats:
        world, sampling = self.world, self.world.sampling
        wanted = min(sampling.step_per_collect, sampling.total_steps - self.state.env_step)
        return world.train_collector.collect(wanted, world.buffer, columns=self._recorded, stats=self._collected)

    @property
    def _recorded(self) -> Columns | None:
        """What a subclass records of every step; None: nothing."""
        return None if type(self).columns is Trainer.columns else self.columns

    def columns(self, step: Step) -> dict[str, Any]:
        """Columns that this trainer adds to each collected step, trees of arrays [N, …]; none by default."""
        return {}

    def _call_hook(self, hook: str, **what: Any) -> None:
        """Call a hook if it has implementations; an empty call costs as much as collecting one step."""
        caller = getattr(self.world.hooks, hook)
        if caller.get_hookimpls():
            caller(world=self.world, **what)

    def _update(self, batch: TensorStruct) -> UpdateResult:
        """One update on a batch."""
        update = self.world.algorithm.update
        learned = update(batch, self.state.updates)
        if type(learned) is not UpdateResult:
            require_update_result(learned, update)
        self.metrics.record_update(learned.metrics, update)
        self.state.updates += 1
        return learned

    def _log_learning(self, last: dict[str, float] | None = None) -> None:
        """Log a row of training metrics; last: metrics at divergence."""
        self._next_row = self.state.env_step + max(1, self.world.sampling.step_per_epoch // ROWS_PER_EPOCH)
        row = self.metrics.row() | {f"learn/{name}": value for name, value in (last or {}).items()}
        if row:
            learned = any(tag.startswith("learn/") for tag in row)
            rates = learning_rates(self.world.optimizers) if learned else {}
            self.world.logger.log({**row, **rates, **replay_readings(self.world.buffer)}, self.state.env_step)
        if last is None:
            require_finite(row)

    def _test(self, epoch: int) -> None:
        """Test the policy if it was updated since the last test, store it if it is the best, and check for early stopping."""
        world = self.world
        if world.test_collector is None or self.state.updates == self._updates_tested:
            return
        world.hooks.rlchassis_test_start(world=world, epoch=epoch, env_step=self.state.env_step)
        started = time.perf_counter()
        result = play(world, epoch, self.state.env_step)
        self._updates_tested = self.state.updates  # only now: a test that is interrupted is played again
        self.state.seconds["test"] += time.perf_counter() - started
        self.state.tests.append(result)
        if is_best(self.state.tests, self.state.best):
            self._keep(result)
        else:
            self.persistence.retry(world)
        world.logger.log(as_row(result, self.state.best), self.state.env_step)
        world.hooks.rlchassis_test_end(world=world, result=result)
        if voters := stop_requests(world, result.mean):
            self.state.stop(f"{', '.join(voters)} fired at step {self.state.env_step} (mean return {result.mean:.2f})")

    def _keep(self, result: Evaluation) -> None:
        self.persistence.record = {"env_step": self.state.env_step, "test": result.as_data()}
        self.persistence.persist(PersistEvent.PERSIST_POLICY, self.world)
        self.state.best = result  # only now: a run interrupted before has yet to store a policy

    def _transformed(self, experience: Experience) -> Experience:
        """Experience as seen by the innermost policy: transformed by all wrappers, outermost first."""
        for layer in layers(self.world.policy):
            experience = require_experience(layer.transform(experience), layer.transform)
        return experience


def log_encoding(policy: torch.nn.Module) -> None:
    """Log once how each part of an observation is encoded, for networks with an attribute `encoding`."""
    said = {module.encoding: None for module in policy.modules() if isinstance(getattr(module, "encoding", None), str)}
    if said:
        log.info("Observation encoders: %s.", " / ".join(map(str, said)))
