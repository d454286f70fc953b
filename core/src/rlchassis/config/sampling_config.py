"""How a run spends its environment steps."""

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
    """How a run spends its environment steps. Every quantity is in environment steps, whatever the number of environments."""

    num_epochs: int = whole(100)
    """Epochs; each ends with a test."""
    step_per_epoch: int = whole(30000)
    """Environment steps per epoch."""
    batch_size: int | None = whole(64, or_none=True)
    """Rows of one (mini)batch; None: the whole rollout, on-policy only."""
    num_train_envs: int = whole(-1, also=(-1,))
    """Environments that train side by side; −1: one per CPU that the process may use, counted when the run starts."""
    num_test_envs: int = whole(1, at_least=0)
    """Environments that test side by side; 0: no tests."""
    num_test_episodes: int | None = whole(None, or_none=True)
    """Episodes per test; None: what suits the algorithm."""
    buffer_size: int | None = whole(None, or_none=True)
    """Transitions that a replay buffer holds; None: what suits the algorithm."""
    step_per_collect: int | None = whole(None, or_none=True)
    """Environment steps between two learning phases; None: what suits the algorithm."""
    repeat_per_collect: int | None = whole(None, or_none=True)
    """On-policy: passes over each rollout; None: what suits the algorithm."""
    update_per_step: float | None = number(None, above=0, or_none=True)
    """Off-policy: rounds of learning per environment step, which may be a fraction; None: what suits the algorithm."""
    start_timesteps: int = whole(0, at_least=0)
    """Off-policy: environment steps before learning begins."""
    start_timesteps_random: bool = switch(False)
    """Off-policy: whether those first steps act uniformly at random."""
    replay_buffer_ignore_obs_next: bool = switch(False)
    """Off-policy: look up next observations in the following row instead of storing them."""
    replay_buffer_save_only_last_obs: bool = switch(False)
    """Off-policy: store only the newest frame of stacked observations."""
    replay_buffer_stack_num: int = whole(1)
    """Off-policy: frames stacked when sampling."""
    replay_buffer_prioritized: bool = switch(False)
    """Off-policy: sample by priority."""
    replay_buffer_alpha: float = number(0.6, at_least=0, at_most=1)
    """Off-policy: how much priorities matter α."""
    replay_buffer_beta: float = number(0.4, at_least=0, at_most=1)
    """Off-policy: how much the bias of priorities is corrected β at first; 1 at the end."""

    max_steps: int | None = whole(None, or_none=True)
    """Environment steps after which training ends, even within an epoch; None: as many as the epochs hold."""
    max_test_episode_steps: int | None = whole(None, or_none=True)
    """Steps after which an episode of a test, `eval` or `watch` is cut, counting with its return so far; None: it is waited for."""

    @property
    def total_steps(self) -> int:
        """Environment steps of the whole run."""
        planned = self.num_epochs * self.step_per_epoch
        return planned if self.max_steps is None else min(planned, self.max_steps)


@frozen(kw_only=True)
class ResolvedSampling:
    """The sampling settings that a run uses: those of its SamplingConfig, with every None and −1 replaced."""

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
    replay_buffer_ignore_obs_next: bool = False
    replay_buffer_save_only_last_obs: bool = False
    replay_buffer_stack_num: int = 1
    replay_buffer_prioritized: bool = False
    replay_buffer_alpha: float = 0.6
    replay_buffer_beta: float = 0.4
    max_test_episode_steps: float = math.inf
    """inf: episodes are not cut."""


def resolve_sampling(sampling: SamplingConfig, suited: Mapping[str, int]) -> ResolvedSampling:
    """Replace None by what suits the algorithm, and −1 environments by the number of usable CPUs."""
    strange = [name for name in suited if not hasattr(sampling, name)]
    if strange:
        raise UsageError(f"default_sampling has {', '.join(map(repr, strange))}, expected names of the settings in SamplingConfig.")
    known: dict[str, Any] = {name: value for name, value in suited.items() if getattr(sampling, name) is None}
    if sampling.num_train_envs == -1:
        known["num_train_envs"] = usable_cpus()
    filled = attrs.evolve(sampling, **known)
    settings = {name: value for name, value in attrs.asdict(filled).items() if value is not None and name != "max_steps"}
    return ResolvedSampling(**settings, total_steps=filled.total_steps)
