"""The run directory during a run: creation, lock, stored configuration, log file."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from pathlib import Path

from rlchassis.errors import UsageError
from rlchassis.reporting.loggers import Logger, LoggerGroup
from rlchassis.reporting.metrics_file import MetricsFile
from rlchassis.reporting.queued_logger import QueuedLogger
from rlchassis.run.spec import ExperimentSpec
from rlchassis.storage.files import LOG_FILENAME, PROVENANCE_FILENAME, appending, write_json
from rlchassis.storage.names import name_parts
from rlchassis.storage.provenance import describe_run
from rlchassis.storage.run_lock import RunLock
from rlchassis.storage.spec.contents import used_plugins
from rlchassis.training.world import World


@contextmanager
def gone_if_empty(directory: Path) -> Iterator[None]:
    """Context that removes the directory on an error if it is empty."""
    try:
        yield
    except BaseException:
        with suppress(OSError):
            directory.rmdir()
        raise


@contextmanager
def laying_out(directory: Path) -> Iterator[None]:
    """Context in which an OSError becomes a UsageError, before training."""
    try:
        yield
    except OSError as error:
        raise UsageError(
            f"no run can be carried out in {directory}: {error.filename or 'it'} cannot be written ({error.strerror})."
        ) from error


def write_into(directory: Path, world: World, experiment: ExperimentSpec, run_id: str | None) -> None:
    """Attach a locked run directory and its loggers to a World."""
    world.lock = RunLock.acquire(directory)
    try:
        loggers = _loggers(directory, world, experiment, run_id)
    except BaseException:
        world.lock.release()
        raise
    world.directory, world.logger = directory, loggers


def _loggers(directory: Path, world: World, experiment: ExperimentSpec, run_id: str | None) -> LoggerGroup:
    if run_id is not None:
        name_parts(run_id, "logger_run_id")
    made = world.hooks.rlchassis_make_logger(experiment=experiment, directory=directory, name=directory.name, run_id=run_id)
    if not isinstance(made, Logger):
        raise UsageError(f"expected a Logger of the logger factory, got {made!r}; derive its class from rlchassis.api.Logger.")
    return LoggerGroup([MetricsFile(directory), *map(QueuedLogger, LoggerGroup([made]).members())], world.logger.look, run_id)


def describe(experiment: ExperimentSpec, directory: Path) -> None:
    """Store the configuration and provenance."""
    experiment.save(directory)
    used = used_plugins(experiment.to_data())
    write_json(directory / PROVENANCE_FILENAME, describe_run(used, seed=experiment.config.seed, device=experiment.config.device))


class _LogFile(logging.FileHandler):
    """File handler that ignores write errors."""

    def _open(self) -> TextIOWrapper:
        return os.fdopen(appending(Path(self.baseFilename)), "a", encoding="utf-8")

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  as in logging
        """Ignore the error; writers of other files report theirs."""


@contextmanager
def log_file(directory: Path) -> Iterator[None]:
    """Context in which log messages of rlchassis are also written to log.txt."""
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
