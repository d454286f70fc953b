"""Replay: experience that is kept and learned from many times. Where rows lie, how they are kept and which are drawn, each in a file."""

from __future__ import annotations

from rlchassis.replay.buffer import ReplayBuffer, Sample
from rlchassis.replay.frames import require_space_of_stacks
from rlchassis.replay.priorities import Priorities

__all__ = ["Priorities", "ReplayBuffer", "Sample", "require_space_of_stacks"]
