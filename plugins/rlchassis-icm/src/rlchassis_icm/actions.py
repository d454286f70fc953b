"""Actions as vectors, and how far predicted ones are from those that were taken."""

from __future__ import annotations

from typing import Self

import torch
from attrs import frozen
from gymnasium import spaces
from torch import Tensor
from torch.nn.functional import cross_entropy, one_hot

from rlchassis.api import ActionLayout, Policy, PolicyWrapper


@frozen
class ActionCode:
    """Actions as vectors [B, ΣK + D]: discrete parts one-hot, then the continuous dimensions."""

    sizes: tuple[int, ...]
    """Number of choices of each discrete part."""
    num_continuous: int
    """Number D of continuous dimensions."""

    @classmethod
    def of(cls, space: spaces.Space[object], policy: Policy) -> Self:
        """Code of the actions of a policy, which may choose all discrete parts as one."""
        layout = ActionLayout.of(space)
        while isinstance(policy, PolicyWrapper):
            policy = policy.inner
        return cls((layout.joint_size,) if policy.joint_actions and layout.is_discrete else layout.sizes, layout.num_continuous)

    @property
    def width(self) -> int:
        """Length of a vector."""
        return sum(self.sizes) + self.num_continuous

    def vectors(self, actions: Tensor) -> Tensor:
        """Actions [B] or [B, K + D] → [B, ΣK + D]."""
        rows = actions.reshape(len(actions), -1)
        chosen = [one_hot(rows[:, i].long(), size).float() for i, size in enumerate(self.sizes)]
        return torch.cat([*chosen, rows[:, len(self.sizes) :].float()], -1)

    def errors(self, outputs: Tensor, actions: Tensor) -> Tensor:
        """Cross entropy of each discrete part, and half the squared error of each continuous dimension, summed: [B].

        outputs: logits of the parts and predicted numbers, [B, ΣK + D].
        """
        rows, begun = actions.reshape(len(actions), -1), 0
        numbers = outputs[:, sum(self.sizes) :] - rows[:, len(self.sizes) :]
        total = 0.5 * numbers.square().sum(-1)
        for i, size in enumerate(self.sizes):
            total = total + cross_entropy(outputs[:, begun : begun + size], rows[:, i].long(), reduction="none")
            begun += size
        return total
