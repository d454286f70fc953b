"""All environments of one run, and what is known of them."""

from __future__ import annotations

from typing import Self

from attrs import define

from rlchassis.envs.notices import Notices
from rlchassis.envs.opening import require_distinct
from rlchassis.envs.spaces import AnySpace, require_supported
from rlchassis.envs.vector import EnvTraits, VectorEnvironment
from rlchassis.errors import UsageError


@define(eq=False)
class Environments:
    """Environments to train in, to test in and to watch, all of the same spaces; any of them may be missing."""

    traits: EnvTraits
    train: VectorEnvironment | None = None
    test: VectorEnvironment | None = None
    watch: VectorEnvironment | None = None

    def __attrs_post_init__(self) -> None:
        require_supported(self.observation_space, self.action_space)
        for venv in self._all():
            self.traits.require_same_spaces(venv.traits, "the environments of a run")
        require_distinct(env for venv in self._all() for env in venv.envs)

    @classmethod
    def of(
        cls, train: VectorEnvironment | None = None, test: VectorEnvironment | None = None, watch: VectorEnvironment | None = None
    ) -> Self:
        """Put together what was made; raises UsageError if nothing was, or if their spaces differ."""
        first = train or test or watch
        if first is None:
            raise UsageError("a run needs at least one environment; ask for one to train, test or watch")
        return cls(first.traits, train, test, watch)

    @classmethod
    def from_spaces(cls, observation_space: AnySpace, action_space: AnySpace) -> Self:
        """Only the spaces, from which a stored policy can be rebuilt; there is nothing to step."""
        return cls(EnvTraits(observation_space, action_space))

    def without_any(self) -> Self:
        """What is known of them, and nothing to step."""
        return type(self)(self.traits)

    @property
    def observation_space(self) -> AnySpace:
        """The space of one observation."""
        return self.traits.observation_space

    @property
    def action_space(self) -> AnySpace:
        """The environment's own space of one action."""
        return self.traits.action_space

    @property
    def task(self) -> str | None:
        """The id that the environment is registered under, if it is."""
        return self.traits.task

    @property
    def reward_threshold(self) -> float | None:
        """The mean return at which it counts as solved, if its author gave one."""
        return self.traits.reward_threshold

    def close(self) -> None:
        """Close all; may be called again."""
        notices = Notices()
        for venv in self._all():
            notices.close(venv.close, "a vector environment")

    def _all(self) -> list[VectorEnvironment]:
        return [venv for venv in (self.train, self.test, self.watch) if venv is not None]
