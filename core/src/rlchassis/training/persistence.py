"""Storing and restoring during a run: the Persistence interface, and that of the policy."""

from __future__ import annotations

import logging
import math
from abc import ABC, abstractmethod
from enum import Enum
from pathlib import Path
from typing import Any

import torch
from attrs import define, evolve, field

from rlchassis.config import ExperimentConfig, Mode
from rlchassis.envs import Environments, space_to_data
from rlchassis.errors import StoredFileError, UsageError
from rlchassis.learning.policy import Policy
from rlchassis.registry import provenance
from rlchassis.storage.files import POLICY_FILENAME
from rlchassis.storage.policy_file import StoredPolicy, read_policy, write_policy
from rlchassis.storage.run_lock import require_no_other_run
from rlchassis.storage.spec.contents import used_plugins
from rlchassis.training.world import World

log = logging.getLogger(__name__)
NUMBERS = "numbers"
"""Key of the algorithm's numbers in the record of a stored policy."""


class PersistEvent(Enum):
    """Events at which something is stored."""

    PERSIST_POLICY = "persist_policy"


class RestoreEvent(Enum):
    """Events at which something is restored."""

    RESTORE_POLICY = "restore_policy"


class Persistence(ABC):
    """Base class that stores and restores a part of the World."""

    @abstractmethod
    def persist(self, event: PersistEvent, world: World) -> None:
        """Store in the run directory; does nothing without one."""

    @abstractmethod
    def restore(self, event: RestoreEvent, world: World) -> None:
        """Restore from config.policy_restore_directory; does nothing without one."""


@define(eq=False)
class PolicyPersistence(Persistence):
    """Stores the policy, with env_step and the test that chose it, in policy.pt."""

    agent: Any
    """The agent configuration as plain data, for Mode.POLICY."""
    record: dict[str, Any] = field(factory=dict)
    """Metadata stored with the policy: env_step, and the test that chose it."""
    problem: str | None = field(default=None, init=False)
    """Why the latest policy could not be stored, with the path; None if it was."""
    _waiting: StoredPolicy | None = field(default=None, init=False)
    """A copy of the policy that could not be stored."""

    Mode = Mode

    def persist(self, event: PersistEvent, world: World) -> None:
        """Replace policy.pt by the current policy; if it cannot be written, keep a copy for `retry` and log a warning."""
        if world.directory is None:
            return
        mode, record = world.config.policy_persistence_mode, {**self.record, NUMBERS: _finite(world.algorithm.numbers_of_policy())}
        if mode is Mode.POLICY:
            plugins = [row for row in provenance(used_plugins(self.agent)) if row["used"]]
            record = {**record, "spaces": _spaces(world.envs), "agent": self.agent, "plugins": plugins}
        self._write(StoredPolicy(world.policy.state_dict(), record, mode), world.directory)

    def retry(self, world: World) -> None:
        """Store the policy that could not be stored before, if any."""
        if self._waiting is not None and world.directory is not None:
            self._write(self._waiting, world.directory)

    def _write(self, policy: StoredPolicy, directory: Path) -> None:
        path = directory / POLICY_FILENAME
        try:
            require_no_other_run(directory)
            write_policy(directory, policy)
        except (OSError, RuntimeError, UsageError) as error:  # torch makes a RuntimeError of a disk that is full
            problem = f"the policy of step {policy.record.get('env_step')} is not stored in {path} ({_reason(error)})"
            if problem != self.problem:
                log.warning("%s; the run continues, and writing is retried after each test and at the end.", problem)
            self.problem = problem
            self._waiting = evolve(policy, state={name: weight.detach().cpu().clone() for name, weight in policy.state.items()})
            return
        if self.problem is not None:
            log.info("The policy of step %s is now stored in %s.", policy.record.get("env_step"), path)
        self.problem = self._waiting = None

    def restore(self, event: RestoreEvent, world: World) -> None:
        """Load the stored weights into the policy."""
        restore_policy(world.policy, world.envs, world.config, world.device)


def _finite(numbers: dict[str, float]) -> dict[str, float]:
    return {name: number for name, number in numbers.items() if math.isfinite(number)}


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    torn = isinstance(error, RuntimeError) and "enforce fail" in str(error)
    return "it could not be written completely; is the disk full?" if torn else str(error).rstrip(".")


def restore_policy(policy: Policy, envs: Environments, config: ExperimentConfig, device: torch.device) -> dict[str, float]:
    """Load weights from policy_restore_directory, if set; call it before creating the algorithm, whose target networks copy them.

    Returns the algorithm's numbers that were stored with them.
    """
    if config.policy_restore_directory is None:
        return {}
    directory = Path(config.policy_restore_directory)
    stored = read_policy(directory, device)
    _require_same_spaces(stored, envs, directory)
    stored.restore_into(policy, str(directory))
    match stored.record.get(NUMBERS, {}):
        case dict() as numbers if all(type(each) is float and math.isfinite(each) for each in numbers.values()):
            return numbers
    raise StoredFileError(f"the policy in {directory} is stored with numbers of its algorithm that are none; was the file changed?")


def _spaces(envs: Environments) -> dict[str, Any]:
    return {
        "observation": space_to_data(envs.observation_space),
        "action": space_to_data(envs.action_space),
    }


def _require_same_spaces(stored: StoredPolicy, envs: Environments, directory: Path) -> None:
    """StoredFileError if the recorded spaces differ; a state_dict does not contain bounds."""
    theirs = stored.record.get("spaces")
    for what, mine in _spaces(envs).items():
        if isinstance(theirs, dict) and theirs.get(what) != mine:
            raise StoredFileError(
                f"the policy in {directory} was made for another {what} space, {theirs.get(what)}, than this environment's, {mine}; "
                "restore it in an environment like its own."
            )
