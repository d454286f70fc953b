"""The loop of a run: epochs of collections with their updates, a test at the end of each, and checkpoints in between."""

from __future__ import annotations

import logging
from typing import Any

from attrs import define, field

from rlchassis.training.checkpointing import Checkpointing
from rlchassis.training.info import InfoStats
from rlchassis.training.policy_tests import PolicyTests
from rlchassis.training.state import TrainingState
from rlchassis.training.trainer import Trainer
from rlchassis.training.world import World

log = logging.getLogger(__name__)
RESUMED = ("epoch", "_in_epoch", "_epoch_start")
"""Fields that a checkpoint stores."""


@define(eq=False)
class TrainingLoop:
    """Lets a trainer collect and learn until the steps are spent, and tests the policy after each epoch."""

    trainer: Trainer
    tests: PolicyTests
    checkpoints: Checkpointing = field(factory=Checkpointing, init=False)
    epoch: int = field(default=0, init=False)
    """The current epoch, from 1; 0 before training."""
    _in_epoch: bool = field(default=False, init=False)
    _epoch_start: int = field(default=0, init=False)
    """Environment step at the start of the epoch."""

    @property
    def world(self) -> World:
        """World of the run."""
        return self.trainer.world

    @property
    def state(self) -> TrainingState:
        """Training state of the run."""
        return self.trainer.world.state

    def run(self) -> InfoStats:
        """Train for total_steps environment steps, or until stopped early; a resumed run goes on where it was."""
        world = self.world
        world.hooks.rlchassis_train_start(world=world)
        self.trainer.begin()
        if self.epoch == 0:
            if world.sampling.test_before_training:
                self.tests.test_if_updated(0)
            world.train_collector.reset(world.streams.seeds("environments", world.train_collector.envs.num_envs))
        self.checkpoints.begin(self.state.env_step)
        while self.epoch == 0 or self._in_epoch or not self._is_over:
            end = self._begin_epoch()
            while self.state.env_step < end and self.state.stopped is None:
                self.trainer.advance()
                self.checkpoints.write_if_due(self)
            self._end_epoch()
        self.trainer.rows.log()
        self.tests.store_policy()
        self.checkpoints.writer(self)
        result = self.state.info()
        world.hooks.rlchassis_train_end(world=world, result=result)
        return result

    @property
    def is_finished(self) -> bool:
        """Whether nothing is left to do, the last test included."""
        return self._is_over and not self._in_epoch

    @property
    def _is_over(self) -> bool:
        sampling = self.world.sampling
        return self.epoch >= sampling.num_epochs or self.state.stopped is not None or self.state.env_step >= sampling.total_steps

    def _begin_epoch(self) -> int:
        """Begin the next epoch, unless a resumed run is within one; returns the environment step at which it ends."""
        if not self._in_epoch:
            self.epoch += 1
            self.world.hooks.rlchassis_epoch_start(world=self.world, epoch=self.epoch, env_step=self.state.env_step)
            self._in_epoch, self._epoch_start = True, self.state.env_step
        return self.world.sampling.end_of_epoch(self.epoch)

    def _end_epoch(self) -> None:
        self.tests.test_if_updated(self.epoch)
        if self.state.env_step > self._epoch_start:  # a collection may be longer than an epoch
            log.info("epoch %d: %s", self.epoch, self.state.info().summary(self.world.sampling.total_steps))
        self.world.hooks.rlchassis_epoch_end(world=self.world, epoch=self.epoch, env_step=self.state.env_step)
        self._in_epoch = False

    def is_interrupted(self, error: BaseException) -> bool:
        """Whether an error is the interruption that a collector raised between two steps, when the run can be stored and resumed."""
        collectors = (self.world.train_collector, self.world.test_collector)
        return any(collector is not None and collector.interruption is error for collector in collectors)

    def parts(self) -> dict[str, Any]:
        """What a checkpoint stores of the loop itself, besides its trainer."""
        tested = {"updates_tested": self.tests.updates_tested, "record": self.tests.persistence.record}
        return {name: getattr(self, name) for name in RESUMED} | tested

    def put_back(self, parts: dict[str, Any]) -> None:
        """Assign restored parts."""
        self.tests.updates_tested, self.tests.persistence.record = parts["updates_tested"], parts["record"]
        for name in RESUMED:
            setattr(self, name, parts[name])
