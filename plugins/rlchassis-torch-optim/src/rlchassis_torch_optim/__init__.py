"""Any optimizer of torch.optim for rlchassis, by the name of its class and its keyword arguments."""

from __future__ import annotations

from rlchassis_torch_optim.factory import OptimizerFactoryTorch

__all__ = ["OptimizerFactoryTorch"]
