"""On-policy training, with a rollout buffer."""

from __future__ import annotations

from typing import ClassVar

from rlchassis.collecting.rollout import RolloutBuffer
from rlchassis.config import ResolvedSampling
from rlchassis.errors import UsageError
from rlchassis.learning.policy import layers
from rlchassis.training.checks.results import require_batch
from rlchassis.training.trainer import Trainer


class OnPolicyTrainer(Trainer):
    """Training loop that updates from each rollout and then discards it."""

    refused: ClassVar[dict[str, str]] = dict.fromkeys(
        (
            "buffer_size",
            "update_per_step",
            "start_timesteps",
            "start_timesteps_random",
            "count_start_timesteps",
            "critic_warm_up",
            "replay_buffer_ignore_obs_next",
            "replay_buffer_save_only_last_obs",
            "replay_buffer_stack_num",
            "replay_buffer_prioritized",
            "replay_buffer_alpha",
            "replay_buffer_beta",
        ),
        "on-policy training learns from each rollout and has no replay buffer",
    )
    transformed_by: ClassVar[str] = "transform_rollout"

    @classmethod
    def check_sampling(cls, sampling: ResolvedSampling) -> None:
        """UsageError for settings that on-policy training does not support, or if a minibatch is larger than a rollout."""
        super().check_sampling(sampling)
        rollout = min(sampling.step_per_collect, sampling.total_steps)
        if sampling.batch_size > rollout:
            raise UsageError(
                f"a minibatch of {sampling.batch_size} is larger than the rollout of {rollout} steps; "
                "lower sampling.batch_size or raise sampling.step_per_collect."
            )

    @classmethod
    def create_buffer(cls, sampling: ResolvedSampling) -> RolloutBuffer:
        """Create a rollout buffer."""
        return RolloutBuffer()

    def _learn(self) -> None:
        world = self.world
        assert isinstance(world.buffer, RolloutBuffer)
        recorded = world.buffer.drain().to(world.device)
        *seen, rollout = self._transformed(recorded)
        keep = rollout.valid
        algorithm, is_first = world.algorithm, self.state.updates == 0
        batch = algorithm.prepare(rollout, world.learner_rng)
        if is_first:
            require_batch(batch, algorithm.prepare, recorded.rewards.shape)
        for repetition in range(world.sampling.repeat_per_collect):
            if repetition:
                batch = algorithm.refresh(batch, rollout)
                if is_first:
                    require_batch(batch, algorithm.refresh, recorded.rewards.shape)
            rows = batch.flatten(keep)
            if not repetition:
                self.metrics.record_update(algorithm.rollout_metrics(rows), algorithm.rollout_metrics)
            for minibatch in rows.minibatches(world.sampling.batch_size or None, world.learner_rng):
                self._record_update(algorithm.update(minibatch, self.state.updates))
        for layer, experience in zip(layers(world.policy), seen, strict=True):
            self.metrics.record_update(layer.learn(experience), layer.learn)
            layer.observe(experience)
