"""The kit that checks declared spaces: its cases are of every declared kind, and it fails where a declaration is wrong."""

from __future__ import annotations

import pytest
from gymnasium.spaces import Box, Dict, Discrete, Tuple

from rlchassis.api import UnsupportedSpaceError
from rlchassis.experiment import DQNExperimentBuilder, PPOExperimentBuilder, SACExperimentBuilder
from rlchassis_testkit.any_spaces import AnySpaces
from rlchassis_testkit.declared_spaces import assert_learns, assert_refuses, declared, declared_cases, undeclared_cases
from rlchassis_testkit.random_spaces import Case

VECTOR = Box(-1.0, 1.0, (2,))


def kind(space):
    return type(space).__name__


@pytest.mark.parametrize("builder", [PPOExperimentBuilder, DQNExperimentBuilder, SACExperimentBuilder])
def test_random_cases_have_every_declared_kind_and_repeat_with_the_seed(builder):
    observations, actions = declared(builder)
    cases = declared_cases(builder)
    assert len(cases) == 20
    assert {kind(case.observation_space) for case in cases} == set(observations)
    assert {kind(case.action_space) for case in cases} == set(actions)
    assert list(map(str, cases)) == list(map(str, declared_cases(builder)))
    assert list(map(str, cases)) != list(map(str, declared_cases(builder, seed=1)))


@pytest.mark.parametrize("builder", [PPOExperimentBuilder, DQNExperimentBuilder, SACExperimentBuilder])
def test_fifty_random_cases_have_every_pair_of_declared_kinds(builder, monkeypatch):
    monkeypatch.setenv("RLCHASSIS_TESTKIT_CASES", "50")
    observations, actions = declared(builder)
    cases = declared_cases(builder)
    assert len(cases) == 50
    assert {(kind(case.observation_space), kind(case.action_space)) for case in cases} == {(o, a) for o in observations for a in actions}


def test_cases_of_undeclared_kinds_stand_alone_and_within_a_dict():
    kinds = [(kind(case.observation_space), kind(case.action_space)) for case in undeclared_cases(SACExperimentBuilder)]
    assert ("Text", "Box") in kinds
    assert ("Dict", "Box") in kinds
    assert ("Box", "Discrete") in kinds
    assert ("Box", "Dict") in kinds
    assert ("Box", "Box") not in kinds


def test_a_declared_space_that_is_refused_fails():
    with pytest.raises(UnsupportedSpaceError):
        assert_learns(SACExperimentBuilder, Case(VECTOR, Discrete(2)))


def test_an_undeclared_space_that_is_taken_fails():
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        assert_refuses(PPOExperimentBuilder, Case(VECTOR, Discrete(2)))


def test_an_action_outside_of_its_space_fails(monkeypatch):
    monkeypatch.setattr("rlchassis.envs.actions.ActionMap.to_env", lambda self, actions: actions)
    with pytest.raises(Exception, match="is not in Tuple"):
        assert_learns(PPOExperimentBuilder, Case(VECTOR, Tuple([Discrete(2, start=3), Dict({"a": Discrete(2)})])))


def test_an_environment_of_any_spaces_refuses_actions_that_are_not_in_them():
    env = AnySpaces(VECTOR, Discrete(2, start=3))
    env.reset(seed=0)
    with pytest.raises(ValueError, match=r"0 is not in Discrete\(2, start=3\)"):
        env.step(0)
