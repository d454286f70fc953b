"""Names of tianshou.highlevel.params.dist_fn: functions from what an actor answers to torch distributions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from attrs import frozen
from gymnasium import spaces
from torch import Tensor, distributions

from rlchassis.api import ConfigPart

DistFn = Callable[[Any], distributions.Distribution]


class DistributionFunctionFactory(ConfigPart, ABC):
    """Base class of factories of such functions."""

    @abstractmethod
    def create_dist_fn(self, envs: Any) -> DistFn:
        """The function."""


def from_logits(logits: Tensor) -> distributions.Distribution:
    """Categorical, of logits [B, K]."""
    return distributions.Categorical(logits=logits, validate_args=False)


def from_probabilities(probabilities: Tensor) -> distributions.Distribution:
    """Categorical, of probabilities [B, K]."""
    return distributions.Categorical(probs=probabilities, validate_args=False)


def from_mean_and_std(mean_and_std: tuple[Tensor, Tensor]) -> distributions.Distribution:
    """Independent Gaussians, of mean and standard deviation [B, D]."""
    return distributions.Independent(distributions.Normal(*mean_and_std, validate_args=False), 1, validate_args=False)


@frozen
class DistributionFunctionFactoryCategorical(DistributionFunctionFactory):
    """Categorical distributions of probabilities or logits."""

    is_probs_input: bool = True

    def create_dist_fn(self, envs: Any) -> DistFn:
        """The function."""
        return from_probabilities if self.is_probs_input else from_logits


@frozen
class DistributionFunctionFactoryIndependentGaussians(DistributionFunctionFactory):
    """Independent Gaussians of mean and standard deviation."""

    def create_dist_fn(self, envs: Any) -> DistFn:
        """The function."""
        return from_mean_and_std


def default_dist_fn(space: spaces.Space[Any]) -> DistributionFunctionFactory:
    """Categorical of probabilities for discrete actions, independent Gaussians for continuous ones."""
    if isinstance(space, spaces.Discrete):
        return DistributionFunctionFactoryCategorical()
    return DistributionFunctionFactoryIndependentGaussians()
