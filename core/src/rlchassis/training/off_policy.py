"""Off-policy training, with a replay buffer."""

from __future__ import annotations

import logging
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np
from attrs import define, field

from rlchassis.collecting.episodes import CollectStats
from rlchassis.collecting.rollout import RolloutBuffer
from rlchassis.collecting.warm_up import RandomBursts, UniformPolicy
from rlchassis.config import ResolvedSampling
from rlchassis.config.machine import free_memory
from rlchassis.data.step import Step
from rlchassis.envs import Environments, is_masked, without_mask
from rlchassis.errors import UsageError
from rlchassis.learning.policy import Policy, action_space_of, layers
from rlchassis.replay import Replay, ReplayBuffer, Sample, require_space_of_stacks
from rlchassis.training.checks.memory import ReplayMemory
from rlchassis.training.checks.off_policy_settings import check_off_policy, first_learning_step, settings_never_reached
from rlchassis.training.checks.results import require_batch, require_priorities
from rlchassis.training.critic_warm_up import CriticWarmUp, steps_of_warm_up
from rlchassis.training.trainer import Trainer

log = logging.getLogger(__name__)
LARGEST_DENOMINATOR = 1_000_000


@define(eq=False)
class Both:
    """Adds each step to two buffers."""

    first: Replay
    second: RolloutBuffer

    def add(self, step: Step) -> None:
        """Add to both."""
        self.first.add(step)
        self.second.add(step)


@define(eq=False)
class OffPolicyTrainer(Trainer):
    """Training loop with a replay buffer and update_per_step updates per environment step."""

    refused: ClassVar[dict[str, str]] = {"repeat_per_collect": "off-policy training samples a new batch for every update (update_per_step)"}
    takes_buffers: ClassVar[bool] = True

    _ratio: Fraction = field(init=False)
    _warm_up: Policy | None = field(init=False, default=None)
    """Policy that acts before start_timesteps; None: the trained policy."""
    _bursts: Policy | None = field(init=False, default=None)
    """Policy that acts while critics learn the values of a restored policy."""
    _critic_warm_up: CriticWarmUp | None = field(init=False, default=None)
    """Set while a restored policy does not learn yet."""
    _new_steps: RolloutBuffer | None = field(init=False, default=None)
    """Steps of one collection, if the policy or a wrapper overrides `observe`."""
    _observing: int = field(init=False)
    """Number of layers, from the outermost, down to the last that overrides it."""
    _memory: ReplayMemory = field(init=False)
    """Memory of the replay buffer, set if there is training."""

    def __attrs_post_init__(self) -> None:
        """Check the replay buffer's memory and create the warm-up policy."""
        world, sampling = self.world, self.world.sampling
        actions = action_space_of(world.policy, world.envs.action_space)
        if sampling.replay_buffer_stack_num > 1:
            require_space_of_stacks(without_mask(world.envs.observation_space), sampling.replay_buffer_stack_num)
        if world.config.train:
            spaces = Environments.from_spaces(world.envs.observation_space, actions)
            self._memory = ReplayMemory.of(self._replay, spaces, world.train_collector.envs.infos, world.policy)
            self._memory.require(free_memory(), sampling.total_steps)
        self._ratio = Fraction(sampling.update_per_step).limit_denominator(LARGEST_DENOMINATOR)
        if world.config.policy_restore_directory is not None:
            self._bursts = RandomBursts(world.policy, self._uniform(1), np.random.default_rng(world.streams.sequence("warm_up", 2)))
        elif sampling.start_timesteps_random:
            self._warm_up = self._uniform()
        overridden = (depth for depth, layer in enumerate(layers(world.policy), 1) if type(layer).observe is not Policy.observe)
        self._observing = max(overridden, default=0)
        if self._observing:
            self._new_steps = RolloutBuffer()

    def _uniform(self, *branch: int) -> UniformPolicy:
        """Random actions, from a branch of the stream of the warm-up."""
        *_, innermost = layers(self.world.policy)
        spaces, rng = self.world.envs, np.random.default_rng(self.world.streams.sequence("warm_up", *branch))
        masks = is_masked(spaces.observation_space)
        return UniformPolicy(spaces.action_space, rng, is_masked=masks, joint_actions=innermost.joint_actions)

    @classmethod
    def check_sampling(cls, sampling: ResolvedSampling) -> None:
        """UsageError for settings that off-policy training does not support, or under which it would never update."""
        super().check_sampling(sampling)
        check_off_policy(sampling)

    @classmethod
    def create_buffer(cls, sampling: ResolvedSampling) -> ReplayBuffer:
        """Create a replay buffer shared by all environments."""
        return ReplayBuffer.create(
            sampling.buffer_size,
            sampling.num_train_envs,
            store_next_obs=not sampling.replay_buffer_ignore_obs_next,
            stack_num=sampling.replay_buffer_stack_num,
            alpha=sampling.replay_buffer_alpha if sampling.replay_buffer_prioritized else None,
            beta=sampling.replay_buffer_beta,
        )

    @property
    def _replay(self) -> Replay:
        assert isinstance(self.world.buffer, Replay)
        return self.world.buffer

    def begin(self) -> None:
        super().begin()
        log.info("The full replay buffer takes %s.", self._memory)
        if self.world.config.policy_restore_directory is not None:
            self._hold_restored_policy()
        for warning in settings_never_reached(self.world.algorithm, self._rounds_due(self.world.sampling.total_steps)):
            log.warning(warning)

    def _hold_restored_policy(self) -> None:
        world, sampling = self.world, self.world.sampling
        end = first_learning_step(sampling) + steps_of_warm_up(sampling.critic_warm_up, sampling.total_steps)
        if self.state.env_step <= end:
            self._critic_warm_up = CriticWarmUp.of(world.policy, world.optimizers, end)
        if self._critic_warm_up is not None:
            log.info("The critics learn the values of the restored policy, which itself learns after step %d.", end)
            if end >= sampling.total_steps:
                log.warning("The run ends before the restored policy learns; lower sampling.critic_warm_up or train longer.")

    def _collect(self) -> CollectStats:
        """One collection, which ends at the latest with the warm-up."""
        world, sampling = self.world, self.world.sampling
        warming_up = self.state.env_step < sampling.start_timesteps
        end = sampling.start_timesteps if warming_up else sampling.total_steps
        wanted = min(sampling.step_per_collect, end - self.state.env_step)
        buffer = self._replay if self._new_steps is None else Both(self._replay, self._new_steps)
        acting = self._warm_up if warming_up else self._bursts if self._critic_warm_up is not None else None
        return world.train_collector.collect(wanted, buffer, acting, self._recorded, self._collected)

    def _learn(self) -> None:
        due = self._rounds_due(self.state.env_step)
        if due > self.state.updates == 0:
            log.info("Updates start at environment step %d; warm-up steps cause no catch-up updates.", self.state.env_step)
        warm_up = self._critic_warm_up
        if warm_up is not None and self.state.env_step > warm_up.end:
            warm_up.release()
            if (graphs := self.world.algorithm.graphs) is not None:
                graphs.forget()
            self._critic_warm_up = warm_up = None
        while self.state.updates < due:
            self._round()
            if warm_up is not None:
                warm_up.put_back()
        if self._new_steps is not None:
            seen = self._transformed(self._new_steps.drain().to(self.world.device), self._observing - 1)
            for layer, experience in zip(layers(self.world.policy), seen, strict=False):
                layer.observe(experience)

    def parts(self) -> dict[str, Any]:
        """See Trainer; with the random stream of the warm-up, and steps that wrappers have yet to observe."""
        return {**super().parts(), "_warm_up": self._warm_up, "_bursts": self._bursts, "_new_steps": self._new_steps}

    def _rounds_due(self, env_step: int) -> int:
        """⌊n · update_per_step⌋ for n steps after the first learning step, independent of step_per_collect."""
        steps = max(0, env_step - first_learning_step(self.world.sampling))
        return steps * self._ratio.numerator // self._ratio.denominator

    def _sample(self) -> Sample:
        """A batch of windows: rows of n steps, or sequences of a recurrent policy that hold batch_size rows, at least one."""
        world, policy, replay = self.world, self.world.algorithm.policy, self._replay
        count, n = max(1, world.sampling.batch_size // policy.sequence_length), world.algorithm.n_step + policy.sequence_length - 1
        if not policy.burn_in:
            return replay.sample(count, n, world.sampler_rng)
        assert isinstance(replay, ReplayBuffer)
        return replay.sample(count, n, world.sampler_rng, before=policy.burn_in)

    def _round(self) -> None:
        world, replay = self.world, self._replay
        sample = self._sample()
        window = sample.window if world.device.type == "cpu" else sample.window.to(world.device)
        *seen, transformed = self._transformed(window)
        batch = world.algorithm.prepare(transformed, world.learner_rng)
        if self.state.updates == 0:
            require_batch(batch, world.algorithm.prepare)
        learned = world.algorithm.update(batch, self.state.updates)
        self._record_update(learned)
        if replay.prioritized:
            if learned.priorities is None:
                raise UsageError("this algorithm returns no priorities; leave sampling.replay_buffer_prioritized out.")
            require_priorities(learned.priorities, len(sample.indices), world.algorithm.update)
            replay.update_priorities(sample.indices, learned.priorities)
        for layer, experience in zip(layers(world.policy), seen, strict=True):
            self.metrics.record_update(layer.learn(experience), layer.learn)
