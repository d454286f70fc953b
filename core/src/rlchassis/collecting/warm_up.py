"""Policies that act before learning begins: uniform random actions, alone or in turns with a restored policy."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
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


MEAN_STEPS_OF_A_TURN = 10


class RandomBursts(Policy):
    """In each environment the restored policy and uniform random actions take turns, each for ten steps on average.

    So its critics learn what follows from other actions than the policy's own, in states that it would not come to by itself.
    """

    def __init__(self, policy: Policy, random: UniformPolicy, stream: np.random.Generator) -> None:
        super().__init__()
        self._of_policy = policy.act
        self._random, self._stream = random, stream
        self._is_random: NDArray[np.bool_] | None = None

    def act(self, obs: Observation, state: Any = None, *, explore: bool, rng: Generator) -> tuple[Tensor, Any]:
        """Actions of the policy or of the burst, with the policy's state, which goes on in both."""
        chosen, state = self._of_policy(obs, state, explore=explore, rng=rng)
        at_random, _ = self._random.act(obs, explore=explore, rng=rng)
        drawn = self._stream.random(len(chosen))
        self._is_random = drawn < 0.5 if self._is_random is None else self._is_random ^ (drawn < 1 / MEAN_STEPS_OF_A_TURN)
        rows = torch.from_numpy(self._is_random).to(chosen.device).reshape(-1, *[1] * (chosen.dim() - 1))
        return torch.where(rows, at_random.to(chosen.dtype), chosen), state
