"""Sampling configuration: epochs, rollouts, batches, environments, replay buffer."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import attrs
from attrs import frozen

from rlchassis.config.fields import number, switch, whole
from rlchassis.config.machine import usable_cpus
from rlchassis.config.tianshou_names import refuses_old_names
from rlchassis.errors import UsageError


@refuses_old_names
@frozen
class SamplingConfig:
    """Sampling configuration. Steps are environment steps, summed over all parallel environments."""

    num_epochs: int = whole(100)
    """Number of epochs; each ends with a test."""
    step_per_epoch: int = whole(30000)
    """Environment steps per epoch."""
    batch_size: int | None = whole(64, or_none=True)
    """Minibatch size, in transitions; None: the whole rollout, on-policy only."""
    num_train_envs: int = whole(-1, also=(-1,))
    """Number of parallel training environments; −1: one per CPU available to the process when the run starts."""
    num_test_envs: int = whole(1, at_least=0)
    """Number of parallel test environments; 0: no tests."""
    num_test_episodes: int | None = whole(None, or_none=True)
    """Number of episodes per test; None: the algorithm's default."""
    buffer_size: int | None = whole(None, or_none=True)
    """Off-policy: capacity of the replay buffer, in transitions; None: the algorithm's default."""
    step_per_collect: int | None = whole(None, or_none=True)
    """Environment steps per rollout, between two phases of updates; None: the algorithm's default."""
    repeat_per_collect: int | None = whole(None, or_none=True)
    """On-policy: passes of minibatches over each rollout (SB3's n_epochs); None: the algorithm's default."""
    update_per_step: float | None = number(None, above=0, or_none=True)
    """Off-policy: gradient updates per environment step, also a fraction; None: the algorithm's default."""
    start_timesteps: int = whole(0, at_least=0)
    """Off-policy: warm-up steps before learning starts (SB3's learning_starts)."""
    start_timesteps_random: bool = switch(False)
    """Off-policy: whether warm-up actions are sampled uniformly from the action space; those of a restored policy never are."""
    critic_warm_up: int | None = whole(None, at_least=0, or_none=True)
    """Off-policy, with a restored policy: steps in which only critics learn; None: a third of the run, at most 5000."""
    replay_buffer_ignore_obs_next: bool = switch(False)
    """Off-policy: whether to read next observations from the following transition instead of storing them, which saves memory."""
    replay_buffer_save_only_last_obs: bool = switch(False)
    """Off-policy: whether to store only the newest frame of stacked observations, which saves memory."""
    replay_buffer_stack_num: int = whole(1)
    """Off-policy: number of frames stacked into an observation when sampling; 1: no stacking."""
    replay_buffer_prioritized: bool = switch(False)
    """Off-policy: whether to use prioritized experience replay."""
    replay_buffer_alpha: float = number(0.6, at_least=0, at_most=1)
    """Off-policy: prioritization exponent α; 0: uniform sampling."""
    replay_buffer_beta: float = number(0.4, at_least=0, at_most=1)
    """Off-policy: initial importance-sampling exponent β, annealed to 1 over the run; 0: no correction."""

    max_steps: int | None = whole(None, or_none=True)
    """Total environment steps at most, even if they end within an epoch; None: num_epochs × step_per_epoch."""
    max_test_episode_steps: int | None = whole(None, or_none=True)
    """Maximum length of episodes in tests, `eval` and `watch`; longer ones count with their return so far; None: no maximum."""
    test_before_training: bool = switch(False)
    """Whether the first test is played before training, of the initial policy."""
    count_start_timesteps: bool = switch(True)
    """Off-policy: whether start_timesteps are part of the first epoch; False: they come before it, and the run is longer by them."""

    @property
    def total_steps(self) -> int:
        """Environment steps of the whole run."""
        planned = self.num_epochs * self.step_per_epoch + (0 if self.count_start_timesteps else self.start_timesteps)
        return planned if self.max_steps is None else min(planned, self.max_steps)


@frozen(kw_only=True)
class ResolvedSampling:
    """Sampling settings of a run after resolution: its SamplingConfig with every None and −1 replaced."""

    num_epochs: int
    step_per_epoch: int
    total_steps: int
    """Environment steps of the whole run."""
    num_train_envs: int
    num_test_envs: int
    num_test_episodes: int = 10
    step_per_collect: int = 0
    batch_size: int = 0
    """0: the whole rollout."""
    repeat_per_collect: int = 0
    """0: off-policy training."""
    buffer_size: int = 0
    """0: on-policy training, which has no replay buffer."""
    update_per_step: float = 0.0
    """0: on-policy training."""
    start_timesteps: int = 0
    start_timesteps_random: bool = False
    critic_warm_up: int = -1
    """−1: a third of the run, at most 5000 steps."""
    replay_buffer_ignore_obs_next: bool = False
    replay_buffer_save_only_last_obs: bool = False
    replay_buffer_stack_num: int = 1
    replay_buffer_prioritized: bool = False
    replay_buffer_alpha: float = 0.6
    replay_buffer_beta: float = 0.4
    max_test_episode_steps: float = math.inf
    """inf: no maximum."""
    test_before_training: bool = False
    count_start_timesteps: bool = True

    def end_of_epoch(self, epoch: int) -> int:
        """Environment step at which an epoch ends, counted from 1."""
        before = 0 if self.count_start_timesteps else self.start_timesteps
        return min(before + epoch * self.step_per_epoch, self.total_steps)


def resolve_sampling(sampling: SamplingConfig, defaults: Mapping[str, int]) -> ResolvedSampling:
    """Replace None by the algorithm's defaults, and −1 environments by the number of usable CPUs."""
    strange = [name for name in defaults if not hasattr(sampling, name)]
    if strange:
        raise UsageError(f"default_sampling has {', '.join(map(repr, strange))}, expected names of the settings in SamplingConfig.")
    known: dict[str, Any] = {name: value for name, value in defaults.items() if getattr(sampling, name) is None}
    if sampling.num_train_envs == -1:
        known["num_train_envs"] = usable_cpus()
    filled = attrs.evolve(sampling, **known)
    settings = {name: value for name, value in attrs.asdict(filled).items() if value is not None and name != "max_steps"}
    return ResolvedSampling(**settings, total_steps=filled.total_steps)
