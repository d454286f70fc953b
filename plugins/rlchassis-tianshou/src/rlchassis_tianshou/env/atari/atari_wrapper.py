"""Names of tianshou.env.atari.atari_wrapper."""

from __future__ import annotations

from attrs import frozen

from rlchassis_tianshou.highlevel.trainer import EpochStopCallback
from rlchassis_tianshou.translation.context import TrainingContext

PONG_IS_SOLVED = 20.0


@frozen
class AtariEpochStopCallback(EpochStopCallback):
    """Stops at the reward threshold of the game, or at a mean return of 20 in Pong; other games without a threshold never."""

    task: str

    def should_stop(self, mean_rewards: float, context: TrainingContext) -> bool:
        """Whether the threshold is reached."""
        threshold = context.envs.reward_threshold
        if threshold is None:
            return "Pong" in self.task and mean_rewards >= PONG_IS_SOLVED
        return mean_rewards >= threshold
