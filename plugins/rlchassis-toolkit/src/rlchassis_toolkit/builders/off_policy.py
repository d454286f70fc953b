"""Builder methods of off-policy algorithms, by the networks that they configure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self, TypeVar

from torch import nn

from rlchassis.api import AgentFactory, ExperimentBuilder
from rlchassis_toolkit.builders.actor_critic import StochasticActorMethods
from rlchassis_toolkit.factories.action_critics import ActionCriticFactory, ActionCriticFactoryDefault, ActionCriticFactoryReuseActor
from rlchassis_toolkit.factories.contracts import ActorFactory, NetworkFactory
from rlchassis_toolkit.factories.networks import DeterministicActorFactoryDefault

Agent = TypeVar("Agent", bound=AgentFactory)


class GaussianActorMethods(StochasticActorMethods[Agent]):
    """Builder methods for agents with an actor_factory of a Gaussian actor, squashed by tanh: with other defaults."""

    def with_actor_factory_default(
        self,
        hidden_sizes: Sequence[int],
        hidden_activation: type[nn.Module] = nn.ReLU,
        continuous_unbounded: bool = True,
        continuous_conditioned_sigma: bool = True,
    ) -> Self:
        """Set the actor to an MLP; whether its mean is unbounded before the squash and whether σ depends on the observation."""
        return super().with_actor_factory_default(hidden_sizes, hidden_activation, continuous_unbounded, continuous_conditioned_sigma)


class DeterministicActorMethods(ExperimentBuilder[Agent]):
    """Builder methods for agents with an actor_factory of a deterministic actor."""

    def with_actor_factory(self, actor_factory: ActorFactory | NetworkFactory) -> Self:
        """Set the actor: a module from observations to actions in [−1, 1]."""
        return self._with_agent(actor_factory=actor_factory)

    def with_actor_factory_default(self, hidden_sizes: Sequence[int], hidden_activation: type[nn.Module] = nn.ReLU) -> Self:
        """Set the actor to an MLP."""
        return self._with_agent(actor_factory=DeterministicActorFactoryDefault(hidden_sizes, hidden_activation))


class OneCriticMethods(ExperimentBuilder[Agent]):
    """Builder methods for agents with one critic of actions, critic_factory."""

    def with_critic_factory(self, critic_factory: ActionCriticFactory | NetworkFactory) -> Self:
        """Set the critic: a module from observations and actions to values."""
        return self._with_agent(critic_factory=critic_factory)

    def with_critic_factory_default(self, hidden_sizes: Sequence[int], hidden_activation: type[nn.Module] = nn.ReLU) -> Self:
        """Set the critic to an MLP of its own."""
        return self._with_agent(critic_factory=ActionCriticFactoryDefault(hidden_sizes, hidden_activation))

    def with_critic_factory_use_actor(self) -> Self:
        """Set the critic to an MLP of the actor's features and the action."""
        return self._with_agent(critic_factory=ActionCriticFactoryReuseActor())


class CriticEnsembleMethods(ExperimentBuilder[Agent]):
    """Builder methods for agents with one factory for all critics of an ensemble, critic_ensemble_factory."""

    def with_critic_ensemble_factory(self, critic_ensemble_factory: ActionCriticFactory | NetworkFactory) -> Self:
        """Set each critic of the ensemble: a module from observations and actions to values."""
        return self._with_agent(critic_ensemble_factory=critic_ensemble_factory)

    def with_critic_ensemble_factory_default(self, hidden_sizes: Sequence[int], hidden_activation: type[nn.Module] = nn.ReLU) -> Self:
        """Set the critics to MLPs of their own, computed as one network."""
        return self._with_agent(critic_ensemble_factory=ActionCriticFactoryDefault(hidden_sizes, hidden_activation))


class TwoCriticsMethods(ExperimentBuilder[Agent]):
    """Builder methods for agents with two critics of actions, critic_factories."""

    def with_common_critic_factory(self, critic_factory: ActionCriticFactory | NetworkFactory) -> Self:
        """Set both critics: modules from observations and actions to values."""
        return self._with_agent(critic_factories=(critic_factory, critic_factory))

    def with_common_critic_factory_default(self, hidden_sizes: Sequence[int], hidden_activation: type[nn.Module] = nn.ReLU) -> Self:
        """Set both critics to MLPs of their own."""
        return self.with_common_critic_factory(ActionCriticFactoryDefault(hidden_sizes, hidden_activation))

    def with_common_critic_factory_use_actor(self) -> Self:
        """Set both critics to MLPs of the actor's features and the action."""
        return self.with_common_critic_factory(ActionCriticFactoryReuseActor())

    def with_critic1_factory(self, critic_factory: ActionCriticFactory | NetworkFactory) -> Self:
        """Set the first critic."""
        return self._with_critic(0, critic_factory)

    def with_critic1_factory_default(self, hidden_sizes: Sequence[int], hidden_activation: type[nn.Module] = nn.ReLU) -> Self:
        """Set the first critic to an MLP of its own."""
        return self._with_critic(0, ActionCriticFactoryDefault(hidden_sizes, hidden_activation))

    def with_critic1_factory_use_actor(self) -> Self:
        """Set the first critic to an MLP of the actor's features and the action."""
        return self._with_critic(0, ActionCriticFactoryReuseActor())

    def with_critic2_factory(self, critic_factory: ActionCriticFactory | NetworkFactory) -> Self:
        """Set the second critic."""
        return self._with_critic(1, critic_factory)

    def with_critic2_factory_default(self, hidden_sizes: Sequence[int], hidden_activation: type[nn.Module] = nn.ReLU) -> Self:
        """Set the second critic to an MLP of its own."""
        return self._with_critic(1, ActionCriticFactoryDefault(hidden_sizes, hidden_activation))

    def with_critic2_factory_use_actor(self) -> Self:
        """Set the second critic to an MLP of the actor's features and the action."""
        return self._with_critic(1, ActionCriticFactoryReuseActor())

    def _with_critic(self, index: int, critic_factory: ActionCriticFactory | NetworkFactory) -> Self:
        critics = list(self._agent.critic_factories)  # type: ignore[attr-defined]  # agents that this class is for have it
        critics[index] = critic_factory
        return self._with_agent(critic_factories=tuple(critics))
