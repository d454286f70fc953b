"""What a run may be told: settings of the run, and of how it samples. Nothing here is about one algorithm."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from enum import Enum
from typing import Any, TypeVar

import attrs
import torch
from attrs import Attribute, field, frozen
from attrs.converters import optional as optional_of

from rlchassis.errors import UsageError
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


def _switch(instance: Any, attribute: Attribute[Any], value: Any) -> None:
    if not isinstance(value, bool):
        raise UsageError(f"{attribute.name} must be True or False, not {value!r}.")


def _mode(instance: Any, attribute: Attribute[Any], value: Any) -> None:
    if not isinstance(value, Mode):
        raise UsageError(f"{attribute.name} must be Mode.POLICY or Mode.POLICY_STATE_DICT, not {value!r}.")


def _number(wanted: str, fits: Callable[[float], bool]) -> Callable[[Any, Attribute[Any], Any], None]:
    def check(instance: Any, attribute: Attribute[Any], value: Any) -> None:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or not fits(value):
            raise UsageError(f"{attribute.name} must be {wanted}, not {value!r}.")

    return check


_not_negative = _number("a number of at least 0", lambda value: value >= 0)
_positive = _number("a number above 0", lambda value: value > 0)
_share = _number("a number from 0 to 1", lambda value: 0 <= value <= 1)


def _count(instance: Any, attribute: Attribute[Any], value: Any) -> None:
    """A whole number of at least 1."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise UsageError(f"{attribute.name} must be a whole number of at least 1, not {value!r}.")


def _count_or_none(instance: Any, attribute: Attribute[Any], value: Any) -> None:
    if value is not None:
        _count(instance, attribute, value)


def _env_count(instance: Any, attribute: Attribute[Any], value: Any) -> None:
    if value != -1:
        _count(instance, attribute, value)


def _whole(instance: Any, attribute: Attribute[Any], value: Any) -> None:
    """A whole number of at least 0."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise UsageError(f"{attribute.name} must be a whole number of at least 0, not {value!r}.")


@frozen
class ExperimentConfig:
    """Settings of a run that are not about reinforcement learning."""

    seed: int = field(default=42, validator=_whole)
    """Every random stream of the run grows from it."""
    device: str = field(default="cpu", converter=_device)
    """Where networks live and learn; a torch.device is taken by its name."""
    policy_restore_directory: str | None = field(default=None, converter=optional_of(_path))
    """A run directory whose policy is restored before anything is collected."""
    train: bool = field(default=True, validator=_switch)
    """Whether to train; without, the policy is only restored and watched."""
    watch: bool = field(default=True, validator=_switch)
    """Whether to watch the stored policy after training."""
    watch_num_episodes: int = field(default=10, validator=_count)
    """How many episodes to watch."""
    watch_render: float = field(default=0.0, validator=_not_negative)
    """Milliseconds between rendered frames."""
    persistence_base_dir: str = field(default="log", converter=_path)
    """The directory that holds the run directories."""
    persistence_enabled: bool = field(default=True, validator=_switch)
    """Whether anything is written at all."""
    log_file_enabled: bool = field(default=True, validator=_switch)
    """Whether log messages also go to log.txt of the run directory."""
    policy_persistence_mode: Mode = field(default=Mode.POLICY, validator=_mode)
    """How much policy.pt holds."""
    num_threads: int | None = field(default=None, validator=_count_or_none)
    """Torch threads while the run lasts; None: one for small networks, which are faster so, and torch's own setting for others."""


@refuses_old_names
@frozen
class SamplingConfig:
    """How a run spends its environment steps. Every quantity is in environment steps, whatever the number of environments."""

    num_epochs: int = field(default=100, validator=_count)
    """Epochs; each ends with a test."""
    step_per_epoch: int = field(default=30000, validator=_count)
    """Environment steps per epoch."""
    batch_size: int | None = field(default=64, validator=_count_or_none)
    """Rows of one (mini)batch; None: the whole rollout, on-policy only."""
    num_train_envs: int = field(default=-1, validator=_env_count)
    """Environments that train side by side; −1: one per CPU, counted when the run starts."""
    num_test_envs: int = field(default=1, validator=_whole)
    """Environments that test side by side; 0: no tests."""
    num_test_episodes: int | None = field(default=None, validator=_count_or_none)
    """Episodes per test; None: what suits the algorithm."""
    buffer_size: int | None = field(default=None, validator=_count_or_none)
    """Transitions that a replay buffer holds; None: what suits the algorithm."""
    step_per_collect: int | None = field(default=None, validator=_count_or_none)
    """Environment steps between two learning phases; None: what suits the algorithm."""
    repeat_per_collect: int | None = field(default=None, validator=_count_or_none)
    """On-policy: passes over each rollout; None: what suits the algorithm."""
    update_per_step: float = field(default=1.0, validator=_positive)
    """Off-policy: rounds of learning per environment step; may be a fraction."""
    start_timesteps: int = field(default=0, validator=_whole)
    """Off-policy: environment steps before learning begins."""
    start_timesteps_random: bool = field(default=False, validator=_switch)
    """Off-policy: whether those first steps act uniformly at random."""
    replay_buffer_ignore_obs_next: bool = field(default=False, validator=_switch)
    """Off-policy: look up next observations in the following row instead of storing them."""
    replay_buffer_save_only_last_obs: bool = field(default=False, validator=_switch)
    """Off-policy: store only the newest frame of stacked observations."""
    replay_buffer_stack_num: int = field(default=1, validator=_count)
    """Off-policy: frames stacked when sampling."""
    replay_buffer_prioritized: bool = field(default=False, validator=_switch)
    """Off-policy: sample by priority."""
    replay_buffer_alpha: float = field(default=0.6, validator=_share)
    """Off-policy: how much priorities matter α."""
    replay_buffer_beta: float = field(default=0.4, validator=_share)
    """Off-policy: how much the bias of priorities is corrected β at first; 1 at the end."""

    max_steps: int | None = field(default=None, validator=_count_or_none)
    """Environment steps after which training ends, even within an epoch; None: as many as the epochs hold."""

    @property
    def total_steps(self) -> int:
        """Environment steps of the whole run."""
        planned = self.num_epochs * self.step_per_epoch
        return planned if self.max_steps is None else min(planned, self.max_steps)


def settled(setting: T | None) -> T:
    """A setting of a resolved SamplingConfig, where nothing is left open."""
    assert setting is not None
    return setting


def resolve_sampling(sampling: SamplingConfig, suited: dict[str, int]) -> SamplingConfig:
    """Put in what suits the algorithm where a setting was left open, and count the CPUs; ready to run."""
    known: dict[str, Any] = {name: value for name, value in suited.items() if getattr(sampling, name) is None}
    if sampling.num_train_envs == -1:
        known["num_train_envs"] = os.cpu_count() or 1
    return attrs.evolve(sampling, **known)
