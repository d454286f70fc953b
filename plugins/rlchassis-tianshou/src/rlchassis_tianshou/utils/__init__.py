"""Names of tianshou.utils that high-level scripts import."""

from __future__ import annotations

from rlchassis_tianshou.utils.statistics import RunningMeanStd

__all__ = ["RunningMeanStd"]
