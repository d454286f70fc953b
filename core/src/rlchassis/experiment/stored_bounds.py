"""What a stored run may ask for when its policy is opened: as many environments, episodes and parameters as such a policy can need."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from torch import nn
from torch.nn.modules.module import register_module_parameter_registration_hook
from torch.nn.parameter import is_lazy

from rlchassis.config import ResolvedSampling
from rlchassis.config.limits import MOST_ENVS, MOST_EPISODES, MOST_THREADS
from rlchassis.errors import StoredFileError, UsageError
from rlchassis.experiment.experiment import Experiment
from rlchassis.storage.policy_file import StoredPolicy
from rlchassis.training.evaluation import Evaluation

ROOM = 2**22
"""Numbers of one parameter, and a quarter of those of all together, that are no reason for doubt however small a policy is."""


def num_envs_of(sampling: ResolvedSampling, directory: str | Path, episodes: int | None) -> int:
    """Environments to test in side by side: as configured, or as many as episodes can use where that is beyond reason."""
    asked = max(1, sampling.num_test_envs)
    if asked > MOST_ENVS and episodes is None:
        raise StoredFileError(
            f"the configuration in {directory} asks for {asked} environments side by side, more than {MOST_ENVS}; "
            "say how many episodes to play."
        )
    return asked if asked <= MOST_ENVS or episodes is None else min(episodes, MOST_ENVS)


def recorded_test(stored: StoredPolicy, directory: str | Path) -> Evaluation:
    """The test that chose the policy."""
    if "test" not in stored.record:
        raise UsageError(f"no test chose the policy in {directory}, so there is none to repeat; say how many episodes to play.")
    test = Evaluation.from_data(stored.record["test"])
    seeds = test.seeds
    if not (1 <= len(seeds) <= MOST_EPISODES and all(0 <= seed < 2**63 for seed in seeds)):
        raise StoredFileError(
            f"the test recorded in {directory} has {len(seeds)} seeds, where 1 to {MOST_EPISODES} that are not negative can be repeated; "
            "say how many episodes to play."
        )
    return test


def num_watched(experiment: Experiment, directory: str | Path) -> int:
    """Episodes to watch, as the configuration says."""
    asked = experiment.config.watch_num_episodes
    if asked > MOST_EPISODES:
        raise StoredFileError(
            f"the configuration in {directory} asks to watch {asked} episodes, more than {MOST_EPISODES}; say how many to play."
        )
    return asked


def with_bounded_threads(experiment: Experiment) -> Experiment:
    """The same experiment with no more threads than a machine has use for."""
    asked = experiment.config.num_threads
    return experiment if asked is None else experiment.with_config(num_threads=min(asked, MOST_THREADS))


@contextmanager
def no_larger_than(stored: StoredPolicy, directory: str | Path) -> Iterator[None]:
    """Within it modules can be made for a stored policy, and others beside it, but none of a size that has nothing to do with its own."""
    sizes = [tensor.numel() for tensor in stored.state.values()]
    largest, left, left_count = ROOM + 8 * max(sizes, default=0), 4 * ROOM + 32 * sum(sizes), 1000 + 32 * len(sizes)

    def note(module: nn.Module, name: str, parameter: nn.Parameter | None) -> None:
        nonlocal left, left_count
        size = 0 if parameter is None or is_lazy(parameter) else parameter.numel()
        left, left_count = left - size, left_count - 1
        if size > largest or left < 0 or left_count < 0:
            raise StoredFileError(f"the configuration in {directory} asks for networks far larger than its policy; restore it from a copy.")

    handle = register_module_parameter_registration_hook(note)  # before a parameter gets its first numbers
    try:
        yield
    finally:
        handle.remove()
