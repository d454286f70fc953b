"""Spaces for which no network fits into memory are refused in a sentence."""

from __future__ import annotations

from functools import partial

import pytest
from gymnasium.spaces import Box, Discrete

from rlchassis.errors import UsageError
from rlchassis.experiment import DQNExperimentBuilder, PPOExperimentBuilder
from rlchassis_testkit.any_spaces import AnySpaces
from rlchassis_testkit.tiny_runs import tiny_run


@pytest.mark.parametrize("builder", [DQNExperimentBuilder, PPOExperimentBuilder])
def test_more_actions_than_a_network_can_have_outputs_for_are_refused(builder):
    with pytest.raises(UsageError, match=r"networks for observations Box\(3,\) and actions Discrete\(10+\) do not fit into memory"):
        tiny_run(builder, partial(AnySpaces, Box(-1, 1, (3,)), Discrete(10**12)))
