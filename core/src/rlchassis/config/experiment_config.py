"""Settings of a run that are not about reinforcement learning."""

from __future__ import annotations

import os
from enum import Enum

import torch
from attrs import field, frozen
from attrs.converters import optional as optional_of

from rlchassis.config.fields import instance, number, switch, whole
from rlchassis.config.tianshou_names import refuses_old_names
from rlchassis.errors import UsageError


class Mode(Enum):
    """How much policy.pt holds."""

    POLICY_STATE_DICT = "policy_state_dict"
    """The weights alone; the rest comes from the configuration beside them."""
    POLICY = "policy"
    """The weights with spaces and configuration, so that the file alone can act, without any environment."""


def _device(value: str | torch.device) -> str:
    """Its name, so that a configuration equals the one that is read back."""
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
