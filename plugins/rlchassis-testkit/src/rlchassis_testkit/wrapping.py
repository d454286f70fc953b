"""Policy wrappers from a function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from attrs import frozen

from rlchassis.api import Environments, OptimizerFactory, Policy, PolicyWrapper, PolicyWrapperFactory


@frozen
class Wrapping(PolicyWrapperFactory):
    """Factory of the wrapper that a function makes of a policy."""

    wrap: Callable[[Any], PolicyWrapper]

    def create_wrapped_policy(
        self, policy: Policy, envs: Environments, optim_factory: OptimizerFactory, device: torch.device
    ) -> PolicyWrapper:
        """The wrapper that the function returns."""
        return self.wrap(policy)
