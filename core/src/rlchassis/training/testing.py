"""Tests: whole episodes without exploring, which choose the policy that is stored and may end a run."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import torch

from rlchassis.errors import UsageError
from rlchassis.training.evaluation import Evaluation, as_metrics, evaluate_policy
from rlchassis.training.hook_manager import ballot
from rlchassis.training.world import World

log = logging.getLogger(__name__)


def play(world: World, epoch: int, env_step: int) -> Evaluation:
    """The test of an epoch, on seeds of its own."""
    assert world.test_collector is not None
    with evaluating(world.policy):
        seeds = world.streams.seeds("evaluation", world.sampling.num_test_episodes, epoch)
        return evaluate_policy(world.test_collector, seeds, env_step)


def is_best(tests: Sequence[Evaluation], best: Evaluation | None) -> bool:
    """Whether none was better than the last; one whose mean is not finite says nothing of the policy, and never is the best."""
    *before, last = tests
    if math.isfinite(last.mean):
        return best is None or last.mean >= best.mean
    if all(math.isfinite(test.mean) for test in before):
        told = "The test at step %d has a mean return of %s; such tests never choose the policy that is stored."
        log.warning(told, last.env_step, last.mean)
    return False


def as_row(result: Evaluation, best: Evaluation | None) -> Mapping[str, float]:
    """What is logged of a test."""
    return as_metrics(result) if best is None else {**as_metrics(result), "test/best_return": best.mean}


def votes_to_stop(world: World, mean_return: float) -> list[str]:
    """Whoever takes the mean return of a test as reason to end training."""
    voters = ballot()
    answers = world.hooks.rlchassis_should_stop(world=world, mean_rewards=mean_return)
    if not isinstance(answers, list | tuple):
        raise UsageError(f"a wrapper of rlchassis_should_stop returned {answers!r}, expected the list of answers.")
    return (voters or ["a wrapper of rlchassis_should_stop"]) if any(answers) else []


@contextmanager
def evaluating(policy: torch.nn.Module) -> Iterator[None]:
    """Within it the policy is in evaluation mode."""
    was_training = policy.training
    policy.eval()
    try:
        yield
    finally:
        policy.train(was_training)
