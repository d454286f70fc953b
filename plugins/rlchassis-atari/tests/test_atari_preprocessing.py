"""Every option of the protocol, on a machine that draws what it is asked; ALE itself is not needed."""

from __future__ import annotations

import tracemalloc
from types import SimpleNamespace

import numpy as np
import pytest

from rlchassis.api import EnvMode, ReplayBuffer, Step
from rlchassis_atari import EnvFactoryAtari, game
from rlchassis_atari.frames import Stack, resized


class Machine:
    """Counts its frames; frame n has the shade n, rewards are 3, a life is lost at frame 6, the game is over at frame 30."""

    def __init__(self):
        self.frame, self.actions = 0, []

    def act(self, action):
        self.frame += 1
        self.actions.append(action)
        return 3

    def reset_game(self):
        self.frame = 0

    def game_over(self, with_truncation=False):
        return self.frame >= 30

    def lives(self):
        return 1 if self.frame >= 6 else 2

    def getScreenDims(self):  # noqa: N802  # as ALE calls it
        return 210, 160

    def getLegalActionSet(self):  # noqa: N802  as ALE names it
        return [SimpleNamespace(value=action) for action in range(18)]

    def getMinimalActionSet(self):  # noqa: N802  as ALE names it
        return [SimpleNamespace(value=action) for action in (0, 1, 3)]

    def getScreenGrayscale(self, screen):  # noqa: N802  as ALE names it
        screen[:] = self.shade()

    def getScreenRGB(self, screen):  # noqa: N802  as ALE names it
        screen[:] = self.shade(), 0, 7

    def shade(self):
        """Frames 7 and later flicker: odd ones are dark."""
        return 0 if self.frame >= 7 and self.frame % 2 == 0 else self.frame


@pytest.fixture(autouse=True)
def machine(monkeypatch):
    monkeypatch.setattr(game, "game_of", lambda task: task)
    monkeypatch.setattr(game.AtariGame, "_loaded", lambda self, seed: Machine())


def made(mode=EnvMode.TRAIN, **options):
    return EnvFactoryAtari("Any", **options).create_env(mode)


def newest(observation):
    """Shades of the frames of a stack."""
    assert (observation == observation[:, :1, :1]).all(), "every pixel of a frame has the same shade"
    return observation[:, 0, 0].tolist()


def test_an_action_is_repeated_and_its_rewards_are_added_then_clipped():
    env = made()
    env.reset(seed=1)
    assert (env.step(2)[1], env.ale.actions) == (1.0, [3, 3, 3, 3])
    assert made(frame_skip=2, clip_rewards=False).action_space.n == 3
    env = made(frame_skip=2, clip_rewards=False)
    env.reset(seed=1)
    assert env.step(0)[1] == 6.0


def test_an_observation_is_a_stack_that_begins_with_its_first_frame_repeated():
    env = made()
    assert newest(env.reset(seed=1)[0]) == [0, 0, 0, 0]
    assert newest(env.step(0)[0]) == [0, 0, 0, 4]
    assert env.step(0)[0].shape == env.observation_space.shape == (4, 84, 84)
    assert made(stack_num=2, screen_size=42, grayscale=False).observation_space.shape == (2, 42, 42, 3)


@pytest.mark.parametrize(("max_pool", "seen"), [(True, 7), (False, 0)])
def test_what_flickers_is_seen_in_the_brighter_of_the_last_two_frames(max_pool, seen):
    env = made(max_pool=max_pool)
    env.reset(seed=1)
    env.step(0)
    assert newest(env.step(0)[0])[-1] == seen


def test_a_lost_life_ends_an_episode_of_training_and_the_game_goes_on():
    env = made(terminal_on_life_loss=True)
    env.reset(seed=1)
    assert [env.step(0)[2] for _ in range(2)] == [False, True]
    assert newest(env.reset()[0]) == [9, 9, 9, 9]
    assert [env.step(0)[2] for _ in range(6)] == [False] * 5 + [True]
    assert newest(env.reset()[0]) == [0, 0, 0, 0]
    tested = made(EnvMode.TEST, terminal_on_life_loss=True)
    tested.reset(seed=1)
    assert [tested.step(0)[1:3] for _ in range(2)] == [(12.0, False)] * 2


def test_a_game_is_cut_after_its_time_and_begins_anew():
    env = made(max_frames=8)
    env.reset(seed=1)
    assert [env.step(0)[2:4] for _ in range(2)] == [(False, False), (False, True)]
    assert newest(env.reset()[0]) == [0, 0, 0, 0]


def test_a_game_begins_with_frames_without_action_and_with_fire():
    begun = {made(noop_max=5).reset(seed=seed)[1]["frames"] for seed in range(40)}
    assert begun == {1, 2, 3, 4, 5}
    env = made(fire_on_reset=True)
    env.reset(seed=1)
    assert env.ale.actions == [1]
    assert made(full_action_space=True).action_space.n == 18


def test_frames_are_scaled_by_the_mean_of_the_area_of_each_pixel():
    frame = np.arange(36, dtype=np.uint8).reshape(6, 6)
    assert resized(frame, 2).tolist() == [[7, 10], [25, 28]]
    assert resized(frame[:3, :2], 2).tolist() == [[2, 3], [10, 11]]
    assert resized(np.full((210, 160), 200, np.uint8), 84).tolist() == np.full((84, 84), 200).tolist()


def test_by_hand_a_row_of_three_becomes_two_of_one_and_a_half():
    assert resized(np.array([[0, 30, 90]] * 3, np.uint8), 2)[0].tolist() == [10, 70]


def test_a_transition_takes_at_most_a_tenth_more_than_one_frame():
    capacity, episode, frames = 2000, 250, np.random.default_rng(0).integers(0, 256, (64, 84, 84), np.uint8)
    stack, no, yes = Stack(4), np.zeros(1, bool), np.ones(1, bool)
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    buffer = ReplayBuffer.create(capacity, 1, store_next_obs=False, stack_num=4)
    obs = stack.begin(frames[0])
    for step in range(2 * capacity):
        following = stack.push(frames[step % 64])
        over = (step + 1) % episode == 0
        buffer.add(Step(obs[None], np.zeros(1, np.int64), np.zeros(1, np.float32), following[None], yes if over else no, no, yes))
        obs = stack.begin(frames[step % 64]) if over else following
    taken = (tracemalloc.get_traced_memory()[0] - before) / capacity
    tracemalloc.stop()
    assert 84 * 84 < taken <= 1.1 * 84 * 84
