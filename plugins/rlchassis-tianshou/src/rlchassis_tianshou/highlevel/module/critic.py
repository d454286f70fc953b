"""Names of tianshou.highlevel.module.critic."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from attrs import field, frozen
from torch import nn

from rlchassis.api import ConfigPart
from rlchassis_tianshou.highlevel.module.core import TDevice


def _sizes(value: Sequence[int]) -> tuple[int, ...]:
    return tuple(value)


class CriticFactory(ConfigPart, ABC):
    """Base class of critic factories; critics answer values [B, 1]."""

    @abstractmethod
    def create_module(self, envs: Any, device: TDevice, use_action: bool, discrete_last_size_use_action_shape: bool = False) -> nn.Module:
        """Create a critic of observations, or of observations and actions; with the last argument, one value per discrete action."""


@frozen
class CriticFactoryDefault:
    """An MLP critic, of 64 units twice unless its sizes are set."""

    hidden_sizes: tuple[int, ...] = field(default=(64, 64), converter=_sizes)
    hidden_activation: type[nn.Module] = nn.ReLU


@frozen
class CriticFactoryContinuousNet:
    """An MLP critic."""

    hidden_sizes: tuple[int, ...] = field(converter=_sizes)
    activation: type[nn.Module] = nn.ReLU

    @property
    def hidden_activation(self) -> type[nn.Module]:
        """The activation."""
        return self.activation


CriticFactoryDiscreteNet = CriticFactoryContinuousNet


class CriticEnsembleFactory(ConfigPart, ABC):
    """Base class of factories of ensembles; they answer values [n, B, 1]."""

    @abstractmethod
    def create_module(self, envs: Any, device: TDevice, ensemble_size: int, use_action: bool) -> nn.Module:
        """Create the ensemble."""


@frozen
class CriticEnsembleFactoryDefault:
    """MLP critics, of 64 units twice unless their sizes are set."""

    hidden_sizes: tuple[int, ...] = field(default=(64, 64), converter=_sizes)


@frozen
class CriticEnsembleFactoryContinuousNet:
    """MLP critics."""

    hidden_sizes: tuple[int, ...] = field(converter=_sizes)


@frozen
class CriticFactoryReuseActor:
    """A critic on the actor's features; the builder knows the actor, so that nothing has to be handed over."""

    actor_future: Any = None
