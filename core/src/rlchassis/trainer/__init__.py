"""Trainers: the loop that all share, and what it learns from, on policy and off."""

from __future__ import annotations

from rlchassis.trainer.base import Trainer
from rlchassis.trainer.info import InfoStats
from rlchassis.trainer.off_policy import OffPolicyTrainer
from rlchassis.trainer.on_policy import OnPolicyTrainer
from rlchassis.trainer.testing import evaluating

__all__ = ["InfoStats", "OffPolicyTrainer", "OnPolicyTrainer", "Trainer", "evaluating"]
