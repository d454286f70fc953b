"""The loop: collect, learn, test, until the steps are spent. Training on and off policy differs in how it collects and learns."""

from __future__ import annotations

import logging
import time
from abc import ABC, abstractmethod
from typing import Any, ClassVar

import torch
from attrs import define, field, fields

from rlchassis.config import ResolvedSampling
from rlchassis.data.experience import Experience, TensorStruct
from rlchassis.errors import DivergenceError, UsageError
from rlchassis.learning.algorithm import UpdateResult
from rlchassis.learning.policy import layers
from rlchassis.replay import ReplayBuffer
from rlchassis.training.answers import require_experience, require_update_result
from rlchassis.training.episodes import CollectStats
from rlchassis.training.evaluation import Evaluation
from rlchassis.training.info import InfoStats
from rlchassis.training.journal import Journal, require_finite
from rlchassis.training.persistence import PersistEvent, PolicyPersistence
from rlchassis.training.readings import learning_rates, replay_readings
from rlchassis.training.rollout import RolloutBuffer
from rlchassis.training.state import TrainingState
from rlchassis.training.testing import as_row, is_best, play, votes_to_stop
from rlchassis.training.weights import require_finite_weights, unwatched_weights
from rlchassis.training.world import World

log = logging.getLogger(__name__)
ROWS_PER_EPOCH = 20
"""How often metrics are logged, at most, beside those of tests."""
NEEDED = ("step_per_collect", "repeat_per_collect", "buffer_size", "update_per_step")
"""Sampling settings that are 0 where neither the user nor the algorithm sets them."""


@define(eq=False)
class Trainer(ABC):
    """Runs the loop in a world."""

    refused: ClassVar[dict[str, str]] = {}
    """Sampling settings that this kind of training has no use for, with the reason."""

    world: World
    persistence: PolicyPersistence
    journal: Journal = field(factory=Journal, init=False)
    _next_row: int = field(default=0, init=False)
    _updates_tested: int = field(default=0, init=False)
    """Rounds of learning before the last test."""
    _unwatched: dict[str, torch.Tensor] = field(factory=dict, init=False)
    """Weights of the policy that no optimizer looks after, checked after each learning phase."""

    @property
    def state(self) -> TrainingState:
        """How far training is."""
        return self.world.state

    @classmethod
    def check_sampling(cls, sampling: ResolvedSampling) -> None:
        """UsageError for a setting that this kind of training has no use for, that it lacks, or that cannot work."""
        for setting in fields(ResolvedSampling):
            name, value = setting.name, getattr(sampling, setting.name)
            if name in cls.refused and value != setting.default:
                raise UsageError(f"sampling.{name} has no meaning here: {cls.refused[name]}; leave it out.")
            if name in NEEDED and name not in cls.refused and not value:
                raise UsageError(f"sampling.{name} is None, and the algorithm's default_sampling does not say it either; set it.")

    @classmethod
    @abstractmethod
    def create_buffer(cls, sampling: ResolvedSampling) -> RolloutBuffer | ReplayBuffer:
        """Where collected steps wait, by resolved settings."""

    @abstractmethod
    def _learn(self) -> None:
        """What follows a collection: as many rounds as are due."""

    def run(self) -> InfoStats:
        """Train from the beginning of an episode in every environment until the steps are spent or someone stops it."""
        hooks, sampling = self.world.hooks, self.world.sampling
        hooks.rlchassis_train_start(world=self.world)
        log_encoding(self.world.policy)
        self._begin_episodes()
        for epoch in range(1, sampling.num_epochs + 1):
            hooks.rlchassis_epoch_start(world=self.world, epoch=epoch, env_step=self.state.env_step)
            before, end = self.state.env_step, min(epoch * sampling.step_per_epoch, sampling.total_steps)
            while self.state.env_step < end and self.state.stopped is None:
                self._advance()
            self._test(epoch)
            if self.state.env_step > before:  # a collection may be longer than an epoch
                log.info("epoch %d: %s", epoch, self.state.info().summary(sampling.total_steps))
            hooks.rlchassis_epoch_end(world=self.world, epoch=epoch, env_step=self.state.env_step)
            if self.state.stopped is not None or self.state.env_step >= sampling.total_steps:
                break
        self._log_learning()
        self.store()
        result = self.state.info()
        hooks.rlchassis_train_end(world=self.world, result=result)
        return result

    def store(self) -> None:
        """Store what the run leaves: the current policy where no test has chosen one, or else what could not be written before."""
        if self.state.best is None:
            self.persistence.persist(PersistEvent.PERSIST_POLICY, self.world)
        else:
            self.persistence.retry(self.world)

    def _begin_episodes(self) -> None:
        self._unwatched = unwatched_weights(self.world.policy, self.world.optimizers)
        collector = self.world.train_collector
        if not collector.envs.partial and self.world.sampling.step_per_collect % collector.envs.num_envs:
            log.warning("These %d environments only step together, so each collection rounds up to them.", collector.envs.num_envs)
        collector.reset(self.world.streams.seeds("environments", collector.envs.num_envs))

    def _advance(self) -> None:
        """One collection and the learning that follows it."""
        self._set_progress(self.state.progress)
        started, before = time.perf_counter(), self.state.updates
        stats = self._collect()
        collecting = time.perf_counter() - started
        self.state.seconds["collect"] += collecting
        self.state.env_step += stats.num_steps
        self.state.episodes += len(stats.returns)
        self.persistence.record = {"env_step": self.state.env_step}
        self.journal.record_collection(stats)
        self._tell("rlchassis_collect_end", stats=stats)
        started = time.perf_counter()
        self._learn_or_diverge()
        learning = time.perf_counter() - started
        self.state.seconds["learn"] += learning
        self.journal.record_time(stats.num_steps, collecting + learning)
        self._tell("rlchassis_learn_end", rounds=self.state.updates - before)
        if self.state.env_step >= self._next_row:
            self._log_learning()

    def _learn_or_diverge(self) -> None:
        """What learning comes to; where it diverges, a last row shows what did."""
        graphs = self.world.algorithm.graphs
        if graphs is not None:
            graphs.begin_phase()
        try:
            self._learn()
            if self._unwatched:
                require_finite_weights(self._unwatched)
        except DivergenceError as error:
            error.add_note(
                f"{type(self.world.algorithm).__name__}, environment step {self.state.env_step}, round {self.state.updates + 1} of learning"
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
        return world.train_collector.collect(wanted, world.buffer)

    def _tell(self, hook: str, **what: Any) -> None:
        """Call a hook if anyone listens; a call that nobody hears costs as much as a collection of one step."""
        caller = getattr(self.world.hooks, hook)
        if caller.get_hookimpls():
            caller(world=self.world, **what)

    def _update(self, batch: TensorStruct) -> UpdateResult:
        """One round."""
        update = self.world.algorithm.update
        learned = update(batch, self.state.updates)
        if type(learned) is not UpdateResult:
            require_update_result(learned, update)
        self.journal.record_update(learned.metrics, update)
        self.state.updates += 1
        return learned

    def _log_learning(self, last: dict[str, float] | None = None) -> None:
        """A row of what was learned; `last` is what was measured as learning diverged."""
        self._next_row = self.state.env_step + max(1, self.world.sampling.step_per_epoch // ROWS_PER_EPOCH)
        row = self.journal.row() | {f"learn/{name}": value for name, value in (last or {}).items()}
        if row:
            learned = any(tag.startswith("learn/") for tag in row)
            rates = learning_rates(self.world.optimizers) if learned else {}
            self.world.logger.log({**row, **rates, **replay_readings(self.world.buffer)}, self.state.env_step)
        if last is None:
            require_finite(row)

    def _test(self, epoch: int) -> None:
        """Test a policy that has learned since the last test, keep it if none was better, and ask whether to stop."""
        world = self.world
        if world.test_collector is None or self.state.updates == self._updates_tested:
            return
        self._updates_tested = self.state.updates
        world.hooks.rlchassis_test_start(world=world, epoch=epoch, env_step=self.state.env_step)
        started = time.perf_counter()
        result = play(world, epoch, self.state.env_step)
        self.state.seconds["test"] += time.perf_counter() - started
        self.state.tests.append(result)
        if is_best(self.state.tests, self.state.best):
            self._keep(result)
        else:
            self.persistence.retry(world)
        world.logger.log(as_row(result, self.state.best), self.state.env_step)
        world.hooks.rlchassis_test_end(world=world, result=result)
        if voters := votes_to_stop(world, result.mean):
            self.state.stop(f"{', '.join(voters)} fired at step {self.state.env_step} (mean return {result.mean:.2f})")

    def _keep(self, result: Evaluation) -> None:
        self.persistence.record = {"env_step": self.state.env_step, "test": result.as_data()}
        self.persistence.persist(PersistEvent.PERSIST_POLICY, self.world)
        self.state.best = result  # only now: a run interrupted before has yet to store a policy

    def _transformed(self, experience: Experience) -> Experience:
        """Experience as the innermost policy, which learns, would have seen it."""
        for layer in layers(self.world.policy):
            experience = require_experience(layer.transform(experience), layer.transform)
        return experience


def log_encoding(policy: torch.nn.Module) -> None:
    """Say once what becomes of each part of an observation; nothing of networks that do not say it."""
    said = {module.encoding: None for module in policy.modules() if isinstance(getattr(module, "encoding", None), str)}
    if said:
        log.info("Observation encoders: %s.", " / ".join(map(str, said)))
