from __future__ import annotations

import numpy as np
import pytest
from attrs import evolve
from gymnasium.spaces import Box, Discrete

from rlchassis_ppo import PPOAgentFactory, PPOParams
from rlchassis_testkit.compiled import BACKENDS, assert_one_graph_is_the_same_update
from rlchassis_testkit.experiences import example_rollout
from rlchassis_toolkit import CriticFactoryReuseActor

BOX = Box(-1, 1, (2,), np.float32)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    "params",
    [
        {},
        pytest.param(
            {"dual_clip": 2.0, "value_clip": True, "ent_coef": 0.01, "return_scaling": True, "max_grad_norm": None},
            marks=pytest.mark.compiled,
        ),
    ],
)
def test_an_update_of_one_graph_is_the_same_update(params, backend):
    agent = PPOAgentFactory(params=PPOParams(**params))
    assert_one_graph_is_the_same_update(agent, Discrete(2), example_rollout(), flat=True, backend=backend)


@pytest.mark.compiled
def test_a_compiled_update_with_continuous_actions_and_shared_features_equals_the_eager_one():
    rollout = example_rollout()
    rollout = evolve(rollout, actions=rollout.obs[..., :2])
    assert_one_graph_is_the_same_update(PPOAgentFactory(critic_factory=CriticFactoryReuseActor()), BOX, rollout, flat=True)
