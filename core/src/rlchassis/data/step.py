"""One step of N environments as numpy arrays, from the environment to the buffer; as tensors it is an Experience. Imports no torch."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Step(NamedTuple):
    """What N environments did, arrays [N, …]; the fields are those of Experience."""

    obs: Any
    """What the policy acted on."""
    actions: NDArray[Any]
    """What it chose, before the environment layer clipped it."""
    rewards: NDArray[np.float64]
    """At double precision, so that returns add up exactly."""
    next_obs: Any
    """The true successors of obs: final observations where an episode ended."""
    terminated: NDArray[np.bool_]
    """Whether the episode came to its own end."""
    truncated: NDArray[np.bool_]
    """Whether the episode was cut short, by a time limit for example."""
    valid: NDArray[np.bool_]
    """Whether the row is a transition; False where an environment was not stepped, or spent the step on its own reset."""
