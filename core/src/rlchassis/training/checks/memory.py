"""Memory of a replay buffer, computed from the spaces before training."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from attrs import frozen

from rlchassis.data.experience import as_tensors, map_tensors
from rlchassis.data.step import Step
from rlchassis.envs import ActionMap, Environments, allocate
from rlchassis.envs.infos import InfoArrays
from rlchassis.errors import NotEnoughMemoryError
from rlchassis.learning.policy import Policy
from rlchassis.replay import Replay


@frozen
class ReplayMemory:
    """Memory of a full replay buffer."""

    transitions: int
    per_transition: int
    """Bytes per transition."""
    ways_to_shrink: tuple[str, ...]
    """Advice on settings that reduce memory and are not used yet."""

    @classmethod
    def of(cls, buffer: Replay, envs: Environments, infos: InfoArrays | None = None, policy: Policy | None = None) -> ReplayMemory:
        """Memory of a buffer for the spaces of these environments, the columns read from their `info`, and what the policy records."""
        ways, step = tuple(buffer.ways_to_shrink(envs.observation_space)), example_step(envs, infos)
        if policy is not None and policy.records_columns:
            step = step._replace(columns={**step.columns, **_recorded(policy, step)})
        return cls(buffer.capacity, buffer.bytes_per_transition(step), ways)

    def __str__(self) -> str:
        size = in_words(self.transitions * self.per_transition)
        return f"{size} of memory ({self.transitions} transitions of {self.per_transition} bytes each)"

    def require(self, free: int | None, total_steps: int) -> None:
        """NotEnoughMemoryError if it exceeds `free` bytes; None: unknown."""
        if free is None or self.transitions * self.per_transition <= free:
            return
        fitting = f"lower sampling.buffer_size to at most {free // self.per_transition}"
        if total_steps < self.transitions:
            fitting += f" (this run stores at most {total_steps})"
        ways = ", or ".join((fitting, *self.ways_to_shrink))
        raise NotEnoughMemoryError(f"the full replay buffer takes {self}, but only {in_words(free)} are free; {ways}.")


def example_step(envs: Environments, infos: InfoArrays | None = None) -> Step:
    """A step of one environment, with the shapes and dtypes of collected ones."""
    obs, flag = allocate(envs.observation_space, 1), np.zeros(1, np.bool_)
    columns = {} if infos is None else {key: array[:1] for key, array in infos.columns.items()}
    return Step(obs, ActionMap(envs.action_space).random(1, np.random.default_rng(0)), np.zeros(1), obs, flag, flag, flag, columns)


def _recorded(policy: Policy, step: Step) -> dict[str, Any]:
    """Columns of a policy for an example step."""
    device = next((p.device for p in policy.parameters()), torch.device("cpu"))
    with torch.no_grad():
        _, state = policy.act(as_tensors(step.obs, device), None, explore=False, rng=torch.Generator(device))
    columns: dict[str, Any] = map_tensors(lambda part: part.cpu().numpy(), policy.columns(None, state))
    return columns


def in_words(num_bytes: int) -> str:
    """Size with a unit: KiB, MiB or GiB, the first that gives a number below 1024."""
    size = num_bytes / 1024
    for unit in ("KiB", "MiB"):
        if size < 1024:
            return f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} GiB"
