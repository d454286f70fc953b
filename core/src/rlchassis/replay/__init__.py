"""Replay buffer: ring of rows, storage of observations, prioritized sampling."""

from __future__ import annotations

from rlchassis.replay.buffer import ReplayBuffer
from rlchassis.replay.contract import Replay, Sample
from rlchassis.replay.frames import require_space_of_stacks
from rlchassis.replay.priorities import Priorities

__all__ = ["Priorities", "Replay", "ReplayBuffer", "Sample", "require_space_of_stacks"]
