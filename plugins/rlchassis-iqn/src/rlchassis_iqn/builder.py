"""Agent factory and experiment builder of IQN."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

import torch
from attrs import frozen

from rlchassis.api import ActionLayout, AgentFactory, Environments, ExperimentBuilder, OffPolicyTrainer, Setup, instance, is_masked
from rlchassis_iqn.algorithm import IQN
from rlchassis_iqn.network import QuantileNetwork
from rlchassis_iqn.params import IQNParams
from rlchassis_iqn.policy import QuantilePolicy
from rlchassis_toolkit import (
    IntermediateModuleFactory,
    IntermediateModuleFactoryDefault,
    joint_actions,
    joint_sizes,
    log_joint_actions,
    masked,
    seen_by_networks,
    target_copy,
    unique_parameters,
)


@frozen(kw_only=True)
class IQNAgentFactory(AgentFactory):
    """Factory of IQN agents."""

    trainer_class = OffPolicyTrainer
    default_sampling: ClassVar[Mapping[str, int]] = {
        "update_per_step": 1,
        "step_per_collect": 10,
        "buffer_size": 100_000,
        "num_test_episodes": 10,
    }

    params: IQNParams = instance(IQNParams, factory=IQNParams)
    """Hyperparameters."""
    preprocess_network_factory: IntermediateModuleFactory = instance(IntermediateModuleFactory, factory=IntermediateModuleFactoryDefault)
    """Network from observations to the features that the quantile embedding multiplies."""

    def create_policy(self, envs: Environments, device: torch.device) -> QuantilePolicy:
        """Create an ε-greedy policy on mean quantiles of joint actions; UnsupportedSpaceError for continuous ones, and for too many."""
        params, joint = self.params, joint_actions(envs, "IQN")
        features = masked(self.preprocess_network_factory.create_module(seen_by_networks(joint), device), joint)
        network = QuantileNetwork(
            features,
            ActionLayout.of(envs.action_space).joint_size,
            params.num_cosines,
            params.hidden_sizes,
            is_masked=is_masked(envs.observation_space),
            mask_sizes=joint_sizes(joint),
        )
        policy = QuantilePolicy(network, params.sample_size, eps_training=params.eps_schedule(0), eps_inference=params.eps_inference)
        return policy.to(device)

    def create_algorithm(self, policy: QuantilePolicy, envs: Environments, setup: Setup) -> IQN:
        """Create the algorithm, with a target network that starts as a copy and one optimizer."""
        params = self.params
        log_joint_actions(envs)
        optimizer = setup.optimizer(unique_parameters(policy), params.lr, "critic", params.lr_scheduler_factory)
        return IQN(policy, target_copy(policy.network), optimizer, params, params.eps_schedule)


class IQNExperimentBuilder(ExperimentBuilder[IQNAgentFactory]):
    """Builder of experiments with implicit quantile networks."""

    agent_class = IQNAgentFactory

    def with_iqn_params(self, params: IQNParams) -> Self:
        """Set the hyperparameters of IQN."""
        return self._with_agent(params=params)

    def with_preprocess_network_factory(self, module_factory: IntermediateModuleFactory) -> Self:
        """Set the network from observations to features; the quantile embedding multiplies them, and the head reads the product."""
        return self._with_agent(preprocess_network_factory=module_factory)
