from __future__ import annotations

import pytest
from gymnasium.spaces import Discrete

from rlchassis_testkit.compiled import BACKENDS, assert_one_graph_is_the_same_update
from rlchassis_testkit.experiences import example_rollout
from rlchassis_trpo import TRPOAgentFactory, TRPOParams


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_critics_step_of_one_graph_is_the_same_step(backend):
    agent = TRPOAgentFactory(params=TRPOParams(optim_critic_iters=3))
    assert_one_graph_is_the_same_update(agent, Discrete(2), example_rollout(), flat=True, backend=backend)
