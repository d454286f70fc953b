"""What the agent sees of a grid and of its mission, as spaces that networks read."""

from __future__ import annotations

import re
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.spaces import Box, Dict, MultiBinary, MultiDiscrete, Space
from numpy.typing import NDArray

KINDS = (11, 6, 4)
"""Objects, colours and states that a cell may have; the state of the agent's own cell is one of four directions."""
WORDS = [
    "a",
    "after",
    "and",
    "at",
    "avoid",
    "ball",
    "behind",
    "blue",
    "box",
    "door",
    "end",
    "fetch",
    "find",
    "from",
    "front",
    "get",
    "go",
    "goal",
    "green",
    "grey",
    "hallway",
    "in",
    "key",
    "lava",
    "left",
    "matching",
    "must",
    "near",
    "next",
    "object",
    "of",
    "on",
    "open",
    "opening",
    "pick",
    "purple",
    "put",
    "reach",
    "red",
    "right",
    "room",
    "rooms",
    "square",
    "the",
    "then",
    "to",
    "traverse",
    "unlock",
    "up",
    "use",
    "yellow",
    "you",
    "your",
]
"""Words of all missions; 0 stands for no word, and for one that is not here."""
NUMBERS = {word: number for number, word in enumerate(WORDS, start=1)}


class OneHotCells(gym.ObservationWrapper[Any, Any, Any]):
    """The image as 0 and 1, [H, W, 21]: which object, colour and state each cell has."""

    def __init__(self, env: gym.Env[Any, Any]) -> None:
        super().__init__(env)
        self.observation_space = _with(env, image=Box(0, 1, (*_parts(env)["image"].shape[:2], sum(KINDS)), np.uint8))
        self._rows = [np.eye(count, dtype=np.uint8) for count in KINDS]

    def observation(self, observation: Any) -> Any:
        """See ObservationWrapper."""
        cells = observation["image"]
        return {**observation, "image": np.concatenate([rows[cells[..., i]] for i, rows in enumerate(self._rows)], -1)}


class MissionAsWords(gym.ObservationWrapper[Any, Any, Any]):
    """The mission as numbers of its words, in order and filled up with 0; a mission of more words is a ValueError."""

    def __init__(self, env: gym.Env[Any, Any], length: int) -> None:
        super().__init__(env)
        self._length = length
        self.observation_space = _with(env, mission=MultiDiscrete([len(WORDS) + 1] * length))

    def observation(self, observation: Any) -> Any:
        """See ObservationWrapper."""
        numbers = numbers_of(observation["mission"])
        if len(numbers) > self._length:
            raise ValueError(
                f"its mission has {len(numbers)} words, expected at most {self._length}; set env.mission_length={len(numbers)}"
            )
        return {**observation, "mission": np.array(numbers + [0] * (self._length - len(numbers)))}


class MissionAsBag(gym.ObservationWrapper[Any, Any, Any]):
    """Which words the mission has, whatever their order."""

    def __init__(self, env: gym.Env[Any, Any]) -> None:
        super().__init__(env)
        self.observation_space = _with(env, mission=MultiBinary(len(WORDS) + 1))

    def observation(self, observation: Any) -> Any:
        """See ObservationWrapper."""
        words: NDArray[np.int8] = np.zeros(len(WORDS) + 1, np.int8)
        words[numbers_of(observation["mission"])] = 1
        return {**observation, "mission": words}


class NoMission(gym.ObservationWrapper[Any, Any, Any]):
    """The observation without its mission, for tasks that have but one."""

    def __init__(self, env: gym.Env[Any, Any]) -> None:
        super().__init__(env)
        self.observation_space = Dict({name: space for name, space in _parts(env).items() if name != "mission"})

    def observation(self, observation: Any) -> Any:
        """See ObservationWrapper."""
        return {name: part for name, part in observation.items() if name != "mission"}


def numbers_of(mission: str) -> list[int]:
    """Numbers of the words of a mission."""
    return [NUMBERS.get(word, 0) for word in re.findall(r"[a-z]+", mission.lower())]


def _parts(env: gym.Env[Any, Any]) -> dict[str, Any]:
    space: Any = env.observation_space
    return dict(space.spaces)


def _with(env: gym.Env[Any, Any], **parts: Space[Any]) -> Dict:
    return Dict({**_parts(env), **parts})
