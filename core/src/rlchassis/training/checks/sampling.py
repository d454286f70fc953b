"""Checks of sampling settings that every kind of training shares."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import fields

from rlchassis.config import ResolvedSampling
from rlchassis.errors import UsageError

NEEDED = ("step_per_collect", "repeat_per_collect", "buffer_size", "update_per_step")
"""Sampling settings that the user or the algorithm's default_sampling must set."""


def require_supported(sampling: ResolvedSampling, refused: Mapping[str, str]) -> None:
    """UsageError for a setting that is not supported, with the reason, or that is missing."""
    for setting in fields(ResolvedSampling):
        name, value = setting.name, getattr(sampling, setting.name)
        if name in refused and value != setting.default:
            raise UsageError(f"sampling.{name} is not supported: {refused[name]}; leave it out.")
        if name in NEEDED and name not in refused and not value:
            raise UsageError(f"sampling.{name} is None, and the algorithm's default_sampling has no value for it; set it.")
