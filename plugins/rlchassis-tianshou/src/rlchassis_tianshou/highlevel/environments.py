"""The environments of a run, with Tianshou's methods; highlevel/env.py has their name in Tianshou."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from types import SimpleNamespace
from typing import Any, Self

from gymnasium import spaces

from rlchassis.api import Environments as NativeEnvironments
from rlchassis.api import EnvMode, HasSpaces, UsageError
from rlchassis.experiment import EnvFactoryCallable
from rlchassis_tianshou.translation.values import largest_action


class EnvType(Enum):
    """Kind of the actions."""

    CONTINUOUS = "continuous"
    DISCRETE = "discrete"

    def is_discrete(self) -> bool:
        """Whether actions are discrete."""
        return self is EnvType.DISCRETE

    def is_continuous(self) -> bool:
        """Whether actions are continuous."""
        return self is EnvType.CONTINUOUS

    def assert_continuous(self, requiring_entity: Any) -> None:
        """UsageError for discrete actions."""
        self._require(EnvType.CONTINUOUS, requiring_entity)

    def assert_discrete(self, requiring_entity: Any) -> None:
        """UsageError for continuous actions."""
        self._require(EnvType.DISCRETE, requiring_entity)

    def _require(self, wanted: EnvType, what: Any) -> None:
        if self is not wanted:
            raise UsageError(f"{what} takes {wanted.value} actions, but those of the environment are {self.value}; choose another.")

    @staticmethod
    def from_env(env: Any) -> EnvType:
        """Kind of the actions of an environment."""
        return EnvType.DISCRETE if isinstance(env.action_space, spaces.Discrete) else EnvType.CONTINUOUS


class Environments(NativeEnvironments):
    """Training, test and watch environments, with Tianshou's methods."""

    def __init__(self, env: Any, train_envs: Any = None, test_envs: Any = None, watch_env: Any = None) -> None:
        first = next((venv for venv in (train_envs, test_envs, watch_env) if venv is not None), None)
        traits = NativeEnvironments.from_spaces(env.observation_space, env.action_space).traits if first is None else first.traits
        super().__init__(traits, train_envs, test_envs, watch_env)
        self._env: Any = env
        self.persistence: tuple[Any, ...] = ()

    @classmethod
    def viewing(cls, envs: HasSpaces) -> Environments:
        """Environments or spaces of rlchassis, with Tianshou's methods."""
        if isinstance(envs, Environments):
            return envs
        if not isinstance(envs, NativeEnvironments):
            return cls(envs)
        seen = cls(envs, envs.train, envs.test, envs.watch)
        seen._env = None
        return seen

    @classmethod
    def with_actions(cls, space: spaces.Space[Any]) -> Environments:
        """Without environments, for what follows from the actions."""
        return cls(SimpleNamespace(observation_space=spaces.Box(0, 1, (1,)), action_space=space))

    @classmethod
    def made_by(cls, factory_fn: Callable[[EnvMode], Any], venv_type: Any, num_training_envs: int, num_test_envs: int, watch: bool) -> Self:
        """Environments that a function of the mode makes."""
        made = EnvFactoryCallable(factory_fn, getattr(venv_type, "native", venv_type)).create_envs(num_training_envs, num_test_envs, watch)
        return cls(made, made.train, made.test, made.watch)

    def without_any(self) -> Any:
        """The spaces alone."""
        return NativeEnvironments(self.traits)

    @property
    def env(self) -> Any:
        """One environment of this process, or the spaces and the spec."""
        inner = [env for venv in self._all() for env in venv.envs]
        if self._env is not None or not inner:
            return self._env if self._env is not None else self.traits
        return inner[0]

    @property
    def train_envs(self) -> Any:
        """Training environments."""
        return self.train

    @property
    def test_envs(self) -> Any:
        """Test environments."""
        return self.test

    @property
    def watch_env(self) -> Any:
        """Watch environments."""
        return self.watch

    def set_persistence(self, *persistence: Any) -> None:
        """Set what else is stored whenever the policy is."""
        self.persistence = persistence

    def info(self) -> dict[str, Any]:
        """Shapes of actions and observations."""
        return {"action_shape": self.get_action_shape(), "state_shape": self.get_observation_shape()}

    def get_action_shape(self) -> Any:
        """Number of discrete actions, or shape of continuous ones."""
        return _shape(self.action_space)

    def get_observation_shape(self) -> Any:
        """Shape of observations, or number of discrete ones."""
        return _shape(self.observation_space)

    def get_action_space(self) -> spaces.Space[Any]:
        """Space of actions."""
        return self.action_space

    def get_observation_space(self) -> spaces.Space[Any]:
        """Space of observations."""
        return self.observation_space

    def get_type(self) -> EnvType:
        """Kind of the actions."""
        return EnvType.from_env(self)

    @property
    def max_action(self) -> float:
        """The largest upper bound of the actions."""
        return largest_action(self.action_space)


class ContinuousEnvironments(Environments):
    """Environments with continuous actions."""

    @classmethod
    def from_factory(
        cls,
        factory_fn: Callable[[EnvMode], Any],
        venv_type: Any,
        num_training_envs: int,
        num_test_envs: int,
        create_watch_env: bool = False,
    ) -> Self:
        """Environments that a function of the mode makes."""
        return cls.made_by(factory_fn, venv_type, num_training_envs, num_test_envs, create_watch_env)


class DiscreteEnvironments(ContinuousEnvironments):
    """Environments with discrete actions."""


def _shape(space: spaces.Space[Any]) -> Any:
    return int(space.n) if isinstance(space, spaces.Discrete) else space.shape
