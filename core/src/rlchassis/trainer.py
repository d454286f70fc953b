"""The loop: collect, learn, test, until the steps are spent. On- and off-policy training differ in one generator."""

from __future__ import annotations

import logging
import math
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

import torch
from attrs import define, field, fields, frozen

from rlchassis.config import SamplingConfig, settled
from rlchassis.errors import UsageError
from rlchassis.evaluation import Evaluation, as_metrics, evaluate_policy
from rlchassis.experience import Experience, TensorStruct
from rlchassis.journal import Journal
from rlchassis.persistence import PersistEvent, PolicyPersistence
from rlchassis.policies import layers
from rlchassis.world import World

log = logging.getLogger(__name__)
ROWS_PER_EPOCH = 20
"""How often metrics are logged, at most, beside those of tests."""


@frozen
class InfoStats:
    """What came of training."""

    env_steps: int
    """Environment steps done."""
    episodes: int
    """Training episodes that ended."""
    updates: int
    """Rounds of learning."""
    best: Evaluation | None
    """The test whose policy is stored; None where there were no tests."""
    final: Evaluation | None
    """The last test."""
    seconds: dict[str, float]
    """Wall-clock seconds by phase: collect, learn, test."""

    @property
    def steps_per_second(self) -> float:
        """Environment steps per second of collecting and learning."""
        return self.env_steps / max(self.seconds["collect"] + self.seconds["learn"], 1e-9)

    @property
    def best_score(self) -> float | None:
        """The best test's mean return."""
        return self.best.mean if self.best else None

    @property
    def best_score_std(self) -> float | None:
        """The spread of its episodes."""
        return self.best.std if self.best else None

    @property
    def final_score(self) -> float | None:
        """The last test's mean return."""
        return self.final.mean if self.final else None


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

    @abstractmethod
    def _batches(self) -> Iterator[TensorStruct]:
        """What to learn from after a collection, one batch per round."""

    def run(self) -> InfoStats:
        """Train from the beginning of an episode in every environment until the steps are spent or a callback stops it."""
        hooks, sampling = self.world.hooks, self.world.sampling
        hooks.rlchassis_train_start(world=self.world)
        self._begin_episodes()
        for epoch in range(1, sampling.num_epochs + 1):
            hooks.rlchassis_epoch_start(world=self.world, epoch=epoch, env_step=self.env_step)
            while self.env_step < min(epoch * sampling.step_per_epoch, sampling.total_steps):
                self._advance()
            stop = self._test(epoch)
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
        world, sampling = self.world, self.world.sampling
        for optimizer in world.optimizers:
            optimizer.set_progress(self.env_step / sampling.total_steps)
        with self._timed("collect"):
            wanted = min(settled(sampling.step_per_collect), sampling.total_steps - self.env_step)
            stats = world.train_collector.collect(wanted, world.buffer)
        self.env_step += stats.num_steps
        self.episodes += len(stats.returns)
        self.persistence.record = {"env_step": self.env_step}
        self.journal.note_collection(stats)
        world.hooks.rlchassis_collect_end(world=world, stats=stats)
        before = self.updates
        with self._timed("learn"):
            self._learn()
        world.hooks.rlchassis_learn_end(world=world, rounds=self.updates - before)
        if self.env_step >= self._next_row:
            self._log_learning()

    def _learn(self) -> None:
        for batch in self._batches():
            learned = self.world.algorithm.update(batch, self.updates)
            self.journal.note_learning(learned.metrics)
            self.updates += 1

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
        with self._timed("test"), evaluating(world.policy):
            seeds = world.streams.seeds("evaluation", settled(world.sampling.num_test_episodes), epoch)
            result = evaluate_policy(collector, seeds, self.env_step)
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

    @contextmanager
    def _timed(self, phase: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.seconds[phase] += time.perf_counter() - started

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


class OnPolicyTrainer(Trainer):
    """Learns from the steps just collected, then forgets them."""

    refused: ClassVar[dict[str, str]] = dict.fromkeys(
        (
            "buffer_size",
            "update_per_step",
            "start_timesteps",
            "start_timesteps_random",
            "replay_buffer_ignore_obs_next",
            "replay_buffer_save_only_last_obs",
            "replay_buffer_stack_num",
            "replay_buffer_prioritized",
            "replay_buffer_alpha",
            "replay_buffer_beta",
        ),
        "on-policy training learns from each rollout and has no replay buffer",
    )

    @classmethod
    def check_sampling(cls, sampling: SamplingConfig) -> None:
        """A minibatch must fit into a rollout."""
        super().check_sampling(sampling)
        rollout = min(sampling.step_per_collect or sampling.total_steps, sampling.total_steps)
        if sampling.batch_size is not None and sampling.batch_size > rollout:
            raise UsageError(
                f"a minibatch of {sampling.batch_size} is larger than the rollout of {rollout} steps; "
                "lower sampling.batch_size or raise sampling.step_per_collect."
            )

    def _batches(self) -> Iterator[TensorStruct]:
        world = self.world
        recorded = world.buffer.drain().to(world.device)
        keep = recorded.counted
        rollout = self._view(recorded)
        batch = world.algorithm.prepare(rollout, world.learner_rng)
        for repetition in range(settled(world.sampling.repeat_per_collect)):
            if repetition:
                batch = world.algorithm.refresh(batch, rollout)
            yield from batch.flatten(keep).minibatches(world.sampling.batch_size, world.learner_rng)
        for layer in layers(world.policy):
            self.journal.note_learning(layer.learn(recorded))
            layer.observe(recorded)
