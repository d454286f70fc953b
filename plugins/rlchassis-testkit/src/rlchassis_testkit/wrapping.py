"""Puts around a policy whatever a test wants there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from attrs import frozen

from rlchassis.api import Environments, OptimizerFactory, Policy, PolicyWrapper, PolicyWrapperFactory


@frozen
class Wrapping(PolicyWrapperFactory):
    """The recipe for what a function makes of the policy within."""

    wrap: Callable[[Any], PolicyWrapper]

    def create_wrapped_policy(
        self, policy: Policy, envs: Environments, optim_factory: OptimizerFactory, device: torch.device
    ) -> PolicyWrapper:
        """What the function answers."""
        return self.wrap(policy)
