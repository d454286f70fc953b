"""Validated attrs fields of network factories, and of settings that hold one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from attrs import Attribute
from torch import nn

from rlchassis.api import ModuleFactory, UsageError, instance
from rlchassis_toolkit.factories.contracts import NetworkFactory


class TakesNetwork(Protocol):
    """A factory whose networks can have another body."""

    def on(self, network: NetworkFactory) -> ModuleFactory:
        """The same with this network in place of its MLP."""


def network_field(contract: type, factory: Callable[[], TakesNetwork]) -> Any:
    """attrs field for a factory of networks; a NetworkFactory becomes the body of the default one."""
    made = instance(contract, factory=factory)
    made.converter = body_of(factory)
    return made


def body_of(factory: Callable[[], TakesNetwork]) -> Callable[[Any], Any]:
    """Converter of a NetworkFactory to the default factory on that network; other values unchanged."""
    return lambda value: factory().on(value) if isinstance(value, NetworkFactory) else value


def hidden_sizes(value: Sequence[int]) -> tuple[int, ...]:
    """Converter of widths of layers to a tuple of positive integers; UsageError for other values."""
    if not (sizes := widths(value)):
        raise _no_widths(value)
    return sizes


def widths(value: Sequence[int]) -> tuple[int, ...]:
    """Converter of widths of layers, of which there may be none; the validator needs_layers goes with it."""
    given: Any = value
    if not isinstance(given, Sequence) or any(isinstance(n, bool) or not isinstance(n, int) or n < 1 for n in given):
        raise _no_widths(value)
    return tuple(given)


def needs_layers(instance: Any, attribute: Attribute[Any], value: Any) -> None:
    """Validator of widths of layers: raises UsageError where there are none, unless a `network` stands before them."""
    if not value and getattr(instance, "network", None) is None:
        raise _no_widths(value)


def _no_widths(value: object) -> UsageError:
    return UsageError(f"hidden_sizes must be one or more positive whole numbers, such as (64, 64), not {value!r}.")


def is_activation(instance: Any, attribute: Attribute[Any], value: Any) -> None:
    """Validator of an activation: raises UsageError unless it is a torch module class."""
    if not (isinstance(value, type) and issubclass(value, nn.Module)):
        raise UsageError(f"{attribute.name} must be a torch module class, such as torch.nn.Tanh, not {value!r}.")
