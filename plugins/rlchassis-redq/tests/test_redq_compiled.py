from __future__ import annotations

import numpy as np
import pytest
from gymnasium.spaces import Box

from rlchassis_redq import REDQAgentFactory, REDQParams
from rlchassis_testkit.compiled import assert_one_graph_is_the_same_update
from rlchassis_testkit.making import windows_of

pytestmark = pytest.mark.compiled

ACTIONS = Box(-1, 1, (2,), np.float32)


@pytest.mark.parametrize("params", [{}, {"n_step": 3, "alpha": 0.2, "target_mode": "mean"}])
def test_an_update_of_one_graph_is_the_same_update(params):
    agent = REDQAgentFactory(params=REDQParams(ensemble_size=5, actor_delay=1, **params))
    assert_one_graph_is_the_same_update(agent, ACTIONS, windows_of(agent.params.n_step, ACTIONS), flat=False)
