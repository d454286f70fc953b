"""Names of tianshou.highlevel.params.env_param."""

from __future__ import annotations

from typing import Any

from attrs import frozen
from gymnasium import spaces

from rlchassis_tianshou.translation.values import OfActionSpace, largest_action


@frozen
class FloatEnvValueFactory(OfActionSpace):
    """A number that follows from the environment; create_value gets its Environments in Tianshou, and its action space here."""

    def create_value(self, envs: Any) -> float:
        """The number."""
        raise NotImplementedError

    def in_space(self, space: spaces.Space[Any]) -> float:
        """The number."""
        from rlchassis_tianshou.highlevel.env import Environments

        return float(self.create_value(Environments.with_actions(space)))


@frozen
class FloatEnvValueFactoryMaxActionScaled(FloatEnvValueFactory):
    """A number in units of the largest action."""

    value: float

    def create_value(self, envs: Any) -> float:
        """The number times the largest action."""
        return self.value * largest_action(envs.get_action_space())


@frozen
class MaxActionScaled(FloatEnvValueFactoryMaxActionScaled):
    """The same by its shorter name."""
