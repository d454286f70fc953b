"""Sticky actions for rlchassis: an extension with which environments repeat the last action with a probability (Machado et al. 2018)."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial
from typing import Any

from attrs import define
from gymnasium.wrappers import StickyAction

from rlchassis.api import EnvMode, hookimpl, number, switch

__all__ = ["StickyActions"]


class _StickyAction(StickyAction[Any, Any]):
    """Gymnasium's wrapper, which keeps a copy of the last action: the array that it is given is written again for the next step."""

    def action(self, action: Any) -> Any:
        """The action that is taken: this one, or the last."""
        return super().action(copy.copy(action))


@define(eq=False)
class StickyActions:
    """With `probability` an environment takes its last action again instead of the policy's, from the second step of each episode.

    It belongs to the dynamics of the environment: what is recorded and learned from is the action that the policy chose.
    """

    probability: float = number(0.25, at_least=0, below=1)
    """Probability ς of taking the last action again."""
    tests: bool = switch(True)
    """Whether it holds in tests, `eval` and `watch` too."""

    @hookimpl
    def rlchassis_env_wrappers(self, mode: EnvMode) -> list[Callable[[Any], Any]]:
        """The wrapper around each environment, which draws from the environment's own generator, so that runs resume exactly."""
        return [partial(_StickyAction, repeat_action_probability=self.probability)] if mode is EnvMode.TRAIN or self.tests else []
