"""The configuration of a run: values and factories only, so it can be pickled, copied, compared and stored."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any, ClassVar

from attrs import frozen

from rlchassis.config.tianshou_names import refuses_old_keywords, refuses_old_names
from rlchassis.errors import NotAllowedError, StoredFileError, UsageError
from rlchassis.run.build import create_loop, create_world
from rlchassis.run.directory import write_into
from rlchassis.run.execute import carry_out, new_run
from rlchassis.run.rescue import rescuing
from rlchassis.run.result import ExperimentResult
from rlchassis.run.resuming import resumption
from rlchassis.run.spec import ExperimentSpec
from rlchassis.storage.files import EXPERIMENT_PICKLE_FILENAME, LOG_FILENAME
from rlchassis.storage.provenance import used_by
from rlchassis.storage.spec.contents import foreign_names, require_bounded
from rlchassis.storage.spec.names import OwnCode, short_name
from rlchassis.storage.spec.values import brief
from rlchassis.storage.stored_configuration import read_configuration
from rlchassis.training.info import InfoStats
from rlchassis.training.world import World

log = logging.getLogger(__name__)
ASKED_AT_ONCE = 300
"""Maximum total length of the names that one NotAllowedError lists, in characters."""


@refuses_old_names
@frozen
class Experiment(ExperimentSpec):
    """Complete configuration of a run; `run` executes it."""

    EXPERIMENT_PICKLE_FILENAME: ClassVar[str] = EXPERIMENT_PICKLE_FILENAME
    LOG_FILENAME: ClassVar[str] = LOG_FILENAME

    @refuses_old_keywords
    def run(
        self,
        experiment_name: str | None = None,
        logger_run_id: str | None = None,
        *,
        suffix_if_exists: bool = False,
        require_restorable: bool = False,
        observers: Sequence[object] = (),
    ) -> ExperimentResult:
        """Train, store the policy and watch it, as configured.

        experiment_name may contain "/" for nested directories in persistence_base_dir. One that exists is a UsageError, or with
        suffix_if_exists becomes "name-2", "name-3", …; require_restorable rejects a configuration that cannot be stored. Observers are
        objects with hook methods, called after the configured extensions and never stored.
        """
        attach = new_run(self, experiment_name, logger_run_id, suffix_if_exists=suffix_if_exists, require_restorable=require_restorable)
        return carry_out(self, attach, observers)

    def create_experiment_world(self, directory: Path | None = None, logger_run_id: str | None = None) -> World:
        """Build environments, policy, algorithm and trainer without training; without a directory nothing is written."""
        world = create_world(self)
        try:
            if directory is not None:
                write_into(directory, world, self, logger_run_id)
            world.hooks.rlchassis_world_ready(world=world)
        except BaseException:
            world.close()
            raise
        return world

    def train(self, world: World) -> InfoStats:
        """Train in a World from create_experiment_world; `run` also stores, watches and closes it."""
        loop = create_loop(self, world)
        with rescuing(loop):
            return loop.run()

    @classmethod
    def from_directory(cls, directory: str | Path, restore_policy: bool = True, *, allow: Iterable[Any] = ()) -> Experiment:
        """Load the experiment of a run directory; no code from the directory is executed.

        With restore_policy, a run of it starts from the policy stored there. Classes and functions of your own in the configuration
        are passed in `allow`. StoredFileError if a file is missing, damaged or not safe to open.
        """
        data = read_configuration(directory)
        experiment = cls.from_stored(data, directory, allow, f"Experiment.from_directory({str(directory)!r}")
        return experiment.with_config(policy_restore_directory=str(directory)) if restore_policy else experiment

    @classmethod
    def resume(
        cls,
        directory: str | Path,
        steps: int | None = None,
        *,
        strict: bool = False,
        restart_schedules: bool = False,
        allow: Iterable[Any] = (),
        observers: Sequence[object] = (),
    ) -> ExperimentResult:
        """Go on with the run in a directory from its newest checkpoint, bit for bit as if it had not ended where that is possible.

        steps: environment steps to train to in total, for training a finished run on. strict: refuse where the run cannot go on
        exactly. restart_schedules: schedules such as that of the learning rate begin anew, instead of staying at their end.
        UsageError or StoredFileError, before anything is changed, where there is nothing to resume.
        """
        data = read_configuration(directory)
        experiment = cls.from_stored(data, directory, allow, f"Experiment.resume({str(directory)!r}")
        found = resumption(experiment, Path(directory), steps, strict=strict, restart_schedules=restart_schedules)
        return found.run(observers)

    @classmethod
    def from_stored(cls, data: Any, directory: str | Path, allow: Iterable[Any], call: str) -> Experiment:
        """Decode a stored configuration; NotAllowedError, with the call to write instead, if it uses code that `allow` lacks."""
        allow = list(allow)
        require_allowed(data, allow, f"the configuration in {directory}", call)
        try:
            return cls.from_data(data, allow, used_by(directory))
        except Exception as error:  # whatever validators, converters and parts of plugins make of strange values
            raise StoredFileError(f"the configuration in {directory} cannot be used: {brief(error)}") from error


def restore_experiment(data: Any) -> Experiment:
    """Unpickle experiment.pkl: decode the configuration, which may contain registered classes only."""
    return Experiment.from_data(data)


Experiment.restored_by = staticmethod(restore_experiment)


def require_allowed(data: Any, allow: Iterable[Any], what: str, call: str) -> None:
    """NotAllowedError, with the call to write instead, if the data uses code that neither plugins register nor `allow` contains."""
    try:
        require_bounded(data)
    except UsageError as error:
        raise StoredFileError(f"{what} cannot be used: {error}") from error
    own_code = OwnCode(allow)
    missing = [name for name in foreign_names(data) if own_code.find(name) is None]
    missing = [name for name, length in zip(missing, accumulate(map(len, missing)), strict=True) if length <= ASKED_AT_ONCE]
    if missing:
        everything = ", ".join([short_name(name) for name in missing] + [each.__name__ for each in allow])
        raise NotAllowedError(what, missing, f"pass it in allow: {call}, allow=[{everything}])")
