"""What acts, and all that is stored: policies, and the layers that wrap them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

from torch import Generator, Tensor, nn

from rlchassis.distributions import ActionDistribution
from rlchassis.experience import Experience, Metrics, Observation
from rlchassis.lean import lean_forward


class Policy(nn.Module, ABC):
    """Chooses actions. Everything that acting needs is in its state_dict."""

    @abstractmethod
    def act(self, obs: Observation, state: Any = None, *, explore: bool, rng: Generator) -> tuple[Tensor, Any]:
        """Actions [N, …] for observations [N, …], and the state that is handed to the next call; None for the memoryless."""

    def set_progress(self, progress: float) -> None:
        """How far the run is, 0 to 1, before every collection: for exploration that changes with it."""

    def view(self, experience: Experience) -> Experience:
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


class StochasticPolicy(Policy):
    """Acts by the distribution that its actor answers."""

    def __init__(self, actor: nn.Module, *, deterministic_eval: bool = True) -> None:
        super().__init__()
        self.actor = actor
        self.deterministic_eval = deterministic_eval

    def act(self, obs: Observation, state: Any = None, *, explore: bool, rng: Generator) -> tuple[Tensor, Any]:
        """Sample while exploring; else the likeliest action, unless evaluation is to sample too."""
        distribution: ActionDistribution = lean_forward(self.actor, obs)
        if explore or not self.deterministic_eval:
            return distribution.sample(rng), None
        return distribution.mode(), None

    def distribution(self, obs: Observation) -> ActionDistribution:
        """π(·|s)."""
        return self.actor(obs)  # type: ignore[no-any-return]  # torch leaves what a module answers open

    def log_prob(self, obs: Observation, actions: Tensor) -> Tensor:
        """log π(a|s), [B]."""
        return self.distribution(obs).log_prob(actions)

    def log_prob_and_entropy(self, obs: Observation, actions: Tensor) -> tuple[Tensor, Tensor]:
        """log π(a|s) and the entropy of π(·|s), each [B], from one pass."""
        return self.distribution(obs).log_prob_and_entropy(actions)
