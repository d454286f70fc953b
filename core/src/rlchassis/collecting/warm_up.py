"""Uniform random policy for the warm-up."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Generator, Tensor

from rlchassis.data.action_layout import ActionLayout
from rlchassis.data.experience import Observation, first_tensor
from rlchassis.envs import ActionMap, AnySpace, random_allowed, split_mask
from rlchassis.learning.policy import Policy


class UniformPolicy(Policy):
    """Samples actions uniformly from the action space, or from those that an action mask allows, from its own random stream."""

    def __init__(
        self, action_space: AnySpace, stream: np.random.Generator, *, is_masked: bool = False, joint_actions: bool = False
    ) -> None:
        super().__init__()
        self.joint_actions = joint_actions
        self._space, self._is_masked = action_space, is_masked
        self._actions = ActionMap(action_space)
        self._stream = stream

    def act(self, obs: Observation, state: Any = None, *, explore: bool, rng: Generator) -> tuple[Tensor, Any]:
        """Actions in the shape of policies: [N] for Discrete and joint actions, else rows [N, …]."""
        tensor = first_tensor(obs)
        actions = self._actions.random(len(tensor), self._stream)
        if self._is_masked:
            allowed = random_allowed(self._space, split_mask(obs)[1].cpu().numpy(), self._stream)
            actions[..., : allowed.shape[-1]] = allowed  # the first of each row are its discrete parts
        if self.joint_actions and actions.ndim > 1:
            actions = np.ravel_multi_index(tuple(actions.T), ActionLayout.of(self._space).sizes)
        chosen = torch.from_numpy(actions).to(tensor.device)
        return chosen if chosen.dtype == torch.int64 else chosen.reshape(len(chosen), -1), None
