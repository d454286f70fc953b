"""What an interrupted or failed run leaves: a checkpoint where it can be resumed, a policy, and a message that says so."""

from __future__ import annotations

import logging
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rlchassis.errors import StoredFileError, UsageError
from rlchassis.run.interruption import Interruption
from rlchassis.storage.checkpoint.manifest import checkpoints_of, read_manifest
from rlchassis.storage.files import POLICY_FILENAME
from rlchassis.training.loop import TrainingLoop

log = logging.getLogger(__name__)


@contextmanager
def rescuing(loop: TrainingLoop, interruption: Interruption | None = None) -> Iterator[None]:
    """Context of training that stores a policy also if it fails; a first Ctrl-C that is left to the interruption is no failure."""
    try:
        yield
    except BaseException as error:
        if loop.state.env_step or not isinstance(error, UsageError):
            rescue(loop, error)
        if interruption is None or not interruption.returns_result(error):
            raise


def rescue(loop: TrainingLoop, error: BaseException) -> None:
    """Store the policy of an interrupted or failed run: the best, or the current one without tests; and log how it can go on.

    A checkpoint is written only where the run was interrupted between two steps.
    """
    if loop.is_interrupted(error):
        _leave_checkpoint(loop)
    is_interrupted, step = isinstance(error, KeyboardInterrupt), loop.state.env_step
    ended = f"{'Interrupted' if is_interrupted else f'The run failed ({type(error).__name__})'} at environment step {step}"
    left = "; ".join(filter(None, [_left_policy(loop), how_to_resume(loop.world.directory)]))
    log.log(logging.INFO if is_interrupted else logging.WARNING, "%s; %s.", ended, left)


def how_to_resume(directory: Path | None) -> str | None:
    """The command that goes on from the newest checkpoint of a run directory; None without one, or where it is that of a finished run."""
    for path in [] if directory is None else checkpoints_of(directory)[:1]:
        try:
            newest = read_manifest(path)
        except StoredFileError:
            return None
        if not newest.record.get("finished"):
            return f"`rlchassis resume {shlex.quote(str(directory))}` goes on from step {newest.step}"
    return None


def _leave_checkpoint(loop: TrainingLoop) -> None:
    try:
        loop.checkpoints.writer(loop)
    except FloatingPointError as broken:
        log.warning("No checkpoint is written at step %d: %s", loop.state.env_step, broken)


def _left_policy(loop: TrainingLoop) -> str:
    world, best = loop.world, loop.state.best
    try:
        loop.tests.store_policy()
    except FloatingPointError as broken:
        return f"no policy is stored: {str(broken).rstrip('.')}"
    if world.directory is None:
        return "no policy is stored, since persistence is disabled"
    if loop.tests.persistence.problem is not None:
        return loop.tests.persistence.problem
    which = "the latest" if best is None else f"that of the best test, at step {best.env_step}"
    return f"the policy is stored in {world.directory / POLICY_FILENAME} ({which})"
