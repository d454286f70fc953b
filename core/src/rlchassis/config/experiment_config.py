"""Run configuration: seed, device, persistence, watching, threads."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from enum import Enum
from typing import Any

import torch
from attrs import Attribute, field, frozen
from attrs.converters import optional as optional_of

from rlchassis.config.fields import instance, number, switch, whole
from rlchassis.config.info_metrics import info_metrics_from
from rlchassis.config.tianshou_names import refuses_old_names
from rlchassis.errors import UsageError

SECONDS = {"s": 1, "min": 60, "h": 3600}


class Mode(Enum):
    """Content of policy.pt."""

    POLICY_STATE_DICT = "policy_state_dict"
    """The state_dict only; loading it also needs experiment.json from the same directory."""
    POLICY = "policy"
    """The state_dict with spaces and agent configuration: the file can be loaded by itself, without an environment."""


def _device(value: str | torch.device) -> str:
    """The device's name, so that a configuration equals the one read back from its file."""
    try:
        torch.device(value)
    except (RuntimeError, TypeError) as error:
        raise UsageError(f"expected a torch device, got {value!r}; use 'cpu', 'cuda' or 'cuda:0'.") from error
    return str(value)


def _path(value: str | os.PathLike[str]) -> str:
    if not isinstance(value, str | os.PathLike):
        raise UsageError(f"expected a directory as a str or a path, got {value!r}.")
    return os.fspath(value)


def _texts(value: Iterable[str]) -> tuple[str, ...]:
    texts = () if isinstance(value, str) else tuple(value)
    if isinstance(value, str) or not all(isinstance(text, str) for text in texts):
        raise UsageError(f'info_metrics must be a tuple of strings, ("is_success", "cost:sum"), not {value!r}.')
    info_metrics_from(texts)
    return texts


def interval(value: int | str) -> tuple[float, str] | None:
    """Number and unit, "steps" or "s", of such a setting; None if it is neither a number of steps nor a duration."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value, "steps"
    found = re.fullmatch(r"(\d{1,9}(?:\.\d{1,9})?) ?(s|min|h)", value) if isinstance(value, str) else None
    return (float(found[1]) * SECONDS[found[2]], "s") if found and float(found[1]) > 0 else None


def is_interval(instance: Any, attribute: Attribute[Any], value: Any) -> None:
    """UsageError unless it is a number of steps or a duration."""
    if interval(value) is None:
        raise UsageError(f'{attribute.name} must be a number of environment steps or a duration such as "10min", not {value!r}.')


@refuses_old_names
@frozen
class ExperimentConfig:
    """Run configuration: seed, device, persistence, watching, threads."""

    seed: int = whole(42, at_least=0)
    """Random seed."""
    device: str = field(default="cpu", converter=_device)
    """Torch device of the networks, by name or as a torch.device."""
    policy_restore_directory: str | None = field(default=None, converter=optional_of(_path))
    """Run directory whose policy weights are loaded before training."""
    train: bool = switch(True)
    """Whether to train; False: only restore the policy and watch it."""
    watch: bool = switch(True)
    """Whether to watch the stored policy after training."""
    watch_num_episodes: int = whole(10)
    """Number of episodes to watch."""
    watch_render: float = number(0.0, at_least=0, at_most=60_000)
    """Delay between rendered frames, in milliseconds."""
    persistence_base_dir: str = field(default="log", converter=_path)
    """Parent directory of the run directories."""
    persistence_enabled: bool = switch(True)
    """Whether to write a run directory; False: nothing is written."""
    log_file_enabled: bool = switch(True)
    """Whether to also write log messages to log.txt in the run directory."""
    policy_persistence_mode: Mode = instance(Mode, Mode.POLICY)
    """Content of policy.pt."""
    checkpoint_every: int | str = field(default="10min", validator=is_interval)
    """Interval of checkpoints, from which a run is resumed: environment steps, or a duration such as "30s", "10min" or "2h"; 0: never."""
    require_exact_resume: bool = switch(False)
    """Whether to refuse to start where the state of the environments cannot be stored exactly."""
    num_threads: int | None = whole(None, at_most=1024, or_none=True)
    """Number of torch threads during the run; None: 1 for small networks, which run faster that way, torch's default for others."""
    info_metrics: tuple[str, ...] = field(default=(), converter=_texts)
    """Keys of `info` whose numbers are logged as train/KEY and test/KEY. Of an episode counts the last, or KEY:mean, KEY:sum or KEY:max."""
