"""Names of tianshou.utils.statistics."""

from __future__ import annotations

from typing import Any

from attrs import define


@define
class RunningMeanStd:
    """Mean, variance and number of what was observed."""

    mean: Any = 0.0
    var: Any = 1.0
    count: int = 0
