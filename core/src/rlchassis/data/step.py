"""One step of N environments as numpy arrays; buffers turn it into an Experience. Imports no torch."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Step(NamedTuple):
    """One step of N environments, arrays [N, …]; the fields are those of Experience."""

    obs: Any
    """Observations that the policy acted on."""
    actions: NDArray[Any]
    """Actions returned by the policy, before they are scaled and clipped to the action space."""
    rewards: NDArray[np.float64]
    """Rewards, in float64 so that returns are exact."""
    next_obs: Any
    """Next observations; the final observation where an episode ended, not that of the reset."""
    terminated: NDArray[np.bool_]
    """Whether the episode terminated."""
    truncated: NDArray[np.bool_]
    """Whether the episode was truncated, for example by a time limit."""
    valid: NDArray[np.bool_]
    """Whether the row is a transition; False where an environment was not stepped, or used the step for its autoreset."""
    columns: dict[str, Any] = {}  # noqa: RUF012  # shared and never written to
    """Further values by name, trees of arrays [N, …]: those that the policy or the environment records."""
