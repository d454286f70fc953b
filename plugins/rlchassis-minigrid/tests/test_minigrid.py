"""Grids as one-hot cells, missions as words: spaces that networks read, and what is refused."""

from __future__ import annotations

from string import printable

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.spaces import Box, Dict, Discrete, MultiBinary, MultiDiscrete, Text

from rlchassis.api import EnvMode, UsageError
from rlchassis.experiment import plan
from rlchassis_minigrid import EnvFactoryMiniGrid
from rlchassis_minigrid.observing import WORDS, MissionAsBag, MissionAsWords, NoMission, OneHotCells, numbers_of


class Cell(gym.Env):
    """One cell with a closed yellow door, and a mission."""

    observation_space = Dict({"image": Box(0, 255, (1, 1, 3), np.uint8), "mission": Text(99, charset=printable), "direction": Discrete(4)})
    action_space = Discrete(2)

    def reset(self, *, seed=None, options=None):
        return {"image": np.array([[[4, 4, 1]]], np.uint8), "mission": "Open the yellow door, then zap", "direction": 2}, {}


def seen(env):
    observation, _ = env.reset()
    assert observation in env.observation_space
    return observation


def test_a_cell_is_three_one_hot_vectors():
    image = seen(OneHotCells(Cell()))["image"][0, 0]
    assert np.flatnonzero(image).tolist() == [4, 11 + 4, 11 + 6 + 1]
    assert (image.sum(), image.shape) == (3, (21,))


def test_a_mission_is_the_numbers_of_its_words_and_unknown_ones_are_0():
    mission = seen(MissionAsWords(Cell(), 8))["mission"]
    assert [WORDS[number - 1] if number else None for number in mission] == ["open", "the", "yellow", "door", "then", None, None, None]
    assert MissionAsWords(Cell(), 8).observation_space["mission"] == MultiDiscrete([len(WORDS) + 1] * 8)


def test_a_mission_that_is_too_long_names_the_setting():
    with pytest.raises(ValueError, match=r"its mission has 6 words, expected at most 4; set env.mission_length=6"):
        seen(MissionAsWords(Cell(), 4))


def test_a_bag_has_the_words_whatever_their_order():
    env = MissionAsBag(Cell())
    assert env.observation_space["mission"] == MultiBinary(len(WORDS) + 1)
    assert set(np.flatnonzero(seen(env)["mission"])) == set(numbers_of("the door, open the yellow zap then"))


def test_a_mission_may_be_left_out():
    assert set(seen(NoMission(Cell()))) == {"image", "direction"}


@pytest.fixture
def minigrid():
    return pytest.importorskip("minigrid")


@pytest.mark.usefixtures("minigrid")
@pytest.mark.parametrize("task", ["Empty-5x5", "Empty-5x5-v0", "MiniGrid-Empty-5x5-v0", "BabyAI-GoToObj-v0"])
@pytest.mark.parametrize("options", [{}, {"mission": "bag", "fully_observed": True}, {"mission": "none", "image": "pixels"}])
def test_tasks_of_minigrid_and_babyai_are_stepped(task, options):
    venv = EnvFactoryMiniGrid(task, **options).create_venv(1, EnvMode.TRAIN)
    obs = venv.reset([3])
    step, _ = venv.step(np.zeros(1, np.int64))
    assert set(obs) == {"image", "direction", "mission"} - ({"mission"} if options.get("mission") == "none" else set())
    assert step.rewards.tolist() == [0.0]


@pytest.mark.usefixtures("minigrid")
def test_an_unknown_task_is_refused_before_an_environment_is_made():
    with pytest.raises(UsageError, match=r"MiniGrid has no task 'Emty-5x5'. Did you mean \"MiniGrid-Empty-5x5-v0\""):
        EnvFactoryMiniGrid("Emty-5x5").create_venv(1, EnvMode.TRAIN)


@pytest.mark.usefixtures("minigrid")
def test_options_are_settings_by_name():
    factory = plan("ppo", "minigrid/Empty-5x5", steps=8, settings={"env": {"mission": "none", "max_steps": 9}}).env_factory
    assert factory == EnvFactoryMiniGrid("Empty-5x5", mission="none", make_kwargs={"max_steps": 9})
