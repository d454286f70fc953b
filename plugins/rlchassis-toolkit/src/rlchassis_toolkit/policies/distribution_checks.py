"""Checks that an actor's output is a distribution over the actions of a space; errors say what was got and expected."""

from __future__ import annotations

from typing import Any

import torch
from gymnasium import spaces
from torch import Tensor

from rlchassis.api import ActionLayout, Observation, UsageError, described, require_action, require_values
from rlchassis_toolkit.distributions import Categorical, DiagonalGaussian
from rlchassis_toolkit.product_distributions import MixedDistribution, MultiCategorical

KINDS = Categorical, DiagonalGaussian, MultiCategorical, MixedDistribution


def require_distribution(answer: Any, obs: Observation, space: spaces.Space[Any]) -> None:
    """Raise UsageError unless an output is a distribution over the actions of a space, one per observation."""
    layout = ActionLayout.of(space)
    wanted = _kind_for(space, layout)
    unwanted = tuple(kind for kind in KINDS if kind is not wanted)
    missing = [name for name in ("sample", "mode", "log_prob") if not callable(getattr(answer, name, None))]
    if missing or isinstance(answer, (Tensor, torch.distributions.Distribution, *unwanted)):
        raise UsageError(f"answers {described(answer)}, expected a distribution such as rlchassis_toolkit.{wanted.__name__}")
    if isinstance(answer, Categorical):
        require_values(answer.logits, obs, *layout.sizes, meaning="one logit per action", may_be_infinite=True)
    if isinstance(answer, MultiCategorical | MixedDistribution):
        parts = len(layout.sizes), max(layout.sizes)
        require_values(answer.logits, obs, *parts, meaning="logits of each discrete part", may_be_infinite=True)
    if isinstance(answer, DiagonalGaussian):
        require_gaussian(answer, obs, layout.num_continuous)
    if isinstance(answer, MixedDistribution):
        require_gaussian(answer.continuous, obs, layout.num_continuous)
    require_action(answer.mode(), obs, space)
    require_values(answer.log_prob(answer.mode()), obs, meaning="one log-probability per action")


def _kind_for(space: spaces.Space[Any], layout: ActionLayout) -> type[Any]:
    if isinstance(space, spaces.Discrete):
        return Categorical
    if layout.is_discrete:
        return MultiCategorical
    return MixedDistribution if layout.sizes else DiagonalGaussian


def require_gaussian(answer: Any, obs: Observation, size: int) -> None:
    """Raise UsageError unless an output is a mean [B, D] and a log standard deviation [B, D], or [D] shared by the batch, of a size D."""
    if not isinstance(answer, tuple) or len(answer) != 2:
        raise UsageError(f"answers {described(answer)}, expected a DiagonalGaussian of mean and log_std")
    mean, log_std = answer
    require_values(mean, obs, size, meaning="the mean of one action per observation")
    spread = log_std.expand_as(mean) if isinstance(log_std, Tensor) and log_std.shape == (size,) else log_std
    require_values(spread, obs, size, meaning="the log standard deviation of one action per observation")
