"""Running an experiment: directory, provenance, training, watching, clean shutdown."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import ExitStack

from rlchassis.errors import StorageFailure, UsageError, exits_are_errors
from rlchassis.run.build import create_loop, create_world
from rlchassis.run.checkpoints import checkpointing
from rlchassis.run.directory import describe, gone_if_empty, laying_out, log_file, write_into
from rlchassis.run.interruption import Interruption
from rlchassis.run.rescue import rescue
from rlchassis.run.result import ExperimentResult
from rlchassis.run.spec import ExperimentSpec
from rlchassis.run.threads import threads
from rlchassis.run.watching import stored_policy, watch, watch_trained
from rlchassis.storage.names import create_run_directory, name_parts, timestamp_name
from rlchassis.storage.spec.contents import unstorable_names
from rlchassis.training.hook_manager import tear_down
from rlchassis.training.info import InfoStats
from rlchassis.training.loop import TrainingLoop

log = logging.getLogger(__name__)


def run_experiment(
    experiment: ExperimentSpec,
    name: str | None,
    logger_run_id: str | None,
    *,
    suffix_if_exists: bool,
    require_restorable: bool,
    observers: Sequence[object],
) -> ExperimentResult:
    """Build the World, train, watch; always closes environments and files and calls rlchassis_teardown."""
    name = experiment.name if name is None else name
    if name is not None:
        name_parts(name)
    if require_restorable and (missing := unstorable_names(experiment.to_data())):
        raise UsageError(f"{', '.join(missing)} cannot be stored in a file, but require_restorable is set.")

    def attach(loop: TrainingLoop) -> None:
        _new_directory(loop, experiment, name, logger_run_id, suffix_if_exists=suffix_if_exists or name is None)

    return carry_out(experiment, attach, observers)


def carry_out(experiment: ExperimentSpec, attach: Callable[[TrainingLoop], None], observers: Sequence[object]) -> ExperimentResult:
    """Build the World, attach it to its run directory, train, watch."""
    interruption = Interruption()
    with interruption.before_death():
        with exits_are_errors("building this run"):
            loop = _prepared(experiment, (*observers, interruption))
        try:
            return _run(loop, experiment, attach)
        finally:
            if loop.world.lock is not None:  # a signal may have cut closing short
                loop.world.lock.release()


def _new_directory(loop: TrainingLoop, experiment: ExperimentSpec, name: str | None, run_id: str | None, *, suffix_if_exists: bool) -> None:
    """Create the run directory, if one is written."""
    config = experiment.config
    if config.persistence_enabled and config.train:
        directory = create_run_directory(config.persistence_base_dir, name or timestamp_name(), suffix_if_exists=suffix_if_exists)
        with gone_if_empty(directory):
            write_into(directory, loop.world, experiment, run_id)
        with laying_out(directory):
            describe(experiment, directory)


def _prepared(experiment: ExperimentSpec, observers: Sequence[object]) -> TrainingLoop:
    """Build World and training loop; nothing is written yet."""
    world = create_world(experiment, observers)
    try:
        return create_loop(experiment, world)
    except BaseException:
        world.close()
        raise


def _run(loop: TrainingLoop, experiment: ExperimentSpec, attach: Callable[[TrainingLoop], None]) -> ExperimentResult:
    world, config = loop.world, experiment.config
    with ExitStack() as last, ExitStack() as at_the_end:
        at_the_end.callback(world.close)
        attach(loop)
        at_the_end.callback(tear_down, world.hooks, world)
        at_the_end.enter_context(threads(config.num_threads, world.policy))
        if world.directory is not None and config.log_file_enabled:
            with laying_out(world.directory):
                last.enter_context(log_file(world.directory))  # which loggers that are closed write into
        if config.train:
            loop.checkpoints = checkpointing(loop, config, world.directory)
        result = _carry_out(loop)
        _require_stored(result, loop)
        return result


def _require_stored(result: ExperimentResult, loop: TrainingLoop) -> None:
    """StorageFailure if a file could not be written."""
    problems = [*filter(None, [loop.tests.persistence.problem]), *result.world.logger.problems]
    if problems:
        raise StorageFailure(f"the run finished, but {'; '.join(problems)}.", result)


def _carry_out(loop: TrainingLoop) -> ExperimentResult:
    world = loop.world
    try:
        world.hooks.rlchassis_world_ready(world=world)
        with exits_are_errors("something in this run"):
            trained = train(loop) if world.config.train else None
            if world.config.watch:
                with stored_policy(world):
                    (watch if trained is None else watch_trained)(world)
        result = ExperimentResult(world, trained)
    except BaseException as error:
        if isinstance(error, Exception):
            log.info("The run failed.", exc_info=error)
        world.hooks.rlchassis_run_error(world=world, error=error)
        raise
    world.hooks.rlchassis_run_end(world=world, result=result)
    return result


def train(loop: TrainingLoop) -> InfoStats:
    """Train; store a policy also if training fails."""
    try:
        return loop.run()
    except BaseException as error:
        if loop.state.env_step or not isinstance(error, UsageError):
            rescue(loop, error)
        raise
