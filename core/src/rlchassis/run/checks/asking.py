"""Call a policy and record inputs and outputs of each wrapper; compare outputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from attrs import define, field
from torch import Generator, Tensor, nn

from rlchassis.data.experience import Observation, first_tensor, map_tensors
from rlchassis.learning.policy import Policy, layers


@define(eq=False)
class Call:
    """One call of `act`: inputs and outputs."""

    layer: Policy
    depth: int
    """0 for the outermost policy."""
    obs: Any
    answer: Any = None
    """Return value of act."""
    error: Exception | None = None


@define(eq=False)
class Asked:
    """Result of one call of a policy."""

    answer: Any = None
    """Return value of the outermost policy."""
    error: Exception | None = None
    calls: list[Call] = field(factory=list)
    """Calls of all wrappers and the innermost policy, in the order of entry."""

    def observations(self, depth: int) -> list[Any]:
        """Observations passed to the policy at a depth."""
        return [call.obs for call in self.calls if call.depth == depth]

    def answers(self, depth: int) -> list[Any]:
        """Return values of the policy at a depth."""
        return [call.answer for call in self.calls if call.depth == depth]


def ask(
    policy: Policy, obs: Observation, *, explore: bool = False, state: Any = None, instead: Callable[[Any], Any] | None = None
) -> Asked:
    """Call a policy on observations, always with the same random numbers.

    instead: function that replaces the innermost policy's actions.
    """
    asked, rng = Asked(), Generator(first_tensor(obs).device).manual_seed(0)
    with _recorded(policy, asked.calls, instead), torch.no_grad():
        try:
            asked.answer = policy.act(map_tensors(torch.clone, obs), state, explore=explore, rng=rng)
        except Exception as error:  # noqa: BLE001  # whatever a user's network or wrapper raises is reported with its name
            asked.error = error
    return asked


@contextmanager
def _recorded(policy: Policy, calls: list[Call], instead: Callable[[Any], Any] | None) -> Iterator[None]:
    """Context that records calls of `act`, by instance attributes that shadow the methods."""
    recorded = list(layers(policy))
    for depth, layer in enumerate(recorded):
        record = partial(_record, layer.act, instead if layer is recorded[-1] else None, calls, layer, depth)
        vars(layer)["act"] = record
    try:
        yield
    finally:
        for layer in recorded:
            del vars(layer)["act"]


def _record(
    act: Callable[..., Any],
    instead: Callable[[Any], Any] | None,
    calls: list[Call],
    layer: Policy,
    depth: int,
    obs: Any,
    *args: Any,
    **kwargs: Any,
) -> Any:
    call = Call(layer, depth, obs)
    calls.append(call)
    try:
        call.answer = act(obs, *args, **kwargs)
    except Exception as error:
        call.error = error
        raise
    return call.answer if instead is None else (instead(call.answer[0]), *call.answer[1:])


def same(one: Any, other: Any) -> bool:
    """Whether two trees of tensors and plain values are equal: exactly on the CPU, within a tolerance on other devices."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(each, other[key]) for key, each in one.items())
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if not (isinstance(one, Tensor) and isinstance(other, Tensor)):
        return type(one) is type(other) and (one is other or (one == other) is True)
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    tolerance = 0.0 if one.device.type == "cpu" or not one.is_floating_point() else 1e-4
    return torch.allclose(one, other, rtol=tolerance, atol=tolerance, equal_nan=True)


def differing_attribute(one: nn.Module, other: nn.Module) -> str | None:
    """First plain attribute in which two modules of equal structure differ, such as "Actor.scale"."""
    for (_, here), (_, there) in zip(one.named_modules(), other.named_modules(), strict=False):
        for name, value in vars(here).items():
            is_plain = isinstance(value, int | float | str | Tensor | list | tuple | type(None)) and not name.startswith("_")
            if is_plain and not same(value, vars(there).get(name)):
                return f"{type(here).__name__}.{name}"
    return None
