"""Training on from a restored policy: the critics, which are not stored with it, learn its values before it learns from them."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, Self

from attrs import define
from torch import Tensor, nn

from rlchassis.learning.optimizer import Optimizer

log = logging.getLogger(__name__)
CRITIC = "critic"
"""Role of the optimizers that go on; all others are held."""
LARGEST_SHARE, MOST_STEPS = 3, 5000
"""Default: one step of so many of the run, and at most so many steps."""


@define(eq=False)
class CriticWarmUp:
    """Holds the policy and whatever else is no critic, until enough environment steps are done."""

    end: int
    """Environment step after which the policy learns."""
    _held: list[Optimizer]
    _kept: list[tuple[Tensor, Tensor]]
    """Parameters of the policy that critics step, such as those of a memory, and their restored values."""

    @classmethod
    def of(cls, policy: nn.Module, optimizers: Sequence[Any], end: int) -> Self | None:
        """Hold the policy; None, and nothing is held, for an algorithm without critics beside its policy."""
        own = {id(p) for p in policy.parameters()}
        critics = [optimizer for optimizer in optimizers if optimizer.role == CRITIC]
        held = [optimizer for optimizer in optimizers if optimizer.role != CRITIC]
        if not any(id(p) not in own for critic in critics for p in critic.parameters):
            return None
        for optimizer in held:
            optimizer.is_held = True
        shared = [p.detach() for critic in critics for p in critic.parameters if id(p) in own]
        return cls(end, held, [(p, p.clone()) for p in shared])

    def put_back(self) -> None:
        """Undo what an update changed of the policy."""
        for live, kept in self._kept:
            live.copy_(kept)

    def release(self) -> None:
        """Let the policy learn."""
        for optimizer in self._held:
            optimizer.is_held = False
        log.info("The policy learns after environment step %d.", self.end)


def steps_of_warm_up(asked: int, total_steps: int) -> int:
    """The steps that are asked for, or with −1 the default of a run of total_steps."""
    return min(MOST_STEPS, total_steps // LARGEST_SHARE) if asked == -1 else asked
