"""What a run may be told: settings of the run, and of how it samples. Nothing here is about one algorithm."""

from __future__ import annotations

import os
from collections.abc import Mapping
from enum import Enum
from typing import Any, TypeVar

import attrs
import torch
from attrs import field, frozen
from attrs.converters import optional as optional_of

from rlchassis.errors import UsageError
from rlchassis.fields import instance, number, switch, whole
from rlchassis.machine import usable_cpus
from rlchassis.renamed import refuses_old_names

T = TypeVar("T")


class Mode(Enum):
    """How much policy.pt holds."""

    POLICY_STATE_DICT = "policy_state_dict"
    """The weights alone; the rest comes from the recipe beside them."""
    POLICY = "policy"
    """The weights with spaces and recipe, so that the file alone can act, without any environment."""


def _device(value: str | torch.device) -> str:
    """Its name, so that a recipe equals the one that is read back."""
    try:
        torch.device(value)
    except (RuntimeError, TypeError) as error:
        raise UsageError(f"device {value!r} is no torch device; say 'cpu', 'cuda' or 'cuda:0'.") from error
    return str(value)


def _path(value: str | os.PathLike[str]) -> str:
    if not isinstance(value, str | os.PathLike):
        raise UsageError(f"a directory must be a text or a path, not {value!r}.")
    return os.fspath(value)


@refuses_old_names
@frozen
class ExperimentConfig:
    """Settings of a run that are not about reinforcement learning."""

    seed: int = whole(42, at_least=0)
    """Every random stream of the run grows from it."""
    device: str = field(default="cpu", converter=_device)
    """Where networks live and learn; a torch.device is taken by its name."""
    policy_restore_directory: str | None = field(default=None, converter=optional_of(_path))
    """A run directory whose policy is restored before anything is collected."""
    train: bool = switch(True)
    """Whether to train; without, the policy is only restored and watched."""
    watch: bool = switch(True)
    """Whether to watch the stored policy after training."""
    watch_num_episodes: int = whole(10)
    """How many episodes to watch."""
    watch_render: float = number(0.0, at_least=0, at_most=60_000)
    """Milliseconds between rendered frames."""
    persistence_base_dir: str = field(default="log", converter=_path)
    """The directory that holds the run directories."""
    persistence_enabled: bool = switch(True)
    """Whether anything is written at all."""
    log_file_enabled: bool = switch(True)
    """Whether log messages also go to log.txt of the run directory."""
    policy_persistence_mode: Mode = instance(Mode, Mode.POLICY)
    """How much policy.pt holds."""
    num_threads: int | None = whole(None, at_most=1024, or_none=True)
    """Torch threads while the run lasts; None: one for small networks, which are faster so, and torch's own setting for others."""


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


def settled(setting: T | None) -> T:
    """A setting of a resolved SamplingConfig, where nothing is left open."""
    assert setting is not None
    return setting


def resolve_sampling(sampling: SamplingConfig, suited: Mapping[str, int]) -> SamplingConfig:
    """Put in what suits the algorithm where a setting was left open, and count the CPUs; ready to run."""
    strange = [name for name in suited if not hasattr(sampling, name)]
    if strange:
        raise UsageError(f"suited_sampling has {', '.join(map(repr, strange))}, expected names of the settings in SamplingConfig.")
    known: dict[str, Any] = {name: value for name, value in suited.items() if getattr(sampling, name) is None}
    if sampling.num_train_envs == -1:
        known["num_train_envs"] = usable_cpus()
    return attrs.evolve(sampling, **known)
