"""Builder methods for networks, by the networks that algorithms have."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Self

from gymnasium import spaces
from torch import nn

from rlchassis_tianshou.highlevel.builder import ExperimentBuilder
from rlchassis_tianshou.highlevel.module.actor import ActorFactoryDefault, ContinuousActorType
from rlchassis_tianshou.highlevel.module.choice import action_critic_of, actor_of, critic_of, ensemble_of
from rlchassis_tianshou.highlevel.module.critic import CriticEnsembleFactoryDefault, CriticFactoryDefault, CriticFactoryReuseActor
from rlchassis_tianshou.highlevel.params.policy_params import Params

Space = Callable[[], spaces.Space[Any]]
SIZES = (64, 64)
"""Hidden layers of networks that are not configured."""


class WithParams(ExperimentBuilder):
    """Builders of algorithms, each with its hyperparameters."""

    params_class: ClassVar[type[Params]]
    params_method: ClassVar[str]
    """Method of the builder of rlchassis that sets them."""

    _params: Params | None = None

    def _with_params(self, params: Params) -> Self:
        self._params = params
        return self

    def _configure(self, builder: Any, action_space: Space) -> None:
        params = self.params_class() if self._params is None else self._params
        getattr(builder, self.params_method)(params.translated(action_space))


class WithActor(WithParams):
    """Builders of algorithms with an actor."""

    actor_type: ClassVar[ContinuousActorType] = ContinuousActorType.GAUSSIAN
    policy: ClassVar[str] = "stochastic"
    """Kind of the policy: stochastic, squashed or deterministic."""

    def with_actor_factory(self, actor_factory: Any) -> Self:
        """Set the actor."""
        self._networks["actor"] = actor_factory
        return self

    def _configure(self, builder: Any, action_space: Space) -> None:
        super()._configure(builder, action_space)
        actor = self._networks.get("actor", ActorFactoryDefault(self.actor_type))
        builder.with_actor_factory(actor_of(actor, self.policy, getattr(self._params, "dist_fn", "default")))


class WithGaussianActor(WithActor):
    """Builders of algorithms whose actor is Gaussian where actions are continuous."""

    def with_actor_factory_default(
        self,
        hidden_sizes: Sequence[int],
        hidden_activation: type[nn.Module] = nn.ReLU,
        continuous_unbounded: bool = False,
        continuous_conditioned_sigma: bool = False,
    ) -> Self:
        """Set the actor to an MLP."""
        more = (continuous_unbounded, continuous_conditioned_sigma)
        return self.with_actor_factory(ActorFactoryDefault(self.actor_type, hidden_sizes, hidden_activation, *more))


class WithPlainActor(WithActor):
    """Builders of algorithms whose actor is deterministic or categorical."""

    def with_actor_factory_default(self, hidden_sizes: Sequence[int], hidden_activation: type[nn.Module] = nn.ReLU) -> Self:
        """Set the actor to an MLP."""
        return self.with_actor_factory(ActorFactoryDefault(self.actor_type, hidden_sizes, hidden_activation))


class WithCritic(WithActor):
    """Builders of algorithms with one critic."""

    of_actions: ClassVar[bool] = False
    """Whether the critic takes actions."""

    def with_critic_factory(self, critic_factory: Any) -> Self:
        """Set the critic."""
        self._networks["critic"] = critic_factory
        return self

    def with_critic_factory_default(self, hidden_sizes: Sequence[int] = SIZES, hidden_activation: type[nn.Module] = nn.ReLU) -> Self:
        """Set the critic to an MLP."""
        return self.with_critic_factory(CriticFactoryDefault(hidden_sizes, hidden_activation))

    def with_critic_factory_use_actor(self) -> Self:
        """Let the critic share the actor's features."""
        return self.with_critic_factory(CriticFactoryReuseActor())

    def _configure(self, builder: Any, action_space: Space) -> None:
        super()._configure(builder, action_space)
        made = self._networks.get("critic", CriticFactoryDefault())
        builder.with_critic_factory(action_critic_of(made) if self.of_actions else critic_of(made))


class WithTwoCritics(WithActor):
    """Builders of algorithms with two critics."""

    def with_common_critic_factory(self, critic_factory: Any) -> Self:
        """Set both critics."""
        return self.with_critic1_factory(critic_factory).with_critic2_factory(critic_factory)

    def with_common_critic_factory_default(self, hidden_sizes: Sequence[int] = SIZES, hidden_activation: type[nn.Module] = nn.ReLU) -> Self:
        """Set both critics to MLPs."""
        return self.with_common_critic_factory(CriticFactoryDefault(hidden_sizes, hidden_activation))

    def with_common_critic_factory_use_actor(self) -> Self:
        """Let both critics share the actor's features."""
        return self.with_common_critic_factory(CriticFactoryReuseActor())

    def with_critic1_factory(self, critic_factory: Any) -> Self:
        """Set the first critic."""
        self._networks["critic1"] = critic_factory
        return self

    def with_critic1_factory_default(self, hidden_sizes: Sequence[int] = SIZES, hidden_activation: type[nn.Module] = nn.ReLU) -> Self:
        """Set the first critic to an MLP."""
        return self.with_critic1_factory(CriticFactoryDefault(hidden_sizes, hidden_activation))

    def with_critic1_factory_use_actor(self) -> Self:
        """Let the first critic share the actor's features."""
        return self.with_critic1_factory(CriticFactoryReuseActor())

    def with_critic2_factory(self, critic_factory: Any) -> Self:
        """Set the second critic."""
        self._networks["critic2"] = critic_factory
        return self

    def with_critic2_factory_default(self, hidden_sizes: Sequence[int] = SIZES, hidden_activation: type[nn.Module] = nn.ReLU) -> Self:
        """Set the second critic to an MLP."""
        return self.with_critic2_factory(CriticFactoryDefault(hidden_sizes, hidden_activation))

    def with_critic2_factory_use_actor(self) -> Self:
        """Let the second critic share the actor's features."""
        return self.with_critic2_factory(CriticFactoryReuseActor())

    def _configure(self, builder: Any, action_space: Space) -> None:
        super()._configure(builder, action_space)
        builder.with_critic1_factory(action_critic_of(self._networks.get("critic1", CriticFactoryDefault())))
        builder.with_critic2_factory(action_critic_of(self._networks.get("critic2", CriticFactoryDefault())))


class WithCriticEnsemble(WithActor):
    """Builders of algorithms with an ensemble of critics."""

    def with_critic_ensemble_factory(self, factory: Any) -> Self:
        """Set the critics."""
        self._networks["ensemble"] = factory
        return self

    def with_critic_ensemble_factory_default(self, hidden_sizes: Sequence[int] = SIZES) -> Self:
        """Set the critics to MLPs."""
        return self.with_critic_ensemble_factory(CriticEnsembleFactoryDefault(hidden_sizes))

    def _configure(self, builder: Any, action_space: Space) -> None:
        super()._configure(builder, action_space)
        builder.with_critic_ensemble_factory(ensemble_of(self._networks.get("ensemble", CriticEnsembleFactoryDefault())))
