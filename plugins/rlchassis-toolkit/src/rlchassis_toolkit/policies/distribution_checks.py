"""Checks that an actor's output is a distribution over the actions of a space; errors say what was got and expected."""

from __future__ import annotations

import math
from typing import Any

import torch
from gymnasium import spaces
from torch import Tensor

from rlchassis.api import Observation, UsageError, described, require_action, require_values
from rlchassis_toolkit.distributions import Categorical, DiagonalGaussian


def require_distribution(answer: Any, obs: Observation, space: spaces.Space[Any]) -> None:
    """Raise UsageError unless an output is a distribution over the actions of a space, one per observation."""
    kinds = [Categorical, DiagonalGaussian]
    wanted, unwanted = kinds if isinstance(space, spaces.Discrete) else kinds[::-1]
    missing = [name for name in ("sample", "mode", "log_prob") if not callable(getattr(answer, name, None))]
    if missing or isinstance(answer, (Tensor, torch.distributions.Distribution, unwanted)):
        raise UsageError(f"answers {described(answer)}, expected a distribution such as rlchassis_toolkit.{wanted.__name__}")
    if isinstance(answer, Categorical) and isinstance(space, spaces.Discrete):
        require_values(answer.logits, obs, int(space.n), meaning="one logit per action", may_be_infinite=True)
    if isinstance(answer, DiagonalGaussian):
        require_gaussian(answer, obs, space)
    require_action(answer.mode(), obs, space)
    require_values(answer.log_prob(answer.mode()), obs, meaning="one log-probability per action")


def require_gaussian(answer: Any, obs: Observation, space: spaces.Space[Any]) -> None:
    """Raise UsageError unless an output is a mean [B, D] and a log standard deviation [B, D], or [D] shared by the batch."""
    if not isinstance(answer, tuple) or len(answer) != 2:
        raise UsageError(f"answers {described(answer)}, expected a DiagonalGaussian of mean and log_std")
    size, (mean, log_std) = math.prod(space.shape or ()), answer
    require_values(mean, obs, size, meaning="the mean of one action per observation")
    spread = log_std.expand_as(mean) if isinstance(log_std, Tensor) and log_std.shape == (size,) else log_std
    require_values(spread, obs, size, meaning="the log standard deviation of one action per observation")
