"""Limits on the environments, episodes and parameters that a stored run may request when its policy is loaded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from torch import nn
from torch.nn.modules.module import register_module_parameter_registration_hook
from torch.nn.parameter import is_lazy

from rlchassis.collecting.evaluation import Evaluation
from rlchassis.config import ResolvedSampling
from rlchassis.config.limits import MOST_ENVS, MOST_EPISODES, MOST_THREADS
from rlchassis.errors import StoredFileError, UsageError
from rlchassis.experiment.experiment import Experiment
from rlchassis.storage.policy_file import StoredPolicy

ALLOWANCE = 2**22
"""Elements of one parameter, and a quarter of those of all parameters, that are always allowed, however small the policy is."""


def num_envs_of(sampling: ResolvedSampling, directory: str | Path, episodes: int | None) -> int:
    """Number of parallel test environments: as configured, or at most one per episode if that exceeds the limit."""
    asked = max(1, sampling.num_test_envs)
    if asked > MOST_ENVS and episodes is None:
        raise StoredFileError(
            f"the configuration in {directory} requests {asked} parallel environments, at most {MOST_ENVS} are allowed; "
            "set the number of episodes."
        )
    return asked if asked <= MOST_ENVS or episodes is None else min(episodes, MOST_ENVS)


def recorded_test(stored: StoredPolicy, directory: str | Path) -> Evaluation:
    """The recorded test at which the policy was stored."""
    if "test" not in stored.record:
        raise UsageError(f"the policy in {directory} has no recorded test to repeat; set the number of episodes.")
    test = Evaluation.from_data(stored.record["test"])
    seeds = test.seeds
    if not (1 <= len(seeds) <= MOST_EPISODES and all(0 <= seed < 2**63 for seed in seeds)):
        raise StoredFileError(
            f"the test recorded in {directory} has {len(seeds)} seeds, expected 1 to {MOST_EPISODES} non-negative ones; "
            "set the number of episodes."
        )
    return test


def with_bounded_threads(experiment: Experiment) -> Experiment:
    """The same experiment with at most MOST_THREADS threads."""
    asked = experiment.config.num_threads
    return experiment if asked is None else experiment.with_config(num_threads=min(asked, MOST_THREADS))


@contextmanager
def no_larger_than(stored: StoredPolicy, directory: str | Path) -> Iterator[None]:
    """Context that rejects modules whose parameters are far larger than those of the stored policy."""
    sizes = [tensor.numel() for tensor in stored.state.values()]
    largest, left, left_count = ALLOWANCE + 8 * max(sizes, default=0), 4 * ALLOWANCE + 32 * sum(sizes), 1000 + 32 * len(sizes)

    def count(module: nn.Module, name: str, parameter: nn.Parameter | None) -> None:
        nonlocal left, left_count
        size = 0 if parameter is None or is_lazy(parameter) else parameter.numel()
        left, left_count = left - size, left_count - 1
        if size > largest or left < 0 or left_count < 0:
            raise StoredFileError(
                f"the configuration in {directory} requests networks far larger than its stored policy; restore it from a copy."
            )

    handle = register_module_parameter_registration_hook(count)  # called before a parameter is initialized
    try:
        yield
    finally:
        handle.remove()
