from __future__ import annotations

import numpy as np
import pytest
from gymnasium.spaces import Box

from rlchassis_networks import NetworkFactoryBatchRenormMLP, NetworkFactoryLayerNormMLP, NetworkFactorySimBa
from rlchassis_sac import SACAgentFactory, SACParams
from rlchassis_testkit.compiled import assert_one_graph_is_the_same_update
from rlchassis_testkit.making import windows_of

pytestmark = pytest.mark.compiled

ACTIONS = Box(-1, 1, (2,), np.float32)
RENORM = NetworkFactoryBatchRenormMLP((8,), warm_up=3)


@pytest.mark.parametrize(
    ("critic", "params"),
    [(NetworkFactorySimBa(size=8), {}), (RENORM, {}), (RENORM, {"target_critics": False})],
    ids=["simba", "batch renorm", "batch renorm without targets"],
)
def test_an_update_of_one_graph_is_the_same_update(critic, params):
    actor = NetworkFactoryLayerNormMLP((8,))
    agent = SACAgentFactory(params=SACParams(**params), actor_factory=actor, critic_factories=(critic, critic))
    assert_one_graph_is_the_same_update(agent, ACTIONS, windows_of(1, ACTIONS), flat=False)
