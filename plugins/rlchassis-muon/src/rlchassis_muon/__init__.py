"""Muon (Jordan et al. 2024) for rlchassis: hidden matrices by orthogonalized momentum, all other parameters by AdamW."""

from __future__ import annotations

from rlchassis_muon.factory import OptimizerFactoryMuon

__all__ = ["OptimizerFactoryMuon"]
