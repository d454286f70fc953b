"""Agents that are refused before the first step."""

from __future__ import annotations

from typing import Any

import pytest

from rlchassis.api import AgentFactory, ExperimentConfig, SamplingConfig, UsageError
from rlchassis.experiment import PPOExperimentBuilder


def ppo_builder(agent_class: type[AgentFactory] | None = None) -> Any:
    """Builder of PPO on CartPole-v1, or of another agent in its place, that writes nothing."""
    changes = {} if agent_class is None else {"agent_class": agent_class}
    builder = type("Builder", (PPOExperimentBuilder,), changes)
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
