"""The policy stored by an interrupted or failed run."""

from __future__ import annotations

import logging

from rlchassis.storage.files import POLICY_FILENAME
from rlchassis.training.trainer import Trainer

log = logging.getLogger(__name__)


def rescue(trainer: Trainer, error: BaseException) -> None:
    """Store the policy of an interrupted or failed run: the best, or the current one without tests; and log its path."""
    if trainer.is_interrupted(error):
        trainer.checkpoints.write(trainer)
    is_interrupted, step = isinstance(error, KeyboardInterrupt), trainer.state.env_step
    ended = f"{'Interrupted' if is_interrupted else f'The run failed ({type(error).__name__})'} at environment step {step}"
    log.log(logging.INFO if is_interrupted else logging.WARNING, "%s; %s.", ended, _left_policy(trainer))


def _left_policy(trainer: Trainer) -> str:
    world, best = trainer.world, trainer.state.best
    try:
        trainer.store()
    except FloatingPointError as broken:
        return f"no policy is stored: {str(broken).rstrip('.')}"
    if world.directory is None:
        return "no policy is stored, since persistence is disabled"
    if trainer.persistence.problem is not None:
        return trainer.persistence.problem
    which = "the latest" if best is None else f"that of the best test, at step {best.env_step}"
    return f"the policy is stored in {world.directory / POLICY_FILENAME} ({which})"
