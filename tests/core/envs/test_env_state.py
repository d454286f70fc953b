"""Environments whose state is stored go on, after it is restored into new ones, as if nothing had happened."""

from __future__ import annotations

import random
from ast import literal_eval
from functools import partial
from importlib.util import find_spec
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from rlchassis.envs import EnvFactoryRegistered, EnvMode, VectorEnvType
from rlchassis.envs.actions import ActionMap
from rlchassis.envs.env_state import Episode
from rlchassis.envs.in_process import InProcessEnvironment
from rlchassis.envs.state_probe import exact_ways
from rlchassis.envs.vector import VectorEnvironment
from rlchassis_testkit.masked_envs import Forbidding
from rlchassis_testkit.tiny_envs import Counter


class Unseeded(Counter):
    """Draws from a generator that no seed reaches."""

    def step(self, action: Any) -> Any:
        obs, _, *rest = super().step(action)
        return obs, random.random(), *rest


class WithOwnState(Unseeded):
    """Says its state itself, with that of the generator."""

    def __init__(self) -> None:
        super().__init__(5)
        self._draws = np.random.default_rng()

    def step(self, action: Any) -> Any:
        obs, _, *rest = Counter.step(self, action)
        return obs, self._draws.random(), *rest

    def get_state(self) -> Any:
        return {"count": dict(vars(self)) | {"_draws": None, "_np_random": None}, "draws": self._draws.bit_generator.state}

    def set_state(self, state: Any) -> None:
        vars(self).update({name: value for name, value in state["count"].items() if name not in ("_draws", "_np_random")})
        self._draws.bit_generator.state = state["draws"]


class Draws:
    """A generator whose state is not among its attributes."""

    __slots__ = ("generator",)

    def __init__(self) -> None:
        self.generator = random.Random()


class Emulator:
    """A state as bytes, which follows neither from its attributes nor from its actions."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def serialize(self) -> bytes:
        return self.content


class Emulated(Counter):
    """An emulator with a generator of its own, as ALE is."""

    def __init__(self) -> None:
        super().__init__(5)
        self._draws = Draws()

    def step(self, action: Any) -> Any:
        obs, _, *rest = super().step(action)
        return obs, self._draws.generator.random(), *rest

    def clone_state(self, *, include_rng: bool) -> Emulator:
        return Emulator(repr((self.episode, self.count, self._draws.generator.getstate())).encode())

    def restore_state(self, emulator: Emulator) -> None:
        self.episode, self.count, state = literal_eval(emulator.content.decode())
        self._draws.generator.setstate(state)


class Strict(Forbidding):
    """Raises where an action is forbidden."""

    def step(self, action: Any) -> Any:
        assert self._parts()[0][int(action)]
        return super().step(action)


def made(task: str, venv_type: VectorEnvType) -> VectorEnvironment:
    return EnvFactoryRegistered(task, venv_type=venv_type).create_venv(3, EnvMode.TRAIN)


def played(envs: VectorEnvironment, steps: int, rng: np.random.Generator) -> list[list[bytes]]:
    choose, seen = ActionMap(envs.action_space), []
    for _ in range(steps):
        step, obs = envs.step(choose.random(envs.num_envs, rng))
        seen.append([step.rewards.tobytes(), step.next_obs.tobytes(), step.terminated.tobytes(), step.truncated.tobytes(), obs.tobytes()])
    return seen


@pytest.mark.parametrize(
    ("task", "venv_type"),
    [
        ("CartPole-v1", VectorEnvType.DUMMY),
        ("CartPole-v1", VectorEnvType.SUBPROC),
        ("CartPole-v1", VectorEnvType.NATIVE),
        ("Pendulum-v1", VectorEnvType.DUMMY),
        ("Acrobot-v1", VectorEnvType.DUMMY),
        pytest.param("HalfCheetah-v5", VectorEnvType.DUMMY, marks=pytest.mark.skipif(find_spec("mujoco") is None, reason="needs mujoco")),
    ],
)
def test_restored_environments_go_on_with_the_same_bytes(task, venv_type):
    original, other = (made(task, venv_type) for _ in range(2))
    rng = np.random.default_rng(0)
    original.reset([1, 2, 3])
    played(original, 57, rng)
    ways = original.exact_ways()
    state, after = original.state(ways), rng.bit_generator.state
    expected = played(original, 60, rng)
    obs, is_new = other.restore(state, [7, 8, 9])
    rng.bit_generator.state = after
    assert ways
    assert not is_new.any()
    assert obs.tobytes() == state["obs"].tobytes()
    assert played(other, 60, rng) == expected
    original.close()
    other.close()


def test_an_environment_that_its_seed_does_not_determine_has_no_exact_way():
    assert exact_ways(partial(Unseeded, 5)) == []


@pytest.mark.parametrize("source", ["observation", "info", "method"])
def test_an_environment_that_raises_at_forbidden_actions_is_tried_with_allowed_ones(source):
    assert exact_ways(partial(Strict, source))[0] == "replay"


def test_an_environment_that_counts_its_episodes_is_restored_by_its_attributes_not_by_replay():
    assert exact_ways(partial(Counter, 5)) == ["attributes"]


def test_the_own_state_of_an_environment_comes_first():
    assert exact_ways(WithOwnState)[0] == "own state"


def test_an_emulator_goes_on_from_its_bytes_and_its_wrappers_from_their_attributes():
    def stacked() -> gym.Env[Any, Any]:
        return gym.wrappers.TimeLimit(gym.wrappers.FrameStackObservation(Emulated(), 3), 4)

    assert exact_ways(stacked) == ["emulator"]


def test_atari_games_go_on_from_the_bytes_of_their_emulator():
    pytest.importorskip("ale_py")
    assert exact_ways(partial(gym.make, "ale_py:ALE/Pong-v5"))[0] == "emulator"


def test_environments_without_exact_way_begin_new_episodes_with_new_seeds():
    envs, other = (InProcessEnvironment.open([partial(Unseeded, 5)] * 2) for _ in range(2))
    envs.reset([1, 2])
    envs.step(np.zeros(2, np.int64))
    obs, is_new = other.restore(envs.state([]), [3, 4])
    assert is_new.tolist() == [True, True]
    assert obs.tobytes() == InProcessEnvironment.open([partial(Unseeded, 5)] * 2).reset([3, 4]).tobytes()


def test_the_actions_of_an_endless_episode_are_not_kept_for_ever(monkeypatch):
    monkeypatch.setattr("rlchassis.envs.env_state.LONGEST_REPLAY", 3)
    episode = Episode(actions=[1, 2, 3, 4])
    episode.bound()
    assert (episode.is_whole, episode.actions) == (False, [])


def test_wrappers_are_restored_with_their_environment():
    def limited() -> gym.Env[Any, Any]:
        return gym.wrappers.TimeLimit(gym.wrappers.FrameStackObservation(gym.make("CartPole-v1"), 3), 7)

    assert exact_ways(limited)[0] == "replay"
