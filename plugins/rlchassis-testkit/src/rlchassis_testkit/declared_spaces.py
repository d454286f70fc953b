"""Random spaces of every kind that an algorithm's manifest declares, a short run in each, and refusals of all other kinds."""

from __future__ import annotations

import math
import os
import tomllib
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.spaces import Dict, Space

from rlchassis.api import (
    ExperimentBuilder,
    ExperimentConfig,
    OnPolicyTrainer,
    SamplingConfig,
    UnsupportedSpaceError,
    World,
    hookimpl,
)
from rlchassis_testkit.any_spaces import AnySpaces
from rlchassis_testkit.random_spaces import KINDS, Case, pairs_of, random_case
from rlchassis_testkit.tiny_runs import weights_of
from rlchassis_toolkit import IntermediateModuleFactoryDefault

Builder = type[ExperimentBuilder[Any]]
CASES, VARIABLE = 20, "RLCHASSIS_TESTKIT_CASES"
"""Default number of random cases, and the environment variable that sets another."""
SMALL_NETWORKS: dict[str, Any] = {
    "with_actor_factory_default": (8,),
    "with_critic_factory_default": (8,),
    "with_common_critic_factory_default": (8,),
    "with_critic_ensemble_factory_default": (8,),
    "with_model_factory_default": (8,),
    "with_preprocess_network_factory": IntermediateModuleFactoryDefault((8,)),
}
"""Methods of builders that set networks, with sizes of hidden layers or what has them."""


def declared_cases(builder: Builder, number: int | None = None, seed: int = 0) -> list[Case]:
    """Seeded random spaces, with parts of declared kinds: every kind of observations and of actions first, then every pair of them.

    number: of cases; default: that of the environment variable RLCHASSIS_TESTKIT_CASES, else 20
    """
    observations, actions = declared(builder)
    generator, pairs = np.random.default_rng(seed), pairs_of(observations, actions)
    count = int(os.environ.get(VARIABLE, CASES)) if number is None else number
    return [random_case(pairs[i % len(pairs)], observations, actions, generator) for i in range(count)]


def undeclared_cases(builder: Builder) -> list[Case]:
    """Spaces of every kind that the manifest does not declare: for observations and for actions, alone and within a declared Dict."""
    observations, actions = declared(builder)
    seen, chosen = KINDS[observations[0]], KINDS[actions[0]]
    return [
        *(Case(space, chosen) for space in _undeclared(observations)),
        *(Case(seen, space) for space in _undeclared(actions)),
    ]


def declared(builder: Builder) -> tuple[list[str], list[str]]:
    """Kinds of observation spaces and of action spaces that the manifest of the builder's package declares."""
    manifest = tomllib.loads((files(builder.__module__.partition(".")[0]) / "rlchassis.toml").read_text("utf-8"))
    (facts,) = manifest["algorithm"].values()
    return facts["observation_spaces"], facts["action_spaces"]


def assert_learns(builder: Builder, case: Case) -> None:
    """Assert that a run in the spaces warms up, explores and updates, and that metrics and weights are finite.

    An action that is not in its space, or an observation that networks do not take, fails the run.
    """
    rows = Rows()
    world: World = _small(builder, case).build().run(observers=[rows]).world
    assert world.state.updates > 0
    assert rows.seen, "no metrics were logged"
    assert [name for row in rows.seen for name, value in row.items() if not math.isfinite(value)] == []
    assert weights_of(world.policy).isfinite().all()


def assert_refuses(builder: Builder, case: Case) -> None:
    """Assert that the spaces are refused in one sentence, before the first reset."""
    envs: list[AnySpaces] = []
    with pytest.raises(UnsupportedSpaceError) as refused:
        _small(builder, case, envs).build().run()
    assert "\n" not in str(refused.value)
    assert all(env.episode == 0 for env in envs)


class Rows:
    """Observer that keeps the metrics of every logged row."""

    def __init__(self) -> None:
        self.seen: list[dict[str, float]] = []

    @hookimpl
    def rlchassis_metrics(self, world: World, metrics: dict[str, float], step: int) -> None:
        """Keep the row."""
        self.seen.append(metrics)


def _small(builder: Builder, case: Case, envs: list[AnySpaces] | None = None) -> ExperimentBuilder[Any]:
    """A builder of a run of eight steps of two environments with networks of a few units; `envs` collects the environments."""

    def make() -> gym.Env[Any, Any]:
        env = AnySpaces(case.observation_space, case.action_space, length=3)
        if envs is not None:
            envs.append(env)
        return env

    sampling: dict[str, Any] = {"num_epochs": 1, "step_per_epoch": 8, "step_per_collect": 8, "num_train_envs": 2, "num_test_envs": 0}
    if issubclass(builder.agent_class.trainer_class, OnPolicyTrainer):
        sampling |= {"repeat_per_collect": 1, "batch_size": 8}
    else:
        sampling |= {"start_timesteps": 4, "start_timesteps_random": True, "update_per_step": 0.5, "batch_size": 4, "step_per_collect": 2}
    made = builder(make, ExperimentConfig(watch=False, persistence_enabled=False), SamplingConfig(**sampling))
    for name, network in SMALL_NETWORKS.items():
        if hasattr(builder, name):
            getattr(made, name)(network)
    return made


def _undeclared(kinds: list[str]) -> Iterator[Space[Any]]:
    for kind, space in KINDS.items():
        if kind not in kinds:
            yield space
            if "Dict" in kinds:
                yield Dict({"declared": KINDS[kinds[0]], "undeclared": space})
