from __future__ import annotations

import pytest
from gymnasium.spaces import Discrete

from rlchassis_a2c import A2CAgentFactory, A2CParams
from rlchassis_testkit.compiled import assert_one_graph_is_the_same_update
from rlchassis_testkit.experiences import example_rollout

pytestmark = pytest.mark.compiled


def test_an_update_of_one_graph_is_the_same_update():
    agent = A2CAgentFactory(params=A2CParams(ent_coef=0.01, max_grad_norm=0.5))
    assert_one_graph_is_the_same_update(agent, Discrete(2), example_rollout(), flat=True)
