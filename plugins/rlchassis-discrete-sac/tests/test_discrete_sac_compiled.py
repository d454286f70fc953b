from __future__ import annotations

import pytest
from gymnasium.spaces import Discrete
from torch.nn import Tanh

from rlchassis_discrete_sac import DiscreteSACAgentFactory, DiscreteSACParams
from rlchassis_testkit.compiled import assert_one_graph_is_the_same_update
from rlchassis_testkit.making import windows_of
from rlchassis_toolkit import ActionCriticFactoryDefault, ActorFactoryDefault

pytestmark = pytest.mark.compiled

ACTIONS = Discrete(3)
ACTOR = ActorFactoryDefault((32,), Tanh)
"""Small and smooth: of a unit that is all but dead the gradient is nothing but rounding, which Adam's first step makes as large as any."""
CRITICS = (ActionCriticFactoryDefault((32,)), ActionCriticFactoryDefault((32,)))


@pytest.mark.parametrize("params", [{}, {"n_step": 3, "alpha": 0.2}])
def test_an_update_of_one_graph_is_the_same_update(params):
    agent = DiscreteSACAgentFactory(params=DiscreteSACParams(**params), actor_factory=ACTOR, critic_factories=CRITICS)
    assert_one_graph_is_the_same_update(agent, ACTIONS, windows_of(agent.params.n_step, ACTIONS), flat=False)
