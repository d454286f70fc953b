"""What a user gives to the wrong method of a builder is refused in a sentence that says what was expected."""

from __future__ import annotations

import pytest
from attrs import field, frozen

from rlchassis.errors import UsageError
from rlchassis.experiment import PPOExperimentBuilder
from rlchassis_a2c import A2CParams
from rlchassis_ppo import PPOAgentFactory, PPOParams


@frozen(kw_only=True)
class Unchecked(PPOAgentFactory):
    """Its field has a type and no validator."""

    own: PPOParams = field(factory=PPOParams)


class UncheckedBuilder(PPOExperimentBuilder):
    agent_class = Unchecked

    def with_own_params(self, params):
        return self._with_agent(own=params)


@pytest.mark.parametrize(
    ("given", "message"),
    [(A2CParams(), "A2CParams(…)"), ({"lr": 1}, "{'lr': 1}"), (PPOParams, "the class PPOParams itself; write PPOParams(…)")],
    ids=["another algorithm's", "a dict", "the class"],
)
def test_params_of_another_class_are_refused_whether_the_field_checks_it_or_not(given, message):
    with pytest.raises(UsageError) as caught:
        PPOExperimentBuilder("CartPole-v1").with_ppo_params(given)
    assert str(caught.value) == f"params must be a PPOParams, not {message}."
    with pytest.raises(UsageError) as caught:
        UncheckedBuilder("CartPole-v1").with_own_params(given)
    assert str(caught.value) == f"own must be of class PPOParams, not {message}."
    UncheckedBuilder("CartPole-v1").with_own_params(PPOParams(gamma=0.9))
