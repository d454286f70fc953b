"""Evaluation: returns of a policy over whole episodes."""

from __future__ import annotations

import logging
import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

import attrs
from attrs import field, frozen

from rlchassis.collecting.collector import Collector
from rlchassis.collecting.episodes import mean, mean_given
from rlchassis.errors import StoredFileError

log = logging.getLogger(__name__)


@frozen(repr=False)
class Evaluation:
    """Result of evaluation episodes without exploration, in the order of their seeds; returns are undiscounted and raw."""

    returns: tuple[float, ...]
    lengths: tuple[int, ...]
    seeds: tuple[int, ...]
    env_step: int = 0
    """Environment steps of training at the time of the evaluation."""
    infos: Mapping[str, tuple[float, ...]] = field(factory=dict, kw_only=True, hash=False)
    """One number per episode by key of info_metrics; NaN where the episode was cut before it had one."""
    matches: bool | None = field(default=None, kw_only=True, eq=False)
    """Whether the returns equal those recorded for these seeds; None: nothing to compare with."""

    def __repr__(self) -> str:
        """Mean, standard deviation, number of episodes and env_step."""
        return f"Evaluation(mean={self.mean:.2f}, std={self.std:.2f}, episodes={len(self.returns)}, env_step={self.env_step})"

    @property
    def mean(self) -> float:
        """Mean return."""
        return mean(self.returns)

    @property
    def std(self) -> float:
        """Standard deviation of the returns over these episodes; NaN if one is not finite."""
        return statistics.pstdev(self.returns) if math.isfinite(self.mean) else math.nan

    @property
    def info_means(self) -> dict[str, float]:
        """Mean over episodes of each key of info_metrics."""
        return {key: mean_given(numbers) for key, numbers in self.infos.items()}

    def as_data(self) -> dict[str, Any]:
        """Plain data for JSON, without rounding."""
        infos = {key: tuple(None if math.isnan(number) else number for number in numbers) for key, numbers in self.infos.items()}
        data = {"mean": self.mean, "std": self.std, **attrs.asdict(self), "infos": infos or None}
        return {name: value for name, value in data.items() if value is not None}

    def compared(self, recorded: Evaluation) -> Evaluation:
        """A copy with `matches` set; logs a warning with likely causes if returns differ from the recorded ones."""
        pairs = zip(self.seeds, recorded.returns, self.returns, strict=False)
        differing = [f"seed {seed}: {before:g} recorded, {now:g} now" for seed, before, now in pairs if before != now]
        if differing:
            log.warning(
                "The returns of %d of %d episodes differ from those recorded (%s). Likely causes: a policy, wrapper or environment that "
                "keeps state outside of its state_dict or across episodes, an environment that its seed does not "
                "determine, other versions or hardware than in provenance.json.",
                *(len(differing), len(self.seeds), differing[0]),
            )
        return attrs.evolve(self, matches=not differing)

    @classmethod
    def from_data(cls, data: Any) -> Evaluation:
        """Decode the output of as_data; StoredFileError for anything else."""
        try:
            returns, lengths, seeds = map(float, data["returns"]), map(int, data["lengths"]), map(int, data["seeds"])
            infos = {
                str(key): tuple(math.nan if n is None else float(n) for n in numbers) for key, numbers in data.get("infos", {}).items()
            }
            return cls(tuple(returns), tuple(lengths), tuple(seeds), int(data["env_step"]), infos=infos)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise StoredFileError("the stored record of a test is damaged; evaluate with a number of episodes instead.") from error


def evaluate_policy(collector: Collector, seeds: Sequence[int], env_step: int = 0) -> Evaluation:
    """Play one episode per seed; the random stream of stochastic policies depends on the seeds only, so it is reproducible."""
    collector.rng.manual_seed(sum(seed * (i + 1) for i, seed in enumerate(seeds)) % 2**63)
    stats = collector.evaluate(seeds)
    infos = {key: tuple(numbers) for key, numbers in stats.infos.items()}
    return Evaluation(tuple(stats.returns), tuple(stats.lengths), tuple(seeds), env_step, infos=infos)


def as_metrics(evaluation: Evaluation) -> Mapping[str, float]:
    """Metrics of a test, by tag."""
    return {
        "test/return": evaluation.mean,
        "test/return_std": evaluation.std,
        "test/return_min": min(evaluation.returns),
        "test/return_max": max(evaluation.returns),
        "test/length": mean(evaluation.lengths),
        **{f"test/{key}": number for key, number in evaluation.info_means.items()},
    }
