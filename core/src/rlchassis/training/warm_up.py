"""Uniform random policy for the warm-up."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Generator, Tensor

from rlchassis.data.experience import Observation, first_tensor
from rlchassis.envs import ActionMap, AnySpace, random_allowed, split_mask
from rlchassis.learning.policy import Policy


class UniformPolicy(Policy):
    """Samples actions uniformly from the action space, or from those that an action mask allows, from its own random stream."""

    def __init__(self, action_space: AnySpace, stream: np.random.Generator, *, is_masked: bool = False) -> None:
        super().__init__()
        self._space, self._is_masked = action_space, is_masked
        self._actions = ActionMap(action_space)
        self._stream = stream

    def act(self, obs: Observation, state: Any = None, *, explore: bool, rng: Generator) -> tuple[Tensor, Any]:
        """Actions in the shape of policies: [N] for Discrete, else rows [N, …]."""
        tensor = first_tensor(obs)
        if self._is_masked:
            allowed = random_allowed(self._space, split_mask(obs)[1].cpu().numpy(), self._stream)
            return torch.from_numpy(allowed).to(tensor.device), None
        actions = torch.from_numpy(self._actions.random(len(tensor), self._stream)).to(tensor.device)
        return actions if actions.dtype == torch.int64 else actions.reshape(len(actions), -1), None
