"""Hindsight experience replay (Andrychowicz et al. 2017, https://arxiv.org/abs/1707.01495) for every off-policy algorithm of rlchassis."""

from __future__ import annotations

from rlchassis_her.factory import BufferFactoryHER
from rlchassis_her.replay import HindsightReplay

__all__ = ["BufferFactoryHER", "HindsightReplay"]
