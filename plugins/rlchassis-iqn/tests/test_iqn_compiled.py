from __future__ import annotations

import pytest
from gymnasium.spaces import Discrete

from rlchassis_iqn import IQNAgentFactory, IQNParams
from rlchassis_testkit.compiled import assert_one_graph_is_the_same_update
from rlchassis_testkit.making import windows_of

pytestmark = pytest.mark.compiled

ACTIONS = Discrete(2)


@pytest.mark.parametrize("params", [{}, {"n_step": 3, "hidden_sizes": (16,), "target_update_freq": 2}])
def test_an_update_of_one_graph_is_the_same_update(params):
    agent = IQNAgentFactory(params=IQNParams(**params))
    assert_one_graph_is_the_same_update(agent, ACTIONS, windows_of(agent.params.n_step, ACTIONS), flat=False)
