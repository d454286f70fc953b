"""Builder methods of algorithms with a stochastic actor and of those with a critic besides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self, TypeVar

from torch import nn

from rlchassis.api import AgentFactory, ExperimentBuilder
from rlchassis_toolkit.factories.contracts import ActorFactory, CriticFactory, NetworkFactory
from rlchassis_toolkit.factories.networks import ActorFactoryDefault, CriticFactoryDefault, CriticFactoryReuseActor
from rlchassis_toolkit.memory.factories import MemoryFactory

Agent = TypeVar("Agent", bound=AgentFactory)


class MemoryMethods(ExperimentBuilder[Agent]):
    """Builder method for agents with a memory."""

    def with_memory(self, memory: MemoryFactory) -> Self:
        """Give the policy a memory: MemoryFactoryGRU or MemoryFactoryLSTM."""
        return self._with_agent(memory=memory)


class StochasticActorMethods(ExperimentBuilder[Agent]):
    """Builder methods for agents with an actor_factory of a stochastic actor."""

    def with_actor_factory(self, actor_factory: ActorFactory | NetworkFactory) -> Self:
        """Set the actor: a module from observations to a distribution over actions."""
        return self._with_agent(actor_factory=actor_factory)

    def with_actor_factory_default(
        self,
        hidden_sizes: Sequence[int],
        hidden_activation: type[nn.Module] = nn.ReLU,
        continuous_unbounded: bool = False,
        continuous_conditioned_sigma: bool = False,
    ) -> Self:
        """Set the actor to an MLP; for continuous actions, whether the mean may leave [−1, 1] and whether σ depends on the observation."""
        return self._with_agent(
            actor_factory=ActorFactoryDefault(hidden_sizes, hidden_activation, continuous_unbounded, continuous_conditioned_sigma)
        )


class ActorCriticExperimentBuilder(StochasticActorMethods[Agent], MemoryMethods[Agent]):
    """Builder methods for agents with an actor_factory and a critic_factory."""

    def with_critic_factory(self, critic_factory: CriticFactory | NetworkFactory) -> Self:
        """Set the critic: a module from observations to values."""
        return self._with_agent(critic_factory=critic_factory)

    def with_critic_factory_default(self, hidden_sizes: Sequence[int], hidden_activation: type[nn.Module] = nn.ReLU) -> Self:
        """Set the critic to an MLP of its own."""
        return self._with_agent(critic_factory=CriticFactoryDefault(hidden_sizes, hidden_activation))

    def with_critic_factory_use_actor(self) -> Self:
        """Set the critic to a value head on the actor's features."""
        return self._with_agent(critic_factory=CriticFactoryReuseActor())
