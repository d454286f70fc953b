"""The layer itself: statistics move once per collection, after learning, and are stored with the policy."""

from __future__ import annotations

from typing import Any

import torch
from attrs import evolve, frozen
from torch import Generator, Tensor

from rlchassis.api import Environments, Experience, Observation, OptimizerFactory, Policy, PolicyWrapper, PolicyWrapperFactory, number
from rlchassis_obs_norm.scales import Scale, scale_for


class ObsNorm(PolicyWrapper):
    """Lets the inner policy see observations of mean 0 and spread 1, by what was seen in training; evaluation never moves them."""

    def __init__(self, inner: Policy, scale: Scale) -> None:
        super().__init__(inner)
        self.scale = scale

    def act(self, obs: Observation, state: Any = None, *, explore: bool, rng: Generator) -> tuple[Tensor, Any]:
        """As the inner policy does on the normalised observation."""
        return self.inner.act(self.scale(obs), state, explore=explore, rng=rng)

    def transform(self, experience: Experience) -> Experience:
        """The experience with normalised observations."""
        return evolve(experience, obs=self.scale(experience.obs), next_obs=self.scale(experience.next_obs))

    def observe(self, experience: Experience) -> None:
        """Take the new observations into the statistics."""
        self.scale.note(experience.obs, experience.valid)


@frozen
class PolicyWrapperFactoryObsNorm(PolicyWrapperFactory):
    """Describes a running observation normaliser."""

    clip: float = number(10.0, above=0)
    """Largest normalised value."""

    def create_wrapped_policy(self, policy: Policy, envs: Environments, optim_factory: OptimizerFactory, device: torch.device) -> ObsNorm:
        """The policy, seeing normalised observations; UnsupportedSpaceError where no part of them is a number."""
        return ObsNorm(policy, scale_for(envs.observation_space, self.clip, device))
