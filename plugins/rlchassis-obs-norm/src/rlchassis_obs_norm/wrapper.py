"""The policy wrapper: statistics are updated once per collection, after learning, and stored with the policy."""

from __future__ import annotations

from typing import Any

import torch
from attrs import evolve, frozen
from torch import Generator, Tensor

from rlchassis.api import Environments, Experience, Observation, OptimizerFactory, Policy, PolicyWrapper, PolicyWrapperFactory, number
from rlchassis_obs_norm.scales import Scale, scale_for


class ObsNorm(PolicyWrapper):
    """Policy wrapper that normalizes observations by running statistics; they are updated in training and constant in evaluation."""

    def __init__(self, inner: Policy, scale: Scale) -> None:
        super().__init__(inner)
        self.scale = scale

    def act(self, obs: Observation, state: Any = None, *, explore: bool, rng: Generator) -> tuple[Tensor, Any]:
        """Actions [N, …] of the inner policy for the normalized observations."""
        return self.inner.act(self.scale(obs), state, explore=explore, rng=rng)

    def transform(self, experience: Experience) -> Experience:
        """The experience with normalized observations."""
        return evolve(experience, obs=self.scale(experience.obs), next_obs=self.scale(experience.next_obs))

    def observe(self, experience: Experience) -> None:
        """Update the statistics with the new observations."""
        self.scale.update(experience.obs, experience.valid)


@frozen
class PolicyWrapperFactoryObsNorm(PolicyWrapperFactory):
    """Factory of ObsNorm."""

    clip: float = number(10.0, above=0)
    """Clip range of normalized values: ± clip."""

    def create_wrapped_policy(self, policy: Policy, envs: Environments, optim_factory: OptimizerFactory, device: torch.device) -> ObsNorm:
        """Wrap a policy; UnsupportedSpaceError where no part of the observations can be normalized."""
        return ObsNorm(policy, scale_for(envs.observation_space, self.clip, device))
