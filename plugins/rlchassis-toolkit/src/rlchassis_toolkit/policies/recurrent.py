"""Base class of policies that may have a memory."""

from __future__ import annotations

from typing import Any

import torch
from attrs import evolve
from torch import Tensor

from rlchassis.api import Experience, HasSpaces, Observation, Policy, Transition, by_row
from rlchassis_toolkit.memory.memory import Memory, network_spaces
from rlchassis_toolkit.memory.sequences import MEMORY, Recording, Steps
from rlchassis_toolkit.memory.windows import features_of, next_features_of, sequence_priorities, sequence_transition
from rlchassis_toolkit.returns import n_step_transition
from rlchassis_toolkit.targets import polyak_update, target_copy


class RecurrentPolicy(Policy):
    """Base class of policies with an optional memory, whose features take the place of observations; without one all is unchanged."""

    def __init__(self, memory: Memory | None = None) -> None:
        super().__init__()
        self.memory = memory
        if memory is not None:
            self.sequence_length, self.burn_in = memory.sequence_length, memory.burn_in

    @property
    def records_columns(self) -> bool:
        """Whether there is a memory, whose state is recorded."""
        return self.memory is not None

    def columns(self, before: Any, after: Any) -> dict[str, Any]:
        """The memory's state before the step; without a memory none."""
        if self.memory is None:
            return {}
        return {MEMORY: torch.zeros_like(after) if before is None else before}

    def network_view(self, envs: HasSpaces, obs: Observation) -> tuple[HasSpaces, Observation]:
        """The features, and their space."""
        return network_spaces(self.memory, envs), self.perceive(obs, None)[0]

    def perceive(self, obs: Observation, state: Tensor | None) -> tuple[Observation, Tensor | None]:
        """Features [N, H] of observations [N, …] and the next state; without a memory the observations themselves and None."""
        if self.memory is None:
            return obs, None
        after = self.memory(obs, state)
        return self.memory.seen(after, obs), after

    def recall(self, rollout: Experience, *, anew: bool = False) -> Experience:
        """The rollout [T, N, …] with features for observations, those of next observations from the state after each row.

        anew: whether states are computed from the first row's with the current weights, instead of taken as recorded.
        Without a memory the rollout itself.
        """
        memory = self.memory
        if memory is None:
            return rollout
        states = rollout.columns[MEMORY]
        after = memory.unroll(Steps.of(rollout).transposed()).transpose(0, 1) if anew else by_row(memory, rollout.obs, states)
        following = by_row(memory, rollout.next_obs, after)
        return evolve(rollout, obs=memory.seen(after, rollout.obs), next_obs=memory.seen(following, rollout.next_obs))

    def recorded(self, rollout: Experience) -> Observation | Recording:
        """What of a rollout's observations is needed for learning: all of them, with a memory together with its recorded states."""
        return rollout.obs if self.memory is None else Recording.of(rollout, self.memory.sequence_length)

    def features(self, obs: Any) -> Observation:
        """Features [R, H] of the rows of Sequences, with gradient; without a memory the observations themselves."""
        if self.memory is None:
            return obs  # type: ignore[no-any-return]  # an observation
        return self.memory.rows_seen(self.memory.unroll(obs.steps), obs)

    def transitions(self, window: Experience, gamma: float) -> Transition:
        """n-step transitions [B, …] of windows of replay; with a memory those of every row of sequences, without features yet."""
        memory = self.memory
        if memory is None:
            return n_step_transition(window, gamma)
        return sequence_transition(window, gamma, length=memory.sequence_length, burn_in=memory.burn_in)

    def transition_features(self, batch: Transition) -> tuple[Observation, Observation]:
        """Features of observations and, without gradient, of next observations; without a memory the observations themselves."""
        return (batch.obs, batch.next_obs) if self.memory is None else features_of(batch, self.memory)

    def target_features(self, batch: Transition, next_obs: Observation, target: Memory | None) -> Observation:
        """Features of next observations by a target memory; without one `next_obs`, those of transition_features."""
        return next_obs if target is None else next_features_of(batch, target)

    def priorities(self, errors: Tensor, batch: Transition) -> Tensor:
        """Priorities of what was drawn from replay, from the errors |δ| [B] of a batch: of its rows, or of sequences."""
        return errors if self.memory is None else sequence_priorities(errors, batch.weights, self.memory.sequence_length)


def target_memory(policy: RecurrentPolicy) -> Memory | None:
    """Copy of a policy's memory without gradients, to go with a target network; None without a memory."""
    return None if policy.memory is None else target_copy(policy.memory)


def update_target_memory(target: Memory | None, policy: RecurrentPolicy, tau: float) -> None:
    """Polyak update of a target memory; nothing without one."""
    if target is not None and policy.memory is not None:
        polyak_update(target, policy.memory, tau)
