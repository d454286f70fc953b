"""Atari games: EnvFactoryAtari, and "atari/GAME" by name."""

from __future__ import annotations

from rlchassis_atari.factory import EnvFactoryAtari

__all__ = ["EnvFactoryAtari"]
