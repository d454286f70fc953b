"""What acts, and all that is stored: policies, and the layers that wrap them."""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from difflib import get_close_matches
from typing import Any

from gymnasium import spaces
from torch import Generator, Tensor, nn

from rlchassis.data.experience import Experience, Metrics, Observation


class DeclaredAttributes(ABCMeta):
    """The metaclass of policies: a policy has the attributes that its class and its __init__ gave it, and no others."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        """Construct it; from now on a name that it does not have is refused."""
        policy = super().__call__(*args, **kwargs)
        vars(policy)["_is_constructed"] = True
        return policy


class Policy(nn.Module, metaclass=DeclaredAttributes):
    """Chooses actions. Everything that acting needs is in its state_dict.

    What it remembers from one step to the next is handed in and out as its state, one row [N, …] per environment, and never kept in
    its attributes, which all are set in __init__.
    """

    def __setattr__(self, name: str, value: Any) -> None:
        """AttributeError, with the nearest name, for an attribute that __init__ did not set; torch's own tools set private ones."""
        is_torchs = name.startswith("_") or name == "parametrizations"
        if "_is_constructed" in vars(self) and not is_torchs and not hasattr(self, name):
            names = [each for each in (*vars(self), *self._parameters, *self._buffers, *self._modules) if not each.startswith("_")]
            close = get_close_matches(name, names, 1)
            hint = f"did you mean {close[0]!r}?" if close else f"set it in the __init__ of {type(self).__name__}."
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}; {hint}", name=name, obj=self)
        super().__setattr__(name, value)

    @abstractmethod
    def act(self, obs: Observation, state: Any = None, *, explore: bool, rng: Generator) -> tuple[Tensor, Any]:
        """Actions [N, …] for observations [N, …], and the state that is handed to the next call; None for the memoryless."""

    def check_networks(self, obs: Observation, action_space: spaces.Space[Any]) -> None:
        """UsageError where a network answers what this policy cannot act and learn by; called once, before training."""

    def set_progress(self, progress: float) -> None:
        """How far the run is, 0 to 1, before every collection: for exploration that changes with it."""

    def transform(self, experience: Experience) -> Experience:
        """Experience as the inner policy would have seen it; called before an algorithm prepares it."""
        return experience

    def learn(self, experience: Experience) -> Metrics:
        """Learning steps of its own from raw experience."""
        return {}

    def observe(self, experience: Experience) -> None:
        """Take note of new raw steps, once per collection, after learning: running statistics."""


class PolicyWrapper(Policy):
    """A policy around another; subclasses override what they change."""

    def __init__(self, inner: Policy) -> None:
        super().__init__()
        self.inner = inner

    def act(self, obs: Observation, state: Any = None, *, explore: bool, rng: Generator) -> tuple[Tensor, Any]:
        """As the inner policy does."""
        return self.inner.act(obs, state, explore=explore, rng=rng)


def layers(policy: Policy) -> Iterator[Policy]:
    """The policy and those it wraps, outermost first: the order in which observations pass through them."""
    while isinstance(policy, PolicyWrapper):
        yield policy
        policy = policy.inner
    yield policy


def in_evaluation(modules: Iterable[nn.Module]) -> AbstractContextManager[None]:
    """Within it modules are in evaluation mode; afterwards each is as before."""
    training = [module for module in modules if module.training]
    return _evaluating(training) if training else nullcontext()


@contextmanager
def _evaluating(training: Sequence[nn.Module]) -> Iterator[None]:
    for module in training:
        module.eval()
    try:
        yield
    finally:
        for module in training:
            module.training = True
