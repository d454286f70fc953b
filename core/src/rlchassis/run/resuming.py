"""Resuming a run from its newest checkpoint, in its own directory."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs
from attrs import define
from torch import Tensor

from rlchassis.data.state_tensors import TensorRestoration
from rlchassis.data.state_tree import State, Tagged
from rlchassis.errors import StoredFileError, UsageError
from rlchassis.run.checkpoints import differences, facts
from rlchassis.run.directory import write_into
from rlchassis.run.execute import carry_out
from rlchassis.run.result import ExperimentResult
from rlchassis.run.spec import ExperimentSpec
from rlchassis.storage.checkpoint.directory import read_checkpoint
from rlchassis.storage.checkpoint.manifest import Checkpoint, newest_checkpoint
from rlchassis.storage.policy_file import is_finite
from rlchassis.storage.run_lock import require_no_other_run
from rlchassis.storage.spec.values import brief
from rlchassis.training.loop import TrainingLoop
from rlchassis.training.run_state import logger_run_id, restore_records, restore_run

log = logging.getLogger(__name__)


@define(eq=False)
class Resumption:
    """A run that goes on in its directory."""

    directory: Path
    checkpoint: Checkpoint
    experiment: ExperimentSpec
    strict: bool = False
    """Whether to refuse where the run cannot go on exactly."""
    restart_schedules: bool = False
    """Whether schedules begin anew and end with the run, instead of staying at their end."""

    def run(self, observers: Sequence[object]) -> ExperimentResult:
        """Build the run, restore its state, and train on."""
        return carry_out(self.experiment, self._attach, observers)

    def _attach(self, loop: TrainingLoop) -> None:
        here = facts(loop, exact=True)
        self._require_same_run(here)
        differing = differences(self.checkpoint.record, here)
        inexact = [f"{part} was not stored" for part in self.checkpoint.missing]
        if self.strict and (differing or inexact):
            raise UsageError(
                f"the run in {self.directory} would not go on exactly: {'; '.join((*differing, *inexact))}; leave --strict out."
            )
        restoration = TensorRestoration()
        state, restarted = self.restore(loop, restoration)
        write_into(self.directory, loop.world, self.experiment, logger_run_id(state))
        inexact += (failed := restore_records(loop, state, restoration))
        if self.strict and failed:
            raise UsageError(f"the run in {self.directory} would not go on exactly: {'; '.join(failed)}; leave --strict out.")
        self._begin_anew(loop)
        label = f"not bit for bit: {'; '.join((*differing, *inexact))}" if differing or inexact else "exactly"
        log.info("Resuming at environment step %d, %s.", loop.state.env_step, label)
        if restarted:
            log.warning("%d of %d environments begin new episodes.", restarted, loop.world.train_collector.envs.num_envs)

    def restore(self, loop: TrainingLoop, restoration: TensorRestoration) -> tuple[State, int]:
        """Restore all that writes nothing; returns the state, and how many environments began a new episode."""
        state = read_checkpoint(self.checkpoint)
        try:
            restarted = restore_run(loop, state, restoration)
            if not all(isinstance(part, dict | Tagged) for part in (state["loggers"], state["extensions"], *state["callbacks"].values())):
                raise TypeError("it says nothing of loggers, extensions and callbacks")
            if loop.state.env_step != self.checkpoint.step:
                raise ValueError(f"its state is that of step {loop.state.env_step}")
            if not all(is_finite(each) for each in loop.world.policy.state_dict().values() if isinstance(each, Tensor)):
                raise ValueError("its weights are not finite")
        except Exception as error:  # whatever restoring makes of strange values
            raise StoredFileError(f"{self.checkpoint.path} does not fit the run in {self.directory}: {brief(error)}") from error
        return state, restarted

    def _require_same_run(self, here: dict[str, Any]) -> None:
        for name in ("spaces", "num_envs"):
            if self.checkpoint.record.get(name) != here[name]:
                raise UsageError(
                    f"the run in {self.directory} was stored with other {name.replace('num_envs', 'numbers of environments')}: "
                    f"{self.checkpoint.record.get(name)} there, {here[name]} here; resume it with the environment it was begun with."
                )

    def _begin_anew(self, loop: TrainingLoop) -> None:
        """Let a run that was over go on, and its schedules begin anew where that is asked for."""
        state = loop.state
        state.stopped = None
        if self.restart_schedules:
            state.schedule = (state.env_step, state.total_steps)


def resumption(
    experiment: ExperimentSpec, directory: Path, steps: int | None, *, strict: bool = False, restart_schedules: bool = False
) -> Resumption:
    """What to resume; UsageError or StoredFileError where nothing can be, before anything is built or written."""
    require_no_other_run(directory)
    checkpoint = newest_checkpoint(directory)
    record, planned = checkpoint.record, checkpoint.record.get("total_steps")
    if record.get("finished") and steps is None:
        raise UsageError(f"the run in {directory} is finished, at step {checkpoint.step}; pass a number of steps to train on to (--steps).")
    if steps is not None and steps <= checkpoint.step:
        raise UsageError(
            f"the run in {directory} is at step {checkpoint.step} already, so it cannot be trained to {steps}; pass more steps."
        )
    total = planned if steps is None else steps
    if not isinstance(total, int) or total <= 0:
        raise StoredFileError(f"{checkpoint.path} does not record how many steps were planned; pass a number of steps (--steps).")
    return Resumption(directory, checkpoint, _with_steps(experiment, total), strict, restart_schedules)


def _with_steps(experiment: ExperimentSpec, total: int) -> ExperimentSpec:
    """The configuration with another number of environment steps."""
    sampling = experiment.sampling_config
    if sampling.total_steps == total:
        return experiment
    changed = attrs.evolve(sampling, num_epochs=math.ceil(total / sampling.step_per_epoch), max_steps=total)
    return attrs.evolve(experiment, sampling_config=changed)
