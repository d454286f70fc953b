"""What a task is, and when it counts as solved."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from attrs import frozen

from rlchassis.api import ExperimentBuilder
from rlchassis.experiment import ExperimentConfig, SamplingConfig

SEEDS = (11, 12, 13)
"""Seeds that are reported; settings were chosen on others."""


def at_best(scores: Sequence[float]) -> float:
    """The best score, which is that of the policy that is kept."""
    return max(scores)


def at_last(scores: Sequence[float]) -> float:
    """The worst of the last three scores: what was learned stays."""
    return min(scores[-3:])


@frozen
class Task:
    """Runs that reach a score, or do not where `solvable` is false."""

    scores: Callable[[int], list[float]]
    """Scores of a run with this seed, in the order of its tests."""
    enough: float
    """Score of a solved task."""
    note: str = ""
    """What the score can be compared with."""
    solvable: bool | None = True
    """Whether it is expected to be solved; false for runs without the feature, None for those that are there to be compared with."""
    judged: Callable[[Sequence[float]], float] = at_best
    """The score that counts."""
    seeds: tuple[int, ...] = SEEDS
    """Seeds that are run."""


def scores_of(
    builder: type[ExperimentBuilder[Any]],
    env: Any,
    seed: int,
    configure: Callable[[Any], Any],
    sampling: Mapping[str, Any],
    metric: str = "",
) -> list[float]:
    """Mean returns of the tests of a run, or means of a number of `info`; sampling: fields of SamplingConfig."""
    metrics = (metric,) if metric else ()
    config = ExperimentConfig(seed=seed, watch=False, persistence_enabled=False, num_threads=1, info_metrics=metrics)
    world = configure(builder(env, config, SamplingConfig(**sampling))).build().run().world
    return [test.info_means[metric] if metric else test.mean for test in world.state.tests]
