"""Stepping environments with a policy: current observations and recurrent state. Counts and stores nothing."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import torch
from attrs import define, field
from numpy.typing import NDArray
from torch import Generator, Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from rlchassis.data.experience import as_tensors, map_tensors
from rlchassis.data.step import Step
from rlchassis.envs import VectorEnvironment
from rlchassis.learning.policy import Policy, in_evaluation


@define(eq=False)
class Acting:
    """Steps a vector environment with a policy."""

    policy: Policy
    envs: VectorEnvironment
    rng: Generator
    device: torch.device
    _obs: Any = field(default=None, init=False)
    state: Any = field(default=None, init=False)
    """Recurrent state [N, …] of the policy; None before the first step and for memoryless policies."""
    _norms: list[nn.Module] = field(init=False)
    """Batch normalization modules, which use their running statistics when acting: one observation per environment is no batch."""
    _records: bool = field(init=False)
    """Whether the policy records columns."""

    def __attrs_post_init__(self) -> None:
        self._records = self.policy.records_columns
        self._norms = [module for module in self.policy.modules() if isinstance(module, _BatchNorm)]

    def normalizing(self) -> AbstractContextManager[None]:
        """Context in which batch normalization uses its running statistics."""
        return in_evaluation(self._norms) if self._norms else nullcontext()

    def reset(self, seeds: Sequence[int]) -> None:
        """Begin a new episode in every environment, one seed each."""
        self._obs, self.state = self.envs.reset(seeds), None

    def go_on(self, obs: Any, is_new: NDArray[np.bool_]) -> None:
        """Act on these observations next; is_new: mask [N] of environments that began a new episode, whose state is cleared."""
        self._obs = obs
        if self.state is not None and is_new.any():
            cleared = torch.tensor(is_new)
            self.state = map_tensors(
                lambda part: part.masked_fill(cleared.to(part.device).reshape(-1, *[1] * (part.dim() - 1)), 0), self.state
            )

    def step(self, policy: Policy, active: NDArray[np.bool_] | None, *, explore: bool) -> Step:
        """One step of the environments in the mask `active` [N]; None: of all."""
        obs = as_tensors(self._obs, self.device)
        chosen, state = policy.act(obs, self.state, explore=explore, rng=self.rng)
        if policy is not self.policy and self._records:  # actions of the warm-up; the state is that of the policy that learns
            _, state = self.policy.act(obs, self.state, explore=explore, rng=self.rng)
        actions = (chosen if self.device.type == "cpu" else chosen.cpu()).numpy()
        step, self._obs = self.envs.step(actions, active)
        if self._records:
            recorded = map_tensors(lambda part: part.cpu().numpy(), self.policy.columns(self.state, state))
            step = step._replace(columns={**step.columns, **recorded})
        self.state = None if state is None else self._carried_on(state, step)
        return step

    def _carried_on(self, state: Any, step: Step) -> Any:
        """Recurrent state [N, …] for the next step: zero where an episode ended, unchanged where no step was taken."""
        over = step.terminated | step.truncated
        if step.valid.all() and not over.any():
            return state
        before = map_tensors(torch.zeros_like, state) if self.state is None else self.state
        stepped, ended = torch.tensor(step.valid), torch.tensor(over)

        def carried_on(new: Tensor, old: Tensor) -> Tensor:
            beside = -1, *[1] * (new.dim() - 1)  # [N, 1, …], as memory [N, …] is
            moved, cleared = (mask.to(new.device).reshape(beside) for mask in (stepped, stepped & ended))
            return torch.where(moved, new, old).masked_fill(cleared, 0)

        return map_tensors(carried_on, state, before)
