"""Steps of each optimizer within a compiled update are those of the eager one: `pytest -m compiled`."""

from __future__ import annotations

import pytest
from gymnasium.spaces import Discrete

from rlchassis.api import OptimizerFactory
from rlchassis_adamw import OptimizerFactoryAdamW
from rlchassis_muon import OptimizerFactoryMuon
from rlchassis_ppo import PPOAgentFactory
from rlchassis_rmsprop import OptimizerFactoryRMSprop
from rlchassis_sgd import OptimizerFactorySGD
from rlchassis_testkit.compiled import assert_one_graph_is_the_same_update
from rlchassis_testkit.experiences import example_rollout
from rlchassis_toolkit import ActorFactoryDefault, CriticFactoryDefault
from rlchassis_torch_optim import OptimizerFactoryTorch

FACTORIES = [
    OptimizerFactoryAdamW(weight_decay=0.1),
    OptimizerFactoryMuon(min_width=6, weight_decay=0.1),
    OptimizerFactoryRMSprop(eps=1e-3),
    OptimizerFactoryRMSprop(eps=1e-3, eps_in_root=True, initial_square=1.0, momentum=0.9, centered=True, weight_decay=0.1),
    OptimizerFactorySGD(),
    OptimizerFactorySGD(momentum=0.9, nesterov=True),
    OptimizerFactoryTorch("NAdam", eps=1e-3),
    OptimizerFactoryTorch("Adagrad", eps=1e-3),
]


@pytest.mark.compiled
@pytest.mark.parametrize("factory", FACTORIES, ids=str)
def test_a_compiled_update_with_this_optimizer_equals_the_eager_one(factory: OptimizerFactory):
    networks = {"actor_factory": ActorFactoryDefault((6, 6)), "critic_factory": CriticFactoryDefault((6, 6))}
    assert_one_graph_is_the_same_update(PPOAgentFactory(optim_factory=factory, **networks), Discrete(2), example_rollout(), flat=True)
