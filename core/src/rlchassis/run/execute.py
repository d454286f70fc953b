"""Running an experiment: directory, provenance, training, watching, clean shutdown."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

from attrs import evolve

from rlchassis.errors import StorageFailure, UsageError, exits_are_errors
from rlchassis.run.build import create_loop, create_world
from rlchassis.run.checkpoints import checkpointing
from rlchassis.run.directory import describe, gone_if_empty, laying_out, log_file, write_into
from rlchassis.run.interruption import Interruption
from rlchassis.run.rescue import how_to_resume, rescuing
from rlchassis.run.result import ExperimentResult
from rlchassis.run.spec import ExperimentSpec
from rlchassis.run.threads import threads
from rlchassis.run.watching import stored_policy, watch, watch_trained
from rlchassis.storage.names import create_run_directory, name_parts, timestamp_name
from rlchassis.storage.spec.contents import unstorable_names
from rlchassis.training.hook_manager import tear_down
from rlchassis.training.info import InfoStats
from rlchassis.training.loop import TrainingLoop
from rlchassis.training.world import World

log = logging.getLogger(__name__)


def new_run(
    experiment: ExperimentSpec, name: str | None, logger_run_id: str | None, *, suffix_if_exists: bool, require_restorable: bool
) -> Callable[[TrainingLoop], None]:
    """What attaches a run to a new directory; UsageError where there can be none."""
    name = experiment.name if name is None else name
    if name is not None:
        name_parts(name)
    if require_restorable and (missing := unstorable_names(experiment.to_data())):
        raise UsageError(f"{', '.join(missing)} cannot be stored in a file, but require_restorable is set.")

    def attach(loop: TrainingLoop) -> None:
        _new_directory(loop, experiment, name, logger_run_id, suffix_if_exists=suffix_if_exists or name is None)

    return attach


def carry_out(experiment: ExperimentSpec, attach: Callable[[TrainingLoop], None], observers: Sequence[object]) -> ExperimentResult:
    """Build the World, attach it to its run directory, train, watch; always closes environments and files and calls rlchassis_teardown."""
    interruption = Interruption()
    with interruption.of_script(), ExitStack() as last, ExitStack() as at_the_end:
        with exits_are_errors("building this run"):
            loop = _prepared(experiment, (*observers, interruption))
        world = loop.world
        _open(loop, attach, at_the_end, last)
        with _errors_reported(world):
            world.hooks.rlchassis_world_ready(world=world)
            with exits_are_errors("something in this run"):
                trained = None
                with rescuing(loop, interruption):
                    trained = loop.run() if world.config.train else None
                if trained is None and world.config.train:
                    trained = evolve(loop.state.info(), interrupted=True)
                if interruption.received is None:
                    _watch(world, trained)
            result = ExperimentResult(world, trained)
        world.hooks.rlchassis_run_end(world=world, result=result)
        _require_stored(result, loop)
        return result


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


def _open(loop: TrainingLoop, attach: Callable[[TrainingLoop], None], at_the_end: ExitStack, last: ExitStack) -> None:
    """Attach a run to its directory; what is opened is closed at the end, and the log file and the lock after all else."""
    world, config = loop.world, loop.world.config
    last.callback(_release, world)
    at_the_end.callback(world.close)
    attach(loop)
    at_the_end.callback(tear_down, world.hooks, world)
    at_the_end.enter_context(threads(config.num_threads, world.policy))
    if world.directory is not None and config.log_file_enabled:
        with laying_out(world.directory):
            last.enter_context(log_file(world.directory))  # which loggers that are closed write into
    if config.train:
        loop.checkpoints = checkpointing(loop, config, world.directory)


def _release(world: World) -> None:
    if world.lock is not None:  # a signal may have cut closing short
        world.lock.release()


@contextmanager
def _errors_reported(world: World) -> Iterator[None]:
    try:
        yield
    except BaseException as error:
        if isinstance(error, Exception):
            log.info("The run failed.", exc_info=error)
        world.hooks.rlchassis_run_error(world=world, error=error)
        raise


def _watch(world: World, trained: InfoStats | None) -> None:
    if world.config.watch:
        with stored_policy(world):
            (watch if trained is None else watch_trained)(world)


def _require_stored(result: ExperimentResult, loop: TrainingLoop) -> None:
    """StorageFailure if a file could not be written."""
    problems = [*filter(None, [loop.tests.persistence.problem, loop.checkpoints.writer.problem]), *result.world.logger.problems]
    if problems:
        ended = "was interrupted" if result.interrupted else "finished"
        problems += filter(None, [how_to_resume(result.world.directory)])
        raise StorageFailure(f"the run {ended}, but {'; '.join(problems)}.", result)
