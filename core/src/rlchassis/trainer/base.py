"""The loop: collect, learn, test, until the steps are spent. Training on and off policy differs in how it collects and learns."""

from __future__ import annotations

import logging
import math
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import torch
from attrs import define, field, fields

from rlchassis.algorithm import Learned
from rlchassis.buffers import RolloutBuffer
from rlchassis.collector import CollectStats
from rlchassis.config import SamplingConfig, settled
from rlchassis.errors import UsageError
from rlchassis.evaluation import Evaluation, as_metrics, evaluate_policy
from rlchassis.experience import Experience, TensorStruct
from rlchassis.journal import Journal
from rlchassis.persistence import PersistEvent, PolicyPersistence
from rlchassis.policies import layers
from rlchassis.replay import ReplayBuffer
from rlchassis.trainer.info import InfoStats
from rlchassis.world import World

log = logging.getLogger(__name__)
ROWS_PER_EPOCH = 20
"""How often metrics are logged, at most, beside those of tests."""


@define(eq=False)
class Trainer(ABC):
    """Runs the loop in a world."""

    refused: ClassVar[dict[str, str]] = {}
    """Sampling settings that this kind of training has no use for, with the reason."""

    world: World
    persistence: PolicyPersistence
    env_step: int = field(default=0, init=False)
    episodes: int = field(default=0, init=False)
    updates: int = field(default=0, init=False)
    tests: list[Evaluation] = field(factory=list, init=False)
    best: Evaluation | None = field(default=None, init=False)
    seconds: dict[str, float] = field(factory=lambda: dict.fromkeys(("collect", "learn", "test"), 0.0), init=False)
    journal: Journal = field(factory=Journal, init=False)
    _next_row: int = field(default=0, init=False)

    @classmethod
    def check_sampling(cls, sampling: SamplingConfig) -> None:
        """UsageError for a resolved setting that this kind of training has no use for, or that cannot work."""
        for setting in fields(SamplingConfig):
            if setting.name in cls.refused and getattr(sampling, setting.name) != setting.default:
                raise UsageError(f"sampling.{setting.name} has no meaning here: {cls.refused[setting.name]}; leave it out.")

    @classmethod
    @abstractmethod
    def create_buffer(cls, sampling: SamplingConfig) -> RolloutBuffer | ReplayBuffer:
        """Where collected steps wait, by resolved settings."""

    @abstractmethod
    def _learn(self) -> None:
        """What follows a collection: as many rounds as are due."""

    def run(self) -> InfoStats:
        """Train from the beginning of an episode in every environment until the steps are spent or a callback stops it."""
        hooks, sampling = self.world.hooks, self.world.sampling
        hooks.rlchassis_train_start(world=self.world)
        self._begin_episodes()
        for epoch in range(1, sampling.num_epochs + 1):
            hooks.rlchassis_epoch_start(world=self.world, epoch=epoch, env_step=self.env_step)
            before = self.env_step
            while self.env_step < min(epoch * sampling.step_per_epoch, sampling.total_steps):
                self._advance()
            stop = self._test(epoch)
            if self.env_step > before:  # a collection may be longer than an epoch
                log.info("epoch %d: %s", epoch, self.info().summary(sampling.total_steps))
            hooks.rlchassis_epoch_end(world=self.world, epoch=epoch, env_step=self.env_step)
            if stop or self.env_step >= sampling.total_steps:
                break
        self._log_learning()
        if self.best is None:
            self.persistence.persist(PersistEvent.PERSIST_POLICY, self.world)
        result = self.info()
        hooks.rlchassis_train_end(world=self.world, result=result)
        return result

    def info(self) -> InfoStats:
        """How training stands."""
        final = self.tests[-1] if self.tests else None
        return InfoStats(self.env_step, self.episodes, self.updates, self.best, final, dict(self.seconds))

    @property
    def test_means(self) -> list[float]:
        """The mean returns of all tests so far."""
        return [test.mean for test in self.tests]

    def _begin_episodes(self) -> None:
        collector = self.world.train_collector
        if not collector.envs.partial and settled(self.world.sampling.step_per_collect) % collector.envs.num_envs:
            log.warning("These %d environments only step together, so each collection rounds up to them.", collector.envs.num_envs)
        collector.reset(self.world.streams.seeds("environments", collector.envs.num_envs))

    def _advance(self) -> None:
        """One collection and the learning that follows it."""
        self._set_progress(self.env_step / self.world.sampling.total_steps)
        started, before = time.perf_counter(), self.updates
        stats = self._collect()
        self.seconds["collect"] += time.perf_counter() - started
        self.env_step += stats.num_steps
        self.episodes += len(stats.returns)
        self.persistence.record = {"env_step": self.env_step}
        self.journal.note_collection(stats)
        self._tell("rlchassis_collect_end", stats=stats)
        started = time.perf_counter()
        self._learn()
        self.seconds["learn"] += time.perf_counter() - started
        self._tell("rlchassis_learn_end", rounds=self.updates - before)
        if self.env_step >= self._next_row:
            self._log_learning()

    def _set_progress(self, progress: float) -> None:
        for optimizer in self.world.optimizers:
            optimizer.set_progress(progress)
        self.world.algorithm.set_progress(progress)
        for layer in layers(self.world.policy):
            layer.set_progress(progress)

    def _collect(self) -> CollectStats:
        world, sampling = self.world, self.world.sampling
        wanted = min(settled(sampling.step_per_collect), sampling.total_steps - self.env_step)
        return world.train_collector.collect(wanted, world.buffer)

    def _tell(self, hook: str, **what: Any) -> None:
        """Call a hook if anyone listens; a call that nobody hears costs as much as a collection of one step."""
        caller = getattr(self.world.hooks, hook)
        if caller.get_hookimpls():
            caller(world=self.world, **what)

    def _update(self, batch: TensorStruct) -> Learned:
        """One round."""
        learned = self.world.algorithm.update(batch, self.updates)
        self.journal.note_learning(learned.metrics)
        self.updates += 1
        return learned

    def _log_learning(self) -> None:
        self._next_row = self.env_step + max(1, self.world.sampling.step_per_epoch // ROWS_PER_EPOCH)
        row = self.journal.row()
        if row:
            self.world.logger.log(row, self.env_step)

    def _test(self, epoch: int) -> bool:
        """Judge a policy that has learned since the last test, keep it if none was better, and ask whether to stop."""
        world, collector = self.world, self.world.test_collector
        if collector is None or (self.tests and self.tests[-1].env_step == self.env_step):
            return False
        world.hooks.rlchassis_test_start(world=world, epoch=epoch, env_step=self.env_step)
        started = time.perf_counter()
        with evaluating(world.policy):
            seeds = world.streams.seeds("evaluation", settled(world.sampling.num_test_episodes), epoch)
            result = evaluate_policy(collector, seeds, self.env_step)
        self.seconds["test"] += time.perf_counter() - started
        self.tests.append(result)
        if self.best is None or math.isnan(self.best.mean) or result.mean >= self.best.mean:
            self._keep(result)
        world.logger.log({**as_metrics(result), "test/best_return": max(self.test_means)}, self.env_step)
        world.hooks.rlchassis_test_end(world=world, result=result)
        return any(world.hooks.rlchassis_should_stop(world=world, mean_rewards=result.mean))

    def _keep(self, result: Evaluation) -> None:
        self.persistence.record = {"env_step": self.env_step, "test": result.as_data()}
        self.persistence.persist(PersistEvent.PERSIST_POLICY, self.world)
        self.best = result  # only now: a run interrupted before has yet to store a policy

    def _view(self, experience: Experience) -> Experience:
        """Experience as the innermost policy, which learns, would have seen it."""
        for layer in layers(self.world.policy):
            experience = layer.view(experience)
        return experience


@contextmanager
def evaluating(policy: torch.nn.Module) -> Iterator[None]:
    """Within it the policy is in evaluation mode."""
    was_training = policy.training
    policy.eval()
    try:
        yield
    finally:
        policy.train(was_training)
