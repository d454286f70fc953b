"""The page of metrics has exactly the names that runs log."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from attrs import define, field

from rlchassis import experiment
from rlchassis.api import ExperimentConfig, SamplingConfig, hookimpl
from rlchassis.envs import EnvFactoryRegistered
from rlchassis_redq import REDQParams
from rlchassis_toolkit import AutoAlphaFactoryDefault

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "metrics.md").read_text(encoding="utf-8")
MADE = {name.removesuffix("ExperimentBuilder"): getattr(experiment, name) for name in experiment.BUILDERS}
CONTINUOUS = ["DDPG", "REDQ", "SAC", "TD3"]
OF_A_LEARNED_ALPHA = {"alpha_loss", "temperature_learning_rate"}


@define(eq=False)
class Seen:
    """Every tag of every row."""

    tags: set[str] = field(factory=set)

    @hookimpl
    def rlchassis_metrics(self, world, metrics, step):
        self.tags |= set(metrics)


def tags_of(algorithm: str, params: dict[str, Any], **sampling: Any) -> set[str]:
    """What is logged of a hundred steps."""
    env = EnvFactoryRegistered("Pendulum-v1", max_episode_steps=20) if algorithm in CONTINUOUS else EnvFactoryRegistered("CartPole-v1")
    config = SamplingConfig(num_epochs=2, step_per_epoch=50, num_train_envs=2, batch_size=8, num_test_episodes=2, **sampling)
    builder = MADE[algorithm](env, ExperimentConfig(watch=False, persistence_enabled=False), config)
    agent, seen = builder.agent_class(), Seen()
    method = next(name for name in dir(builder) if re.fullmatch(r"with_\w+_params", name))
    getattr(builder, method)(type(agent.params)(**params)).build().run(observers=[seen])
    return seen.tags


@cache
def logged(algorithm: str) -> set[str]:
    """By an algorithm as it is, but that a temperature is learned."""
    params: dict[str, Any] = {"alpha": AutoAlphaFactoryDefault()} if "alpha" in documented(algorithm) else {}
    if algorithm == "REDQ":
        params["actor_delay"] = REDQParams().actor_delay // 4
    off_policy = "target_q" in documented(algorithm)
    sampling = {"start_timesteps": 20, "step_per_collect": 10, "update_per_step": 0.5} if off_policy else {"step_per_collect": 25}
    return tags_of(algorithm, params, **sampling)


def table(heading: str) -> dict[str, str]:
    """The second cell of each row below a heading, by its first."""
    section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return dict(re.findall(r"^\| `(\S+)` \| (.*?) \|", section, re.MULTILINE))


def documented(algorithm: str) -> set[str]:
    return {metric for metric, algorithms in table("Of learning").items() if algorithm in algorithms.split(", ")}


@pytest.mark.parametrize("algorithm", MADE)
def test_an_algorithm_logs_exactly_the_metrics_of_learning_that_the_page_says(algorithm):
    assert {tag.removeprefix("learn/") for tag in logged(algorithm) if tag.startswith("learn/")} == documented(algorithm)


@pytest.mark.parametrize("algorithm", ["DiscreteSAC", "REDQ", "SAC"])
def test_a_temperature_that_is_fixed_has_no_loss_and_no_learning_rate(algorithm):
    sampling = {"start_timesteps": 20, "step_per_collect": 10, "update_per_step": 0.5}
    params = {"alpha": 0.2, **({"actor_delay": 5} if algorithm == "REDQ" else {})}
    tags = {tag.removeprefix("learn/") for tag in tags_of(algorithm, params, **sampling) if tag.startswith("learn/")}
    assert tags == documented(algorithm) - OF_A_LEARNED_ALPHA


def test_the_page_names_no_algorithm_that_there_is_not_and_sorts_them():
    named = [algorithms.split(", ") for algorithms in table("Of learning").values()]
    assert {each for algorithms in named for each in algorithms} == set(MADE)
    assert all(algorithms == sorted(algorithms) for algorithms in named)


def test_policy_wrappers_log_exactly_the_metrics_that_the_page_says():
    sampling = {"num_train_envs": 2, "step_per_collect": 25, "batch_size": 8}
    settings = {"sampling": sampling, "config": {"watch": False, "persistence_enabled": False}}
    every = sorted(set(table("Of policy wrappers").values()))
    seen = Seen()
    experiment.plan("ppo", "CartPole-v1", steps=50, recipe="none", settings=settings, wrappers=[name.strip("`") for name in every]).run(
        observers=[seen]
    )
    more = {tag.removeprefix("learn/") for tag in seen.tags - logged("PPO") if tag.startswith("learn/")}
    assert more == set(table("Of policy wrappers"))


def test_runs_log_exactly_the_tags_besides_that_the_page_says():
    prioritized = {"start_timesteps": 20, "step_per_collect": 10, "update_per_step": 0.5, "replay_buffer_prioritized": True}
    tags = set().union(tags_of("DQN", {}, **prioritized), *map(logged, MADE))
    assert {tag for tag in tags if not tag.startswith("learn/")} == set(table("Of every run"))


@pytest.mark.parametrize(("algorithm", "off_policy"), [("PPO", False), ("DQN", True)])
def test_tags_that_only_some_runs_have_are_in_those_alone(algorithm, off_policy):
    assert {tag for tag in logged(algorithm) if tag.startswith("replay/")} == ({"replay/size"} if off_policy else set())


def test_the_list_of_pages_links_to_it():
    assert "(metrics.md)" in (DOCS / "README.md").read_text(encoding="utf-8")
