"""Computing an update as one graph: what of an algorithm can be compiled, and what happens where it cannot."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from functools import wraps
from types import FunctionType
from typing import Any, TypeVar

import torch
from attrs import define, field
from torch import Tensor

from rlchassis.experience import TensorStruct, first_tensor

log = logging.getLogger(__name__)
LARGEST_NUMBER_OF_SIZES = 4
"""Batch sizes that a graph is made for; batches of any further size are computed step by step."""

Method = TypeVar("Method", bound=Callable[..., Any])


def one_graph(method: Method) -> Method:
    """Marks a method of an algorithm, from a batch to a dict of tensors: a compiled run computes it as one graph.

    It may read and move tensors, and nothing else that changes while a run goes on.
    """

    @wraps(method)
    def computed(self: Any, batch: TensorStruct) -> dict[str, Tensor]:
        answer: dict[str, Tensor] = method(self, batch) if self.graphs is None else self.graphs(method, self, batch)
        return answer

    computed.is_one_graph = True  # type: ignore[attr-defined]  # read by marked_methods
    return computed  # type: ignore[return-value]  # of the same signature


def marked_methods(kind: type) -> list[str]:
    """The names of the methods of an algorithm class that are marked."""
    return [name for name in dir(kind) if getattr(getattr(kind, name), "is_one_graph", False)]


@define(eq=False)
class Graphs:
    """The graphs of one algorithm, each made when it is first needed; where one cannot be made, all goes on without."""

    on_failure: Callable[[], None] = lambda: None
    """Called once, when graphs are given up."""
    given_up: bool = False
    _made: dict[tuple[Callable[..., Any], int], Callable[..., Any]] = field(factory=dict)

    def __attrs_post_init__(self) -> None:
        """Let torch follow gradients within a graph."""
        torch._dynamo.config.trace_autograd_ops = True

    @property
    def number(self) -> int:
        """How many there are."""
        return len(self._made)

    def __call__(self, method: Callable[..., Any], algorithm: Any, batch: TensorStruct) -> Any:
        """method(algorithm, batch)."""
        key = method, len(first_tensor(batch))
        if self.given_up or (key not in self._made and self._has_enough_of(method)):
            return method(algorithm, batch)
        try:
            return self._made[key](algorithm, batch) if key in self._made else self._first_answer(key, algorithm, batch)
        except Exception as error:  # noqa: BLE001  # a compiler raises what it likes; what the method itself raises comes again below
            self.given_up = True
            self.on_failure()
            log.warning("The update cannot be compiled here and is computed step by step: %s", reason(error))
            return method(algorithm, batch)

    def _has_enough_of(self, method: Callable[..., Any]) -> bool:
        return sum(made is method for made, _ in self._made) >= LARGEST_NUMBER_OF_SIZES

    def _first_answer(self, key: tuple[Callable[..., Any], int], algorithm: Any, batch: TensorStruct) -> Any:
        self._made[key] = torch.compile(own_copy(key[0]), fullgraph=True, dynamic=False)
        with warnings.catch_warnings(action="ignore"):  # of what torch does while it compiles
            return self._made[key](algorithm, batch)


def own_copy(method: Callable[..., Any]) -> Callable[..., Any]:
    """The same function by code of its own: torch counts graphs by code, and makes no more than eight for all runs of a process."""
    assert isinstance(method, FunctionType)
    return FunctionType(method.__code__.replace(), method.__globals__, method.__name__, method.__defaults__, method.__closure__)


def reason(error: BaseException) -> str:
    """The first line that says something."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
