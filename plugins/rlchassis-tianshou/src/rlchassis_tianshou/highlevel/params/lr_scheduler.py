"""Names of tianshou.highlevel.params.lr_scheduler; the linear schedule follows the environment steps of the run."""

from __future__ import annotations

from typing import Any

from rlchassis.api import LRSchedulerFactory
from rlchassis.experiment import LRSchedulerFactoryLinear as _Linear

__all__ = ["LRSchedulerFactory", "LRSchedulerFactoryLinear"]


def LRSchedulerFactoryLinear(sampling_config: Any = None) -> LRSchedulerFactory:  # noqa: N802  Tianshou's name
    """Linear decay of the learning rate to 0 over the run."""
    return _Linear()
