"""Names of tianshou.highlevel.experiment: the builders of all algorithms, and what they build."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Self

from gymnasium import spaces
from torch import nn

from rlchassis_tianshou.highlevel.builder import ExperimentBuilder
from rlchassis_tianshou.highlevel.config import SamplingConfig
from rlchassis_tianshou.highlevel.experiments import Experiment, ExperimentCollection, ExperimentConfig
from rlchassis_tianshou.highlevel.families import (
    SIZES,
    WithCritic,
    WithCriticEnsemble,
    WithGaussianActor,
    WithParams,
    WithPlainActor,
    WithTwoCritics,
)
from rlchassis_tianshou.highlevel.module.actor import ActorFactoryDefault, ContinuousActorType, IntermediateModuleFactoryFromActorFactory
from rlchassis_tianshou.highlevel.module.choice import features_of, set_q_network
from rlchassis_tianshou.highlevel.params import policy_params as params
from rlchassis_tianshou.highlevel.results import ExperimentResult

__all__ = [
    "A2CExperimentBuilder",
    "DDPGExperimentBuilder",
    "DQNExperimentBuilder",
    "DiscreteSACExperimentBuilder",
    "Experiment",
    "ExperimentBuilder",
    "ExperimentCollection",
    "ExperimentConfig",
    "ExperimentResult",
    "IQNExperimentBuilder",
    "NPGExperimentBuilder",
    "PGExperimentBuilder",
    "PPOExperimentBuilder",
    "REDQExperimentBuilder",
    "SACExperimentBuilder",
    "SamplingConfig",
    "TD3ExperimentBuilder",
    "TRPOExperimentBuilder",
]
Space = Callable[[], spaces.Space[Any]]


class PGExperimentBuilder(WithGaussianActor):
    """Builder of experiments with REINFORCE."""

    native_builder, params_class, params_method = "PGExperimentBuilder", params.PGParams, "with_pg_params"

    def with_pg_params(self, params: params.PGParams) -> Self:
        """Set the hyperparameters."""
        return self._with_params(params)


class A2CExperimentBuilder(WithGaussianActor, WithCritic):
    """Builder of experiments with A2C."""

    native_builder, params_class, params_method = "A2CExperimentBuilder", params.A2CParams, "with_a2c_params"

    def with_a2c_params(self, params: params.A2CParams) -> Self:
        """Set the hyperparameters."""
        return self._with_params(params)


class PPOExperimentBuilder(WithGaussianActor, WithCritic):
    """Builder of experiments with PPO."""

    native_builder, params_class, params_method = "PPOExperimentBuilder", params.PPOParams, "with_ppo_params"

    def with_ppo_params(self, params: params.PPOParams) -> Self:
        """Set the hyperparameters."""
        return self._with_params(params)


class NPGExperimentBuilder(WithGaussianActor, WithCritic):
    """Builder of experiments with NPG."""

    native_builder, params_class, params_method = "NPGExperimentBuilder", params.NPGParams, "with_npg_params"

    def with_npg_params(self, params: params.NPGParams) -> Self:
        """Set the hyperparameters."""
        return self._with_params(params)


class TRPOExperimentBuilder(WithGaussianActor, WithCritic):
    """Builder of experiments with TRPO."""

    native_builder, params_class, params_method = "TRPOExperimentBuilder", params.TRPOParams, "with_trpo_params"

    def with_trpo_params(self, params: params.TRPOParams) -> Self:
        """Set the hyperparameters."""
        return self._with_params(params)


class DQNExperimentBuilder(WithParams):
    """Builder of experiments with DQN."""

    native_builder, params_class, params_method = "DQNExperimentBuilder", params.DQNParams, "with_dqn_params"

    def with_dqn_params(self, params: params.DQNParams) -> Self:
        """Set the hyperparameters."""
        return self._with_params(params)

    def with_model_factory(self, module_factory: Any) -> Self:
        """Set the Q-network: a network that answers one value per action."""
        self._networks["model"] = module_factory
        return self

    def with_model_factory_default(self, hidden_sizes: Sequence[int], hidden_activation: type[nn.Module] = nn.ReLU) -> Self:
        """Set the Q-network to an MLP."""
        return self.with_model_factory(_mlp(hidden_sizes, hidden_activation))

    def _configure(self, builder: Any, action_space: Space) -> None:
        super()._configure(builder, action_space)
        set_q_network(builder, self._networks.get("model", _mlp(SIZES, nn.ReLU)))


class IQNExperimentBuilder(WithParams):
    """Builder of experiments with IQN."""

    native_builder, params_class, params_method = "IQNExperimentBuilder", params.IQNParams, "with_iqn_params"

    def with_iqn_params(self, params: params.IQNParams) -> Self:
        """Set the hyperparameters."""
        return self._with_params(params)

    def with_preprocess_network_factory(self, module_factory: Any) -> Self:
        """Set the network of the features."""
        self._networks["features"] = module_factory
        return self

    def _configure(self, builder: Any, action_space: Space) -> None:
        super()._configure(builder, action_space)
        builder.with_preprocess_network_factory(features_of(self._networks.get("features", _mlp(SIZES, nn.ReLU))))


class DDPGExperimentBuilder(WithPlainActor, WithCritic):
    """Builder of experiments with DDPG."""

    native_builder, params_class, params_method = "DDPGExperimentBuilder", params.DDPGParams, "with_ddpg_params"
    actor_type, policy, of_actions = ContinuousActorType.DETERMINISTIC, "deterministic", True

    def with_ddpg_params(self, params: params.DDPGParams) -> Self:
        """Set the hyperparameters."""
        return self._with_params(params)


class TD3ExperimentBuilder(WithPlainActor, WithTwoCritics):
    """Builder of experiments with TD3."""

    native_builder, params_class, params_method = "TD3ExperimentBuilder", params.TD3Params, "with_td3_params"
    actor_type, policy = ContinuousActorType.DETERMINISTIC, "deterministic"

    def with_td3_params(self, params: params.TD3Params) -> Self:
        """Set the hyperparameters."""
        return self._with_params(params)


class SACExperimentBuilder(WithGaussianActor, WithTwoCritics):
    """Builder of experiments with SAC."""

    native_builder, params_class, params_method = "SACExperimentBuilder", params.SACParams, "with_sac_params"
    policy: ClassVar[str] = "squashed"

    def with_sac_params(self, params: params.SACParams) -> Self:
        """Set the hyperparameters."""
        return self._with_params(params)


class DiscreteSACExperimentBuilder(WithPlainActor, WithTwoCritics):
    """Builder of experiments with discrete SAC."""

    native_builder, params_class, params_method = "DiscreteSACExperimentBuilder", params.DiscreteSACParams, "with_sac_params"
    actor_type = ContinuousActorType.UNSUPPORTED

    def with_sac_params(self, params: params.DiscreteSACParams) -> Self:
        """Set the hyperparameters."""
        return self._with_params(params)


class REDQExperimentBuilder(WithGaussianActor, WithCriticEnsemble):
    """Builder of experiments with REDQ."""

    native_builder, params_class, params_method = "REDQExperimentBuilder", params.REDQParams, "with_redq_params"
    policy: ClassVar[str] = "squashed"

    def with_redq_params(self, params: params.REDQParams) -> Self:
        """Set the hyperparameters."""
        return self._with_params(params)


def _mlp(hidden_sizes: Sequence[int], hidden_activation: type[nn.Module]) -> IntermediateModuleFactoryFromActorFactory:
    return IntermediateModuleFactoryFromActorFactory(ActorFactoryDefault(ContinuousActorType.UNSUPPORTED, hidden_sizes, hidden_activation))
