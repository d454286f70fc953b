"""Base class of vectorized environments."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
from attrs import frozen
from gymnasium import Env
from numpy.typing import NDArray

from rlchassis.data.step import Step
from rlchassis.envs.infos import InfoArrays, InfoKeys
from rlchassis.envs.masks import marked
from rlchassis.envs.spaces import AnySpace, Array, Observations
from rlchassis.errors import UsageError


@frozen
class EnvTraits:
    """Static properties of an environment."""

    observation_space: AnySpace
    action_space: AnySpace
    task: str | None = None
    """Registered id, if any."""
    reward_threshold: float | None = None
    """Mean return at which the environment counts as solved, if declared."""

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "observation_space", marked(self.observation_space, self.action_space))

    @classmethod
    def from_spec(cls, observation_space: AnySpace, action_space: AnySpace, spec: object) -> EnvTraits:
        """Spaces, with what a spec adds to them; specs of other libraries than gymnasium need not say it."""
        return cls(observation_space, action_space, getattr(spec, "id", None), getattr(spec, "reward_threshold", None))

    @staticmethod
    def shared(traits: Sequence[EnvTraits]) -> EnvTraits:
        """The traits of environments that are stepped together; raises UsageError unless they have equal spaces."""
        for other in traits[1:]:
            traits[0].require_same_spaces(other, "environments that are stepped together")
        return traits[0]

    def require_same_spaces(self, other: EnvTraits, what: str) -> None:
        """Raise UsageError unless the other environment has equal spaces; `what` names the two."""
        for name in ("observation_space", "action_space"):
            mine, theirs = getattr(self, name), getattr(other, name)
            if mine != theirs:
                raise UsageError(f"{what} must have equal spaces, but {name} is {mine} in one and {theirs} in another")


class VectorEnvironment(ABC):
    """N environments with equal spaces, stepped together with policy actions.

    Observations to act on stay as they are until the call after the next, the arrays of a Step until the next. Every failure is an
    EnvironmentFailure that names the environment.
    """

    traits: EnvTraits
    num_envs: int
    partial: bool = True
    """Whether a step may leave out some environments."""
    infos: InfoArrays | None = None
    """What is read from the `info` of each step, if anything is; overwritten by the next step."""

    @property
    def observation_space(self) -> AnySpace:
        """The space of one observation."""
        return self.traits.observation_space

    @property
    def action_space(self) -> AnySpace:
        """The environment's action space; policy actions are mapped to it by ActionMap."""
        return self.traits.action_space

    @abstractmethod
    def reset(self, seeds: Sequence[int] | None = None) -> Observations:
        """Reset all environments, with one seed each, or None to continue their random streams."""

    @abstractmethod
    def step(self, actions: Array, active: NDArray[np.bool_] | None = None) -> tuple[Step, Observations]:
        """Step with policy actions [N, …]; returns the Step and the next observations, of the new episode where one ended.

        active: bool mask [N] of environments to step, None: all; others keep their observation.
        """

    def read_infos(self, keys: InfoKeys) -> None:
        """Read these keys of `info` in every step from now on: columns of its Step, and numbers in `infos`; to be called before a reset."""
        raise UsageError(f"{type(self).__name__} does not read info; override read_infos, or leave out info_metrics and info_columns.")

    @abstractmethod
    def close(self) -> None:
        """Release all resources; may be called again."""

    def exact_ways(self) -> list[str]:
        """Names of the ways to store the state of the environments after which they go on exactly; empty: there is none."""
        return []

    def state(self, ways: list[str]) -> Any:
        """State tree of the environments, by one of these ways; "exact" in it says whether it is that of all. Default: of none."""
        return {"exact": False}

    def restore(self, state: Any, seeds: Sequence[int]) -> tuple[Observations, NDArray[np.bool_]]:
        """Restore what `state` returned; returns the observations to act on, and a mask [N] of environments that began a new episode.

        These are the environments whose state was not stored; their seeds are the given ones. Default: all of them.
        """
        return self.reset(seeds), np.ones(self.num_envs, np.bool_)

    @property
    def envs(self) -> Sequence[Env[Any, Any]]:
        """The single environments, if they run in this process."""
        return ()


def require_seeds(seeds: Sequence[int] | None, num_envs: int) -> list[int | None]:
    """One seed per environment, or as many Nones."""
    if seeds is None:
        return [None] * num_envs
    if len(seeds) != num_envs:
        raise UsageError(f"{len(seeds)} seeds were given for {num_envs} environments; give one each")
    return [int(seed) for seed in seeds]
