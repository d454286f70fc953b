"""All environments of a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from attrs import define

from rlchassis.config.info_metrics import InfoMetric
from rlchassis.envs.infos import InfoKeys
from rlchassis.envs.notices import Notices
from rlchassis.envs.opening import require_distinct
from rlchassis.envs.spaces import AnySpace, require_supported
from rlchassis.envs.vector import EnvTraits, VectorEnvironment
from rlchassis.errors import UsageError


@define(eq=False)
class Environments:
    """Training, test and watch environments with equal spaces; any of them may be None."""

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
        """Combine vector environments; UsageError if there are none, or if their spaces differ."""
        first = train or test or watch
        if first is None:
            raise UsageError("a run needs at least one environment; ask for one to train, test or watch")
        return cls(first.traits, train, test, watch)

    @classmethod
    def from_spaces(cls, observation_space: AnySpace, action_space: AnySpace) -> Self:
        """Spaces without environments, for rebuilding a stored policy."""
        return cls(EnvTraits(observation_space, action_space))

    def read_infos(self, columns: Mapping[str, AnySpace], metrics: tuple[InfoMetric, ...]) -> None:
        """Read keys of `info` from now on: columns where there is training, metrics in tests, too."""
        for venv, wanted in ((self.train, columns), (self.test, {})):
            if venv is not None and (wanted or metrics):
                venv.read_infos(InfoKeys(wanted, metrics))

    def without_any(self) -> Self:
        """A copy without environments."""
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
        """Registered id of the environment, if any."""
        return self.traits.task

    @property
    def reward_threshold(self) -> float | None:
        """Mean return at which the environment counts as solved, if declared."""
        return self.traits.reward_threshold

    def close(self) -> None:
        """Close all environments; may be called again."""
        notices = Notices()
        for venv in self._all():
            notices.close(venv.close, "a vector environment")

    def _all(self) -> list[VectorEnvironment]:
        return [venv for venv in (self.train, self.test, self.watch) if venv is not None]
