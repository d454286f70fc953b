"""Tests: evaluation episodes during training, which select the stored policy and may stop training."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import torch

from rlchassis.collecting.evaluation import Evaluation, as_metrics, evaluate_policy
from rlchassis.errors import UsageError
from rlchassis.training.hook_manager import collect_stop_votes
from rlchassis.training.world import World

log = logging.getLogger(__name__)


def play(world: World, epoch: int, env_step: int) -> Evaluation:
    """Run the test of an epoch, on seeds derived from the epoch."""
    assert world.test_collector is not None
    with evaluating(world.policy):
        seeds = world.streams.seeds("evaluation", world.sampling.num_test_episodes, epoch)
        return evaluate_policy(world.test_collector, seeds, env_step)


def is_best(tests: Sequence[Evaluation], best: Evaluation | None) -> bool:
    """Whether the last test is at least as good as the best; one with a non-finite mean never is."""
    *before, last = tests
    if math.isfinite(last.mean):
        return best is None or last.mean >= best.mean
    if all(math.isfinite(test.mean) for test in before):
        message = "The test at step %d has a non-finite mean return (%s); such tests never select the stored policy."
        log.warning(message, last.env_step, last.mean)
    return False


def as_row(result: Evaluation, best: Evaluation | None) -> Mapping[str, float]:
    """Metrics of a test with the best return so far, by tag."""
    return as_metrics(result) if best is None else {**as_metrics(result), "test/best_return": best.mean}


def stop_requests(world: World, mean_return: float) -> list[str]:
    """Names of the callbacks and extensions that request early stopping after a test."""
    voters = collect_stop_votes()
    answers = world.hooks.rlchassis_should_stop(world=world, mean_rewards=mean_return)
    if not isinstance(answers, list | tuple):
        raise UsageError(f"a wrapper of rlchassis_should_stop returned {answers!r}, expected the list of results.")
    return (voters or ["a wrapper of rlchassis_should_stop"]) if any(answers) else []


@contextmanager
def evaluating(policy: torch.nn.Module) -> Iterator[None]:
    """Context in which the policy is in evaluation mode."""
    was_training = policy.training
    policy.eval()
    try:
        yield
    finally:
        policy.train(was_training)
