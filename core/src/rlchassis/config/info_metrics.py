"""Metrics of numbers in `info`: "is_success", or "cost:sum" with the way in which an episode's numbers become one."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from rlchassis.errors import UsageError

REDUCTIONS = ("last", "mean", "sum", "max")
"""How the numbers of an episode become one; the first is the default."""
TAKEN = ("return", "length", "return_std", "return_min", "return_max", "best_return")
"""Names of metrics that every run has below train/ and test/."""


@frozen
class InfoMetric:
    """A key of `info`, and how the numbers under it become one number per episode."""

    key: str
    reduction: str = REDUCTIONS[0]


def info_metric(text: str) -> InfoMetric:
    """The metric that "key" or "key:reduction" describes; UsageError for anything else."""
    key, _, reduction = text.partition(":")
    if not key or (":" in text and reduction not in REDUCTIONS):
        raise UsageError(f'info_metrics takes "key" or "key:reduction" with a reduction out of {", ".join(REDUCTIONS)}, not {text!r}.')
    if key in TAKEN:
        raise UsageError(f'info_metrics cannot name {key!r}, which every run logs; rename it in the environment, "env_{key}".')
    return InfoMetric(key, reduction or REDUCTIONS[0])


def info_metrics_from(texts: Sequence[str]) -> tuple[InfoMetric, ...]:
    """One metric per text; UsageError if two have one key."""
    metrics = tuple(map(info_metric, texts))
    keys = [metric.key for metric in metrics]
    for key in keys:
        if keys.count(key) > 1:
            raise UsageError(f"info_metrics names {key!r} twice; name it once.")
    return metrics
