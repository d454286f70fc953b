"""Agents that are refused before the first step."""

from __future__ import annotations

from typing import Any

import pytest

from rlchassis.api import ExperimentConfig, SamplingConfig, UsageError


def cartpole_builder(builder_class: Any, agent_class: Any = None) -> Any:
    """A builder of this class on CartPole-v1 that writes nothing, for another agent factory if one is given."""
    builder = type("Builder", (builder_class,), {"agent_class": agent_class or builder_class.agent_class})
    return builder("CartPole-v1", ExperimentConfig(watch=False, persistence_enabled=False), SamplingConfig(num_train_envs=1))


def create_and_close(builder: Any) -> None:
    """Make the objects of a run, which are checked, and close them."""
    builder.build().create_experiment_world().close()


def assert_refused(builder: Any, *parts: str) -> None:
    """Making the objects of a run raises a UsageError of one line that contains these parts."""
    with pytest.raises(UsageError) as caught:
        create_and_close(builder)
    assert "\n" not in str(caught.value)
    for part in parts:
        assert part in str(caught.value)
