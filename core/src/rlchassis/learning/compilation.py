"""Compilation of updates with torch.compile, and the fallback to eager execution."""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Callable
from functools import wraps
from types import FunctionType
from typing import Any, TypeAlias, TypeVar

import torch
from attrs import define, field
from torch import Tensor

from rlchassis.data.experience import TensorStruct, first_tensor

log = logging.getLogger(__name__)
LARGEST_NUMBER_OF_SIZES = 4
"""Maximum number of batch sizes to compile; batches of further sizes run eagerly."""

Key: TypeAlias = tuple[Callable[..., Any], int]
"""Method and batch size."""

Method = TypeVar("Method", bound=Callable[..., Any])


def one_graph(method: Method) -> Method:
    """Decorator of an algorithm's method, from a batch to a dict of tensors, that runs as one graph if the run is compiled.

    It may read and write tensors, but no other state that changes during a run.
    """

    @wraps(method)
    def computed(self: Any, batch: TensorStruct) -> dict[str, Tensor]:
        answer: dict[str, Tensor] = method(self, batch) if self.graphs is None else self.graphs(method, self, batch)
        return answer

    computed.is_one_graph = True  # type: ignore[attr-defined]  # read by marked_methods
    return computed  # type: ignore[return-value]  # of the same signature


def marked_methods(kind: type) -> list[str]:
    """Names of an algorithm's methods decorated with one_graph."""
    return [name for name in dir(kind) if getattr(getattr(kind, name), "is_one_graph", False)]


@define(eq=False)
class Graphs:
    """Compiled graphs of an algorithm; if one cannot be compiled, all run eagerly.

    The first batch size is compiled at once, any other when it occurs again in a later phase of updates: a shorter last rollout,
    or the remainder of one, would cost more to compile than it saves.
    """

    on_failure: Callable[[], None] = lambda: None
    """Called once, when compilation fails."""
    given_up: bool = False
    _made: dict[Key, Callable[..., Any]] = field(factory=dict)
    _seen: dict[str, int] = field(factory=dict)
    """First phase of updates with a batch of this method and size."""
    _worth_it: dict[str, str] = field(factory=dict)
    """Method by method and size of the graphs that were compiled, also of those of a resumed run."""
    _phase: int = 0

    def __attrs_post_init__(self) -> None:
        """Enable autograd within compiled graphs."""
        torch._dynamo.config.trace_autograd_ops = True

    @property
    def number(self) -> int:
        """Number of compiled graphs."""
        return len(self._made)

    def __call__(self, method: Callable[..., Any], algorithm: Any, batch: TensorStruct) -> Any:
        """Return method(algorithm, batch)."""
        key = method, len(first_tensor(batch))
        if self.given_up or not (key in self._made or self._is_worth_it(key)):
            return method(algorithm, batch)
        try:
            return self._made[key](algorithm, batch) if key in self._made else self._first_answer(key, algorithm, batch)
        except Exception as error:  # noqa: BLE001  # a compiler raises what it likes; what the method itself raises comes again below
            self.given_up = True
            self.on_failure()
            log.warning("The update cannot be compiled here, so updates run eagerly: %s", reason(error))
            return method(algorithm, batch)

    def begin_phase(self) -> None:
        """Called before the updates that follow a collection."""
        self._phase += 1

    def forget(self) -> None:
        """Compile again what is called next: an optimizer that was held is released."""
        self._made.clear()

    def state_dict(self) -> dict[str, Any]:
        """Which batches are computed in graphs, for a checkpoint: a graph rounds otherwise than its method."""
        return {"given_up": self.given_up, "seen": self._seen, "worth_it": self._worth_it, "phase": self._phase}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Compile the same batches as before, when they occur."""
        self.given_up, self._phase = state["given_up"], state["phase"]
        self._seen, self._worth_it = dict(state["seen"]), dict(state["worth_it"])
        if self.given_up:
            self.on_failure()

    def _is_worth_it(self, key: Key) -> bool:
        method, name = key[0].__qualname__, f"{key[0].__qualname__} {key[1]}"
        number = sum(made == method for made in self._worth_it.values())
        comes_again = self._seen.setdefault(name, self._phase) < self._phase
        return name in self._worth_it or number == 0 or (comes_again and number < LARGEST_NUMBER_OF_SIZES)

    def _first_answer(self, key: Key, algorithm: Any, batch: TensorStruct) -> Any:
        method, size = key
        self._worth_it[f"{method.__qualname__} {size}"] = method.__qualname__
        log.info("Compiling %s.%s for batches of %d ...", type(algorithm).__name__, method.__name__, size)
        started = time.perf_counter()
        self._made[key] = torch.compile(own_copy(method), fullgraph=True, dynamic=False)
        with warnings.catch_warnings(action="ignore"):  # of what torch does while it compiles
            answer = self._made[key](algorithm, batch)
        log.info("Compiled in %.1f seconds.", time.perf_counter() - started)
        return answer


def own_copy(method: Callable[..., Any]) -> Callable[..., Any]:
    """Copy of a function with its own code object: torch compiles at most eight graphs per code object in a process."""
    assert isinstance(method, FunctionType)
    return FunctionType(method.__code__.replace(), method.__globals__, method.__name__, method.__defaults__, method.__closure__)


def reason(error: BaseException) -> str:
    """Error class and first line of the message."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
