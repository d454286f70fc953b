"""Agent factory and experiment builder of DQN."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Self

import torch
from attrs import frozen
from torch import nn

from rlchassis.api import AgentFactory, Environments, OffPolicyTrainer, Setup, instance
from rlchassis_dqn.algorithm import DQN
from rlchassis_dqn.network import QNetworkFactoryDefault
from rlchassis_dqn.params import DQNParams
from rlchassis_toolkit import (
    EpsilonGreedyPolicy,
    IntermediateModuleFactory,
    MaskedValues,
    MemoryFactory,
    MemoryMethods,
    create_memory,
    joint_actions,
    log_joint_actions,
    masked,
    network_field,
    network_spaces,
    seen_by_networks,
    target_copy,
    target_memory,
    unique_parameters,
)


@frozen(kw_only=True)
class DQNAgentFactory(AgentFactory):
    """Factory of DQN agents."""

    trainer_class = OffPolicyTrainer
    default_sampling: ClassVar[Mapping[str, int]] = {
        "update_per_step": 1,
        "step_per_collect": 10,
        "buffer_size": 100_000,
        "num_test_episodes": 10,
    }

    params: DQNParams = instance(DQNParams, factory=DQNParams)
    """Hyperparameters."""
    model_factory: IntermediateModuleFactory = network_field(IntermediateModuleFactory, QNetworkFactoryDefault)
    """Q-network: a network from observations to one value per action."""
    memory: MemoryFactory | None = instance(MemoryFactory)
    """Memory, whose features the Q-network sees in place of observations; None: none."""

    def create_policy(self, envs: Environments, device: torch.device) -> EpsilonGreedyPolicy:
        """Create an ε-greedy policy over joint actions; UnsupportedSpaceError for continuous ones, and where there are too many."""
        memory, eps = create_memory(self.memory, envs, device), self.params.eps_schedule(0)
        seen = network_spaces(memory, joint_actions(envs, "DQN"))
        network = masked(self.model_factory.create_module(seen_by_networks(seen), device), seen, MaskedValues)
        return EpsilonGreedyPolicy(network, eps_training=eps, eps_inference=self.params.eps_inference, memory=memory)

    def create_algorithm(self, policy: EpsilonGreedyPolicy, envs: Environments, setup: Setup) -> DQN:
        """Create the algorithm, with a target network that starts as a copy and one optimizer."""
        params = self.params
        log_joint_actions(envs)
        optimizer = setup.optimizer(unique_parameters(policy), params.lr, "critic", params.lr_scheduler_factory)
        return DQN(policy, target_copy(policy.network), optimizer, params, params.eps_schedule, target_memory(policy))


class DQNExperimentBuilder(MemoryMethods[DQNAgentFactory]):
    """Builder of experiments with deep Q-learning."""

    agent_class = DQNAgentFactory

    def with_dqn_params(self, params: DQNParams) -> Self:
        """Set the hyperparameters of DQN."""
        return self._with_agent(params=params)

    def with_model_factory(self, module_factory: IntermediateModuleFactory) -> Self:
        """Set the Q-network: the module that the factory makes maps observations to one value per action, and nothing is added to it."""
        return self._with_agent(model_factory=module_factory)

    def with_model_factory_default(self, hidden_sizes: Sequence[int], hidden_activation: type[nn.Module] = nn.ReLU) -> Self:
        """Set the Q-network to an MLP with these hidden layers and a linear output layer."""
        return self._with_agent(model_factory=QNetworkFactoryDefault(hidden_sizes, hidden_activation))
