"""The policy wrapper: what it repeats is in the state that it returns from `act`, which is zero where an episode begins."""

from __future__ import annotations

from typing import Any

import torch
from attrs import frozen
from torch import Generator, Tensor

from rlchassis.api import (
    Environments,
    Experience,
    Observation,
    OptimizerFactory,
    Policy,
    PolicyWrapper,
    PolicyWrapperFactory,
    UsageError,
    is_masked,
    whole,
)
from rlchassis_action_repeat.decisions import decisions_of

DECIDES = "action-repeat"
"""Column of the steps whose action was chosen and not repeated."""


class ActionRepeat(PolicyWrapper):
    """Policy wrapper that takes each action of the inner policy `times` times in a row, or until the episode ends.

    On policy the algorithm learns from decisions, off policy from single steps with the actions that were taken.
    """

    def __init__(self, inner: Policy, times: int) -> None:
        super().__init__(inner)
        self.times = times

    def act(self, obs: Observation, state: Any = None, *, explore: bool, rng: Generator) -> tuple[Tensor, Any]:
        """The last action where repetitions are left, else a new one. State: the last action and the repetitions left."""
        chosen, inner = self.inner.act(obs, None if state is None else state["inner"], explore=explore, rng=rng)
        if state is None:
            taken, left = chosen, torch.full((len(chosen),), self.times - 1, device=chosen.device)
        else:
            repeats = state["left"] > 0
            taken = torch.where(repeats.reshape(-1, *[1] * (chosen.dim() - 1)), state["action"], chosen)
            left = torch.where(repeats, state["left"] - 1, self.times - 1)
        return taken, {"inner": inner, "action": taken, "left": left}

    def columns(self, before: Any, after: Any) -> dict[str, Any]:
        """Columns of the inner policy, and which steps are decisions."""
        inner = self.inner.columns(None if before is None else before["inner"], after["inner"])
        return {**inner, DECIDES: after["left"] == self.times - 1}

    def transform_rollout(self, rollout: Experience) -> Experience:
        """The decisions of a rollout; UsageError if it is too short for one."""
        decides = rollout.columns[DECIDES]
        assert isinstance(decides, Tensor)
        decisions = decisions_of(rollout, decides, self.times)
        if not decisions.valid.any():
            raise UsageError(
                f"a rollout of {len(rollout)} steps per environment has no whole decision of {self.times} steps; "
                "raise sampling.step_per_collect."
            )
        return decisions


@frozen
class PolicyWrapperFactoryActionRepeat(PolicyWrapperFactory):
    """Factory of ActionRepeat."""

    times: int = whole(4)
    """Number of steps k for which an action is taken."""

    def create_wrapped_policy(
        self, policy: Policy, envs: Environments, optim_factory: OptimizerFactory, device: torch.device
    ) -> ActionRepeat:
        """Wrap a policy; UsageError for one with a memory, and with action masks, which may forbid what is to be repeated."""
        innermost = policy
        while isinstance(innermost, PolicyWrapper):
            innermost = innermost.inner
        if innermost.sequence_length > 1:
            raise UsageError("action-repeat supports no policy with a memory; leave the memory out, or repeat actions in the environment.")
        if is_masked(envs.observation_space):
            raise UsageError("action-repeat supports no action masks, which may forbid a repeated action; leave the wrapper out.")
        return ActionRepeat(policy, self.times)
