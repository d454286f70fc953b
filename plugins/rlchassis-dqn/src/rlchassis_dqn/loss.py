"""What deep Q-learning learns from; the loss itself is core's, squared or Huber. Pure functions of tensors."""

from __future__ import annotations

from torch import Tensor


def value_of(actions: Tensor, values: Tensor) -> Tensor:
    """q(s, a) [B] of actions [B], out of the values [B, K] of all."""
    return values.gather(-1, actions.unsqueeze(-1)).squeeze(-1)


def q_target(rewards: Tensor, discounts: Tensor, next_values: Tensor, choosing: Tensor | None = None) -> Tensor:
    """y = r + γ q′(s′, argmaxₐ q(s′, a))  with the values q′ of a target network, [B, K], and those by which the action is chosen.

    They are the learned network's in double Q-learning (van Hasselt et al. 2016, eq. 4); None: q′ itself (Mnih et al. 2015, eq. 2).
    """
    best = next_values.amax(-1) if choosing is None else value_of(choosing.argmax(-1), next_values)
    return rewards + discounts * best
