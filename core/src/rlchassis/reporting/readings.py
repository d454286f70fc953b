"""Metrics read once per row, without averaging: learning rates and the state of the replay buffer."""

from __future__ import annotations

from collections.abc import Sequence

from rlchassis.collecting.rollout import RolloutBuffer
from rlchassis.learning.optimizer import Optimizer
from rlchassis.replay import Replay


def learning_rates(optimizers: Sequence[Optimizer]) -> dict[str, float]:
    """learn/learning_rate of a single optimizer, or one metric per role.

    The roles of the bundled algorithms give learn/actor_learning_rate, learn/critic_learning_rate and learn/temperature_learning_rate.
    """
    if len(optimizers) == 1:
        return {"learn/learning_rate": optimizers[0].learning_rate}
    return {f"learn/{optimizer.role}_learning_rate": optimizer.learning_rate for optimizer in optimizers}


def replay_readings(buffer: Replay | RolloutBuffer) -> dict[str, float]:
    """replay/size in transitions, and what the buffer adds, such as replay/beta for prioritized replay; empty for a rollout buffer."""
    if not isinstance(buffer, Replay):
        return {}
    return {"replay/size": float(len(buffer)), **{f"replay/{name}": value for name, value in buffer.readings().items()}}
