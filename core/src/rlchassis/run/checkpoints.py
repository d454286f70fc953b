"""Checkpoints of a run: writing them, and the facts that say whether a resumed run is exact."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attrs import define, field

from rlchassis.config.experiment_config import ExperimentConfig, interval
from rlchassis.data.state_tree import UncoveredState
from rlchassis.envs import space_to_data
from rlchassis.errors import UsageError
from rlchassis.run.threads import number_of_threads
from rlchassis.storage.checkpoint.directory import write_checkpoint
from rlchassis.storage.provenance import versions
from rlchassis.storage.run_lock import require_no_other_run
from rlchassis.training.callback_states import not_stored, uncovered_attributes
from rlchassis.training.checkpointing import Checkpointing
from rlchassis.training.checks.weights import all_weights, require_finite_weights
from rlchassis.training.loop import TrainingLoop
from rlchassis.training.run_state import run_state

log = logging.getLogger(__name__)


@define(eq=False)
class CheckpointWriter:
    """Writes checkpoints of one run; what cannot be written costs a warning, and the run goes on."""

    directory: Path
    problem: str | None = field(default=None, init=False)
    """Why the disk refused the latest checkpoint; None if it was written, or cannot be whatever the disk does."""
    _said: bool = field(default=False, init=False)
    _named: bool = field(default=False, init=False)
    _ways: list[str] | None = field(default=None, init=False)
    """Exact ways to store environments; None until they are known."""

    def __call__(self, loop: TrainingLoop) -> None:
        """Write a checkpoint, unless what it must hold cannot be stored; DivergenceError if a weight is not finite."""
        world, step = loop.world, loop.state.env_step
        require_finite_weights(all_weights(world.policy, world.algorithm, world.optimizers))
        try:
            state = run_state(loop, self.ways(loop))
            record = facts(loop, exact=state["environments"]["exact"]) | {"uncovered": self._uncovered(loop, state)}
            require_no_other_run(self.directory)
            written = write_checkpoint(self.directory, step, state, record)
        except Exception as error:  # noqa: BLE001  # states of plugins and environments fail as they like, and the run is worth more
            self._say(f"no checkpoint is written at step {step} in {self.directory} ({_reason(error)})", error)
            return
        if self.problem is not None:
            log.info("The checkpoint of step %d is written.", step)
        self.problem, self._said = None, False
        log.debug("checkpoint %s: %d new bytes", written.path.name, written.num_bytes)

    def ways(self, loop: TrainingLoop) -> list[str]:
        """Exact ways to store the environments, tried on new instances when first asked for."""
        if self._ways is None:
            self._ways = loop.world.train_collector.envs.exact_ways()
            if not self._ways:
                log.warning(
                    "The state of these environments cannot be stored exactly: a resumed run truncates their episodes and begins new ones."
                )
        return self._ways

    def _uncovered(self, loop: TrainingLoop, state: dict[str, Any]) -> list[str]:
        """What of callbacks is not stored; said once."""
        found = uncovered_attributes(loop.world, state["callbacks"])
        if found and not self._named:
            log.warning(
                "Checkpoints do not hold %s: a resumed run has it as it is when the callback is made; give the class state_dict and "
                "load_state_dict.",
                ", ".join(found),
            )
        self._named = True
        return found

    def _say(self, problem: str, error: Exception) -> None:
        if not self._said:
            log.warning("%s; the run continues.", problem)
        self._said, self.problem = True, problem if isinstance(error, OSError | UsageError) else None


def checkpointing(loop: TrainingLoop, config: ExperimentConfig, directory: Path | None) -> Checkpointing:
    """The checkpoints that a configuration asks for; UsageError where they must be exact and cannot be."""
    every = interval(config.checkpoint_every)
    if directory is None or every is None or every[0] == 0:
        if config.require_exact_resume:
            raise UsageError("require_exact_resume needs checkpoints; leave checkpoint_every at its default and persistence_enabled on.")
        return Checkpointing()
    writer = CheckpointWriter(directory)
    if config.require_exact_resume and not writer.ways(loop):
        raise UsageError("the state of these environments cannot be stored exactly, but require_exact_resume is set; leave it out.")
    if config.require_exact_resume and (missing := not_stored(loop.world)):
        raise UsageError(
            f"{', '.join(missing)} cannot be stored, but require_exact_resume is set; give the class state_dict and load_state_dict."
        )
    number, unit = every
    return Checkpointing(writer, **({"steps": number} if unit == "steps" else {"seconds": number}))


def _reason(error: Exception) -> str:
    said = (isinstance(error, OSError) and error.strerror) or str(error).rstrip(".")
    return said if isinstance(error, UncoveredState | OSError) else f"{type(error).__name__}: {said}"


def facts(loop: TrainingLoop, *, exact: bool) -> dict[str, Any]:
    """Plain data about a run that a checkpoint records: what a run that goes on exactly must have in common with it."""
    world = loop.world
    return {
        "exact": exact,
        "finished": loop.is_finished,
        "total_steps": world.state.total_steps,
        "spaces": {"observation": space_to_data(world.envs.observation_space), "action": space_to_data(world.envs.action_space)},
        "num_envs": world.train_collector.envs.num_envs,
        "bits": {**versions(), "device": str(world.device), "threads": number_of_threads(world.config.num_threads, world.policy)},
    }


def differences(recorded: Mapping[str, Any], here: Mapping[str, Any]) -> list[str]:
    """What differs between two runs of what determines their bits, in words."""
    before, now = recorded.get("bits", {}), here["bits"]
    return [
        f"{name} {before.get(name)} there, {now.get(name)} here"
        for name in sorted(before.keys() | now.keys())
        if before.get(name) != now.get(name)
    ]
