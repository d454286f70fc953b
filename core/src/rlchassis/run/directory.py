"""The run directory while a run lasts: laid out, locked, described, and gone again where nothing was written."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from pathlib import Path

from rlchassis.errors import UsageError
from rlchassis.run.spec import ExperimentSpec
from rlchassis.storage.files import LOG_FILENAME, PROVENANCE_FILENAME, appending, write_json
from rlchassis.storage.provenance import describe_run
from rlchassis.storage.run_lock import RunLock
from rlchassis.storage.spec.contents import used_plugins
from rlchassis.training.loggers import Logger, LoggerGroup
from rlchassis.training.metrics_file import MetricsFile
from rlchassis.training.world import World


@contextmanager
def gone_if_empty(directory: Path) -> Iterator[None]:
    """When something fails within, the directory goes away again unless something was written there."""
    try:
        yield
    except BaseException:
        with suppress(OSError):
            directory.rmdir()
        raise


@contextmanager
def laying_out(directory: Path) -> Iterator[None]:
    """Within it what the disk refuses is a UsageError, since nothing has been trained yet."""
    try:
        yield
    except OSError as error:
        raise UsageError(
            f"no run can be carried out in {directory}: {error.filename or 'it'} cannot be written ({error.strerror})."
        ) from error


def write_into(directory: Path, world: World, experiment: ExperimentSpec, run_id: str | None) -> None:
    """Give a world a directory of its own for as long as it lives, and the loggers that write there."""
    world.lock = RunLock.acquire(directory)
    try:
        loggers = _loggers(directory, world, experiment, run_id)
    except BaseException:
        world.lock.release()
        raise
    world.directory, world.logger = directory, loggers


def _loggers(directory: Path, world: World, experiment: ExperimentSpec, run_id: str | None) -> LoggerGroup:
    made = world.hooks.rlchassis_make_logger(experiment=experiment, directory=directory, name=directory.name, run_id=run_id)
    if not isinstance(made, Logger):
        raise UsageError(f"the logger factory made {made!r}, which is no Logger; derive its class from rlchassis.api.Logger.")
    return LoggerGroup([MetricsFile(directory), made], world.logger.look)


def describe(experiment: ExperimentSpec, directory: Path) -> None:
    """Store the configuration, and with what it is carried out."""
    experiment.save(directory)
    used = used_plugins(experiment.to_data())
    write_json(directory / PROVENANCE_FILENAME, describe_run(used, seed=experiment.config.seed, device=experiment.config.device))


class _LogFile(logging.FileHandler):
    """Leaves out, without a word for each, what the disk refuses."""

    def _open(self) -> TextIOWrapper:
        return os.fdopen(appending(Path(self.baseFilename)), "a", encoding="utf-8")

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  as in logging
        """Nothing; what matters is reported by whoever writes the other files."""


@contextmanager
def log_file(directory: Path) -> Iterator[None]:
    """Within it what rlchassis logs is also written to log.txt."""
    logger = logging.getLogger("rlchassis")
    handler = _LogFile(directory / LOG_FILENAME, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    handler.setLevel(logging.INFO)
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(min(logging.INFO, logger.getEffectiveLevel()))
    try:
        yield
    finally:
        logger.setLevel(before)
        logger.removeHandler(handler)
        handler.close()
