"""The policy stored by an interrupted or failed run."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from rlchassis.errors import UsageError
from rlchassis.storage.files import POLICY_FILENAME
from rlchassis.training.loop import TrainingLoop

log = logging.getLogger(__name__)


@contextmanager
def rescuing(loop: TrainingLoop) -> Iterator[None]:
    """Context of training that stores a policy also if it fails."""
    try:
        yield
    except BaseException as error:
        if loop.state.env_step or not isinstance(error, UsageError):
            rescue(loop, error)
        raise


def rescue(loop: TrainingLoop, error: BaseException) -> None:
    """Store the policy of an interrupted or failed run: the best, or the current one without tests; and log its path."""
    if loop.is_interrupted(error):
        loop.checkpoints.write(loop)
    is_interrupted, step = isinstance(error, KeyboardInterrupt), loop.state.env_step
    ended = f"{'Interrupted' if is_interrupted else f'The run failed ({type(error).__name__})'} at environment step {step}"
    log.log(logging.INFO if is_interrupted else logging.WARNING, "%s; %s.", ended, _left_policy(loop))


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
