"""Carrying out an experiment: directory, provenance, training, watching, and an orderly end whatever happens."""

from __future__ import annotations

import copy
import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from io import TextIOWrapper
from pathlib import Path

import torch
from torch import nn

from rlchassis.errors import StorageFailure, UsageError, exits_are_errors
from rlchassis.experiment.assembly import create_world, write_into
from rlchassis.experiment.interruption import Interruption
from rlchassis.experiment.recipe import Experiment
from rlchassis.experiment.result import ExperimentResult
from rlchassis.experiment.watching import watch, watch_trained
from rlchassis.hook_manager import tear_down
from rlchassis.persistence.files import LOG_FILENAME, POLICY_FILENAME, PROVENANCE_FILENAME, appending, write_json
from rlchassis.persistence.names import create_run_directory, name_parts, timestamp_name
from rlchassis.persistence.policy_file import read_policy
from rlchassis.persistence.provenance import describe_run
from rlchassis.persistence.recipe_contents import unstorable_names, used_plugins
from rlchassis.trainer import InfoStats
from rlchassis.world import World

log = logging.getLogger(__name__)
SMALL_LAYER = 128 * 128
"""Weights of the largest layer up to which one thread is the faster."""


def run_experiment(
    experiment: Experiment,
    name: str | None,
    logger_run_id: str | None,
    *,
    suffix_if_exists: bool,
    require_restorable: bool,
    observers: Sequence[object],
) -> ExperimentResult:
    """Build the world, train, watch; environments and files are closed and every extension is told, however it ends."""
    name = experiment.name if name is None else name
    if name is not None:
        name_parts(name)
    if require_restorable and (missing := unstorable_names(experiment.to_data())):
        raise UsageError(f"{', '.join(missing)} cannot be stored in a file, and require_restorable asks that the run can be restored.")
    interruption = Interruption()
    with interruption.before_death():
        with exits_are_errors("what this run is made of"):
            world = create_world(experiment, (*observers, interruption))
        result = _run(world, experiment, name, logger_run_id, suffix_if_exists=suffix_if_exists or name is None)
        _require_stored(result)
        return result


def _run(world: World, experiment: Experiment, name: str | None, run_id: str | None, *, suffix_if_exists: bool) -> ExperimentResult:
    config = experiment.config
    with ExitStack() as at_the_end:
        at_the_end.callback(world.close)
        if config.persistence_enabled and config.train:
            directory = create_run_directory(config.persistence_base_dir, name or timestamp_name(), suffix_if_exists=suffix_if_exists)
            with _gone_if_empty(directory):
                write_into(directory, world, experiment, run_id)
        at_the_end.callback(tear_down, world.hooks, world)
        at_the_end.enter_context(threads(config.num_threads, world.policy))
        if world.directory is not None:
            with _laying_out(world.directory):
                if config.log_file_enabled:
                    at_the_end.enter_context(_log_file(world.directory))
                _describe(experiment, world.directory)
        return _carry_out(world)


def _require_stored(result: ExperimentResult) -> None:
    """StorageFailure, after all else was done, where a file could not be written."""
    problems = [*filter(None, [result.world.trainer.persistence.problem]), *result.world.logger.problems]
    if problems:
        raise StorageFailure(f"the run came to its end, but {'; '.join(problems)}.", result)


@contextmanager
def _gone_if_empty(directory: Path) -> Iterator[None]:
    """When something fails within, the directory goes away again unless something was written there."""
    try:
        yield
    except BaseException:
        with suppress(OSError):
            directory.rmdir()
        raise


@contextmanager
def _laying_out(directory: Path) -> Iterator[None]:
    """Within it what the disk refuses is a UsageError, since nothing has been trained yet."""
    try:
        yield
    except OSError as error:
        raise UsageError(
            f"no run can be carried out in {directory}: {error.filename or 'it'} cannot be written ({error.strerror})."
        ) from error


def _describe(experiment: Experiment, directory: Path) -> None:
    """Store the recipe, and with what it is carried out."""
    experiment.save(directory)
    used = used_plugins(experiment.to_data())
    write_json(directory / PROVENANCE_FILENAME, describe_run(used, seed=experiment.config.seed, device=experiment.config.device))


def _carry_out(world: World) -> ExperimentResult:
    try:
        world.hooks.rlchassis_world_ready(world=world)
        with exits_are_errors("something in this run"):
            trained = _train(world) if world.config.train else None
            if world.config.watch:
                with _stored_policy(world):
                    (watch if trained is None else watch_trained)(world)
        result = ExperimentResult(world, trained)
    except BaseException as error:
        if isinstance(error, Exception):
            log.info("The run failed.", exc_info=error)
        world.hooks.rlchassis_run_error(world=world, error=error)
        raise
    world.hooks.rlchassis_run_end(world=world, result=result)
    return result


def _train(world: World) -> InfoStats:
    try:
        return world.trainer.run()
    except BaseException as error:
        if world.trainer.env_step or not isinstance(error, UsageError):
            _rescue(world, error)
        raise


def _rescue(world: World, error: BaseException) -> None:
    """A run that is interrupted or fails leaves a policy: its best, or the one it has if no test has chosen any; and says where."""
    is_interrupted, step = isinstance(error, KeyboardInterrupt), world.trainer.env_step
    ended = f"{'Interrupted' if is_interrupted else f'The run failed ({type(error).__name__})'} at environment step {step}"
    log.log(logging.INFO if is_interrupted else logging.WARNING, "%s; %s.", ended, _left_policy(world))


def _left_policy(world: World) -> str:
    trainer = world.trainer
    try:
        trainer.store()
    except FloatingPointError as broken:
        return f"no policy is stored: {str(broken).rstrip('.')}"
    if world.directory is None:
        return "no policy is stored, since nothing of this run is"
    if trainer.persistence.problem is not None:
        return trainer.persistence.problem
    which = "the latest" if trainer.best is None else f"that of the best test, at step {trainer.best.env_step}"
    return f"the policy is stored in {world.directory / POLICY_FILENAME} ({which})"


@contextmanager
def _stored_policy(world: World) -> Iterator[None]:
    """Within it the policy is the one stored in the run directory, where there is one; afterwards it is as it was trained."""
    if world.directory is None or not (world.directory / POLICY_FILENAME).exists():
        yield
        return
    trained = copy.deepcopy(world.policy.state_dict())
    read_policy(world.directory, world.device).restore_into(world.policy, str(world.directory))
    try:
        yield
    finally:
        world.policy.load_state_dict(trained)


@contextmanager
def threads(asked: int | None, policy: nn.Module) -> Iterator[None]:
    """Within it torch uses as many threads as asked for, or one if the policy's layers are small."""
    before = torch.get_num_threads()
    small = max((p.numel() for p in policy.parameters()), default=0) <= SMALL_LAYER
    torch.set_num_threads(asked or (1 if small else before))
    try:
        yield
    finally:
        torch.set_num_threads(before)


class _LogFile(logging.FileHandler):
    """Leaves out, without a word for each, what the disk refuses."""

    def _open(self) -> TextIOWrapper:
        return os.fdopen(appending(Path(self.baseFilename)), "a", encoding="utf-8")

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  as in logging
        """Nothing; what matters is reported by whoever writes the other files."""


@contextmanager
def _log_file(directory: Path) -> Iterator[None]:
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
