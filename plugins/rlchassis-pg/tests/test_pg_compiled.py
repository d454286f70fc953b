from __future__ import annotations

import pytest
from gymnasium.spaces import Discrete

from rlchassis_pg import PGAgentFactory, PGParams
from rlchassis_testkit.compiled import BACKENDS, assert_one_graph_is_the_same_update
from rlchassis_testkit.experiences import example_rollout


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_update_of_one_graph_is_the_same_update(backend):
    agent = PGAgentFactory(params=PGParams(ent_coef=0.01, max_grad_norm=0.5))
    assert_one_graph_is_the_same_update(agent, Discrete(2), example_rollout(), flat=True, backend=backend)
