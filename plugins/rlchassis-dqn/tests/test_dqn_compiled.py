from __future__ import annotations

import pytest
from gymnasium.spaces import Discrete

from rlchassis_dqn import DQNAgentFactory, DQNParams
from rlchassis_testkit.compiled import BACKENDS, assert_one_graph_is_the_same_update
from rlchassis_testkit.making import windows_of

ACTIONS = Discrete(2)
OTHERS = {"n_step": 3, "is_double": False, "huber_loss_delta": None, "target_update_freq": 2}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("params", [{}, pytest.param(OTHERS, marks=pytest.mark.compiled)])
def test_an_update_of_one_graph_is_the_same_update(params, backend):
    agent = DQNAgentFactory(params=DQNParams(**params))
    assert_one_graph_is_the_same_update(agent, ACTIONS, windows_of(agent.params.n_step, ACTIONS), flat=False, backend=backend)
