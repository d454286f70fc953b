from __future__ import annotations

import numpy as np
import pytest
from gymnasium.spaces import Box

from rlchassis.api import Component
from rlchassis_td3 import TD3AgentFactory, TD3Params
from rlchassis_testkit.compiled import assert_one_graph_is_the_same_update
from rlchassis_testkit.making import windows_of

pytestmark = pytest.mark.compiled

ACTIONS = Box(-1, 1, (2,), np.float32)
GENTLE = Component("optimizer", "adam", {"eps": 1e-6})
"""Adam makes whole steps even of gradients that are next to nothing, of which rounding leaves little; so not quite."""


@pytest.mark.parametrize("params", [{}, {"n_step": 3, "update_actor_freq": 1, "policy_noise": 0.5}])
def test_an_update_of_one_graph_is_the_same_update(params):
    agent = TD3AgentFactory(params=TD3Params(**params), optim_factory=GENTLE)
    assert_one_graph_is_the_same_update(agent, ACTIONS, windows_of(agent.params.n_step, ACTIONS), flat=False)
