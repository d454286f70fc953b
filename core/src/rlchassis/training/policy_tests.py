"""Tests of the policy during training: which policy is stored, and whether training stops early."""

from __future__ import annotations

import time
from typing import Any

from attrs import define, field

from rlchassis.collecting.evaluation import Evaluation
from rlchassis.training.persistence import PersistEvent, PolicyPersistence
from rlchassis.training.testing import as_row, is_best, play, stop_requests
from rlchassis.training.world import World


@define(eq=False)
class PolicyTests:
    """Tests the policy of a run and stores the best."""

    world: World
    persistence: PolicyPersistence
    updates_tested: int = field(default=0, init=False)
    """Number of updates at the last test."""

    def test_if_updated(self, epoch: int) -> None:
        """Test the policy if it was updated since the last test, store it if it is the best, and check for early stopping.

        Epoch 0 is before training, where the initial policy is tested.
        """
        world, state = self.world, self.world.state
        if world.test_collector is None or (epoch and state.updates == self.updates_tested):
            return
        world.hooks.rlchassis_test_start(world=world, epoch=epoch, env_step=state.env_step)
        started = time.perf_counter()
        result = play(world, epoch, state.env_step)
        self.updates_tested = state.updates  # only now: a test that is interrupted is played again
        state.seconds["test"] += time.perf_counter() - started
        state.tests.append(result)
        if is_best(state.tests, state.best):
            self._keep(result)
        else:
            self.persistence.retry(world)
        world.logger.log(as_row(result, state.best), state.env_step)
        world.logger.log_histogram("test/returns", result.returns, state.env_step)
        world.hooks.rlchassis_test_end(world=world, result=result)
        if voters := stop_requests(world, result.mean):
            state.stop(f"{', '.join(voters)} fired at step {state.env_step} (mean return {result.mean:.2f})")

    def store_policy(self) -> None:
        """Store the current policy if no test has selected one; otherwise retry a policy that could not be written."""
        if self.world.state.best is None:
            recorded, step = self.persistence.record, self.world.state.env_step
            self._persist(recorded if recorded.get("env_step") == step else {"env_step": step})  # a test of now may have been interrupted
        else:
            self.persistence.retry(self.world)

    def _keep(self, result: Evaluation) -> None:
        self._persist({"env_step": self.world.state.env_step, "test": result.as_data()})
        self.world.state.best = result  # only now: a run interrupted before has yet to store a policy

    def _persist(self, record: dict[str, Any]) -> None:
        self.persistence.record = record
        self.persistence.persist(PersistEvent.PERSIST_POLICY, self.world)
