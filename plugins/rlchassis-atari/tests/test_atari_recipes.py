"""Recipes for games can be carried out; ALE itself is not needed."""

from __future__ import annotations

import tomllib
from importlib.resources import files

import pytest

from rlchassis.api import PluginError
from rlchassis.experiment import plan

RECIPES = tomllib.loads((files("rlchassis_atari") / "recipes.toml").read_text("utf-8"))


@pytest.mark.parametrize(("algorithm", "name"), [(algorithm, name) for algorithm, recipes in RECIPES.items() for name in recipes])
def test_a_recipe_is_one_of_settings_that_there_are(algorithm, name):
    try:
        experiment = plan(algorithm, "atari/Pong", recipe=f"atari/{name}")
    except PluginError:
        pytest.skip(f"rlchassis-{algorithm} is not installed")
    sampling = experiment.sampling_config
    assert sampling.total_steps == RECIPES[algorithm][name]["steps"]
    assert experiment.env_factory.stack_num == 4
    if algorithm == "dqn":
        assert (sampling.replay_buffer_stack_num, sampling.replay_buffer_ignore_obs_next) == (4, True)
