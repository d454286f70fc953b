"""Whether a policy answers by what it is asked alone: what it remembers from step to step is its state, and kept nowhere else."""

from __future__ import annotations

from functools import partial
from typing import Any

from gymnasium import spaces as gym_spaces
from torch import Tensor

from rlchassis.data.experience import Observation, map_tensors
from rlchassis.envs import Environments
from rlchassis.errors import UsageError
from rlchassis.learning.policy import Policy, layers
from rlchassis.run.checks.asking import Asked, ask, differing_attribute, same


def require_no_hidden_memory(experienced: Policy, fresh: Policy, obs: Observation, spaces: Environments) -> None:
    """UsageError where two copies of a policy with another past answer the same observations differently, not exploring and with equal rng.

    Between two equal questions stands another, at which wrappers are handed actions of their own: so one that repeats actions is found
    whatever the network answers. The last question follows its equal at once: so one that changes with every second call is found.
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
    """The depth of the layer that handed on or answered something else; None where all is the same."""
    number = sum(1 for _ in layers(policy))
    for depth in range(number - 1):
        if not same(one.observations(depth + 1), other.observations(depth + 1)):
            return depth
    return next((depth for depth in reversed(range(number)) if not same(one.answers(depth), other.answers(depth))), None)


def _refuse(layer: Policy, fresh: Policy, error: Exception | None) -> None:
    attribute = differing_attribute(layer, fresh)
    told = f" (it keeps {attribute})" if attribute else f" ({type(error).__name__}: {error})" if error else ""
    raise UsageError(
        f"{type(layer).__name__} answers the same observations differently after it was asked others, in evaluation and with the same rng"
        f"{told}, so tests, eval and a loaded policy would act differently: return what act must remember as its state, "
        "tensors [N, …] with a row per environment (the memory contract), and draw random numbers from rng alone."
    ) from error


def _other_actions(actions: Any, space: gym_spaces.Space[Any]) -> Any:
    if not isinstance(actions, Tensor):
        return actions
    if actions.is_floating_point():
        return 0.5 - actions
    return (actions + 1) % int(space.n) if isinstance(space, gym_spaces.Discrete) else actions
