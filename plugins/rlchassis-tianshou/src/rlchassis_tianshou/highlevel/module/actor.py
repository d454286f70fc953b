"""Names of tianshou.highlevel.module.actor."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from enum import Enum
from typing import Any

from attrs import field, frozen
from torch import nn

from rlchassis.api import UsageError
from rlchassis_tianshou.highlevel.module.core import ModuleFactory, TDevice
from rlchassis_tianshou.highlevel.module.intermediate import IntermediateModule, IntermediateModuleFactory
from rlchassis_tianshou.highlevel.params.dist_fn import DistFn


class ContinuousActorType(Enum):
    """Kind of an actor of continuous actions."""

    GAUSSIAN = "gaussian"
    DETERMINISTIC = "deterministic"
    UNSUPPORTED = "unsupported"


class ActorFactory(ModuleFactory):
    """Base class of actor factories; actors answer what their distribution is made of, or an action, and may add a state."""

    @abstractmethod
    def create_module(self, envs: Any, device: TDevice) -> nn.Module:
        """Create the actor."""

    def create_dist_fn(self, envs: Any) -> DistFn | None:
        """Function from what the actor answers to a torch distribution; None: that of the hyperparameters, or of the action space."""
        return None


def _sizes(value: Sequence[int]) -> tuple[int, ...]:
    return tuple(value)


@frozen
class ActorFactoryDefault:
    """An MLP actor, of 64 units twice unless its sizes are set; a categorical one answers logits, whether softmax is asked for or not."""

    continuous_actor_type: ContinuousActorType
    hidden_sizes: tuple[int, ...] = field(default=(64, 64), converter=_sizes)
    hidden_activation: type[nn.Module] = nn.ReLU
    continuous_unbounded: bool = False
    continuous_conditioned_sigma: bool = False
    discrete_softmax: bool = True


def ActorFactoryContinuousDeterministicNet(  # noqa: N802  Tianshou's name
    hidden_sizes: Sequence[int], activation: type[nn.Module] = nn.ReLU
) -> ActorFactoryDefault:
    """A deterministic MLP actor."""
    return ActorFactoryDefault(ContinuousActorType.DETERMINISTIC, hidden_sizes, activation)


def ActorFactoryContinuousGaussianNet(  # noqa: N802  Tianshou's name
    hidden_sizes: Sequence[int], unbounded: bool = True, conditioned_sigma: bool = False, activation: type[nn.Module] = nn.ReLU
) -> ActorFactoryDefault:
    """A Gaussian MLP actor."""
    return ActorFactoryDefault(ContinuousActorType.GAUSSIAN, hidden_sizes, activation, unbounded, conditioned_sigma)


def ActorFactoryDiscreteNet(  # noqa: N802  Tianshou's name
    hidden_sizes: Sequence[int], softmax_output: bool = True, activation: type[nn.Module] = nn.ReLU
) -> ActorFactoryDefault:
    """A categorical MLP actor."""
    return ActorFactoryDefault(ContinuousActorType.UNSUPPORTED, hidden_sizes, activation, discrete_softmax=softmax_output)


@frozen
class IntermediateModuleFactoryFromActorFactory(IntermediateModuleFactory):
    """The network of an actor factory as a Q-network, or as features."""

    actor_factory: ActorFactory | ActorFactoryDefault

    def create_intermediate_module(self, envs: Any, device: TDevice) -> IntermediateModule:
        """Create the network of an actor factory of your own; the builder makes that of a default one itself."""
        if isinstance(self.actor_factory, ActorFactoryDefault):
            raise UsageError("the network of ActorFactoryDefault is made by the builder; hand this factory to with_model_factory.")
        return IntermediateModule(self.actor_factory.create_module(envs, device), int(envs.get_action_shape()))
