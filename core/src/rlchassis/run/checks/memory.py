"""Check that a policy has no hidden state: actions depend on inputs and the passed state only."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import torch
from gymnasium import spaces as gym_spaces
from torch import Tensor

from rlchassis.data.action_layout import ActionLayout
from rlchassis.data.experience import Observation, map_tensors
from rlchassis.envs import Environments
from rlchassis.errors import UsageError
from rlchassis.learning.policy import Policy, layers
from rlchassis.run.checks.asking import Asked, ask, differing_attribute, same


def require_no_hidden_memory(experienced: Policy, fresh: Policy, obs: Observation, spaces: Environments) -> None:
    """UsageError if copies of a policy with different histories return different actions, without exploration and with equal rng.

    Between two equal calls is a different one, in which wrappers get other actions: this detects wrappers that repeat actions,
    whatever the network returns. The last call follows its equal immediately: this detects policies that alternate.
    """
    others = partial(_other_actions, space=spaces.action_space)
    flipped = map_tensors(lambda rows: rows.flip(0), obs)
    first, then, again = ask(experienced, obs), ask(experienced, flipped, instead=others), ask(experienced, obs)
    alone, at_once = ask(fresh, flipped, instead=others), ask(experienced, obs)
    for one, other in ((first, again), (alone, then), (again, at_once)):
        depth = _culprit(experienced, one, other)
        if depth is not None:
            _refuse([*layers(experienced)][depth], [*layers(fresh)][depth], other.error)


def _culprit(policy: Policy, one: Asked, other: Asked) -> int | None:
    """Depth of the policy or wrapper whose output differs; None if all are equal."""
    number = sum(1 for _ in layers(policy))
    for depth in range(number - 1):
        if not same(one.observations(depth + 1), other.observations(depth + 1)):
            return depth
    return next((depth for depth in reversed(range(number)) if not same(one.answers(depth), other.answers(depth))), None)


def _refuse(layer: Policy, fresh: Policy, error: Exception | None) -> None:
    attribute = differing_attribute(layer, fresh)
    detail = f" (it keeps {attribute})" if attribute else f" ({type(error).__name__}: {error})" if error else ""
    raise UsageError(
        f"{type(layer).__name__} acts differently on the same observations after other calls, in evaluation mode and with the same rng"
        f"{detail}, so tests, eval and a loaded policy would differ: return recurrent state from act, "
        "tensors [N, …] with a row per environment, and draw random numbers from rng alone."
    ) from error


def _other_actions(actions: Any, space: gym_spaces.Space[Any]) -> Any:
    if not isinstance(actions, Tensor):
        return actions
    sizes = ActionLayout.of(space).sizes
    if not sizes:
        return 0.5 - actions
    if actions.dim() == 1:
        return (actions + 1) % math.prod(sizes)
    choices = (actions[:, : len(sizes)] + 1) % actions.new_tensor(sizes)
    return torch.cat([choices, 0.5 - actions[:, len(sizes) :]], 1) if actions.is_floating_point() else choices
