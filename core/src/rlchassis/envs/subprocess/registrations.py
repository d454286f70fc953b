"""Environments that this process registered with gymnasium, made known in a worker process."""

from __future__ import annotations

import copy
import pickle
import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NoReturn

import gymnasium as gym
from gymnasium.envs.registration import EnvSpec

from rlchassis.errors import UsageError, text_of


def registrations(pack: Callable[[Any], bytes]) -> dict[str, bytes | str]:
    """By id, each packed, or the reason why it cannot be; gymnasium's own are known everywhere."""
    return {name: _packed(spec, pack) for name, spec in gym.registry.items() if not _is_gymnasiums(spec)}


def register_missing(registered: Mapping[str, bytes | str]) -> None:
    """Register here what another process had registered."""
    for name in registered.keys() - gym.registry.keys():
        data = registered[name]
        try:
            spec = data if isinstance(data, str) else pickle.loads(data)
        except Exception as error:  # noqa: BLE001  it is raised if this environment is wanted
            spec = text_of(error)
        gym.registry[name] = EnvSpec(name, partial(_refuse, name, spec)) if isinstance(spec, str) else spec


def _is_gymnasiums(spec: EnvSpec) -> bool:
    return isinstance(spec.entry_point, str) and spec.entry_point.startswith("gymnasium.")


def _packed(spec: EnvSpec, pack: Callable[[Any], bytes]) -> bytes | str:
    try:
        if isinstance(spec.entry_point, str) and spec.entry_point.startswith("__main__:"):  # a worker has another main module
            spec = copy.copy(spec)
            spec.entry_point = getattr(sys.modules["__main__"], str(spec.entry_point).partition(":")[2])
        return pack(spec)
    except Exception as error:  # noqa: BLE001  it is raised if this environment is wanted
        return text_of(error)


def _refuse(name: str, reason: str, **_kwargs: Any) -> NoReturn:
    raise UsageError(f"{name} cannot be sent to a worker process ({reason}); use VectorEnvType.DUMMY")
