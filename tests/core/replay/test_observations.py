from __future__ import annotations

import itertools
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium.spaces import Box, Discrete
from gymnasium.wrappers import FrameStackObservation

from rlchassis.collecting.collector import Collector
from rlchassis.data.step import Step
from rlchassis.envs import split_mask
from rlchassis.envs.in_process import InProcessEnvironment
from rlchassis.errors import UsageError
from rlchassis.replay import ReplayBuffer, require_space_of_stacks
from rlchassis_testkit.experiences import Constant
from rlchassis_testkit.tiny_envs import Counter

DRAWS = 2000


def rng() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def collected(env: Any, steps: int, capacity: int = 100, **options: Any) -> ReplayBuffer:
    num_envs = 2
    collector = Collector(Constant(), InProcessEnvironment.open([env] * num_envs), rng())
    collector.reset([0, 1])
    buffer = ReplayBuffer.create(capacity, num_envs, **options)
    collector.collect(steps, buffer)
    return buffer


@pytest.mark.parametrize("store_next_obs", [True, False])
@pytest.mark.parametrize("cut", [True, False])
def test_parts_of_dicts_are_kept_with_their_final_observations(store_next_obs, cut):
    buffer = collected(lambda: Counter(3, cut=cut, as_dict=True), 21, store_next_obs=store_next_obs)
    window = buffer.sample(DRAWS, 1, rng()).window
    assert torch.equal(window.next_obs["shown"], window.obs["shown"] + 1)
    assert torch.equal(window.next_obs["steps"], window.obs["steps"] + 1)
    assert set(window.next_obs["steps"].unique().tolist()) == {1, 2, 3}


class Extremes(gym.Env[Any, Any]):
    """Shows the least and the greatest value of a dtype in turn."""

    action_space = Discrete(2)

    def __init__(self, dtype: str) -> None:
        kind = np.dtype(dtype)
        least, greatest = (0, 1) if kind.kind == "b" else (np.iinfo(kind).min, np.iinfo(kind).max)
        self.observation_space = Box(least, greatest, (3,), kind.type)
        self.shown = itertools.cycle((self.observation_space.low, self.observation_space.high))

    def reset(self, *, seed=None, options=None):
        return next(self.shown), {}

    def step(self, action):
        return next(self.shown), 0.0, False, False, {}


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint8", "int16", "uint16", "int32", "int64"])
@pytest.mark.parametrize("store_next_obs", [True, False])
def test_observations_come_back_in_their_dtype_and_to_the_last_bit(dtype, store_next_obs):
    window = collected(lambda: Extremes(dtype), 8, store_next_obs=store_next_obs).sample(50, 1, rng()).window
    low, high = Extremes(dtype).observation_space.low.tolist(), Extremes(dtype).observation_space.high.tolist()
    for part in (window.obs, window.next_obs):
        assert part.numpy().dtype == dtype
        assert sorted(np.unique(part.numpy(), axis=1)[0].tolist()) == sorted([low, high])
    assert (window.obs != window.next_obs).all()


@pytest.mark.parametrize(
    ("dtype", "options", "expected"),
    [
        ("int8", {}, 2 * 3 * 1 + 8 + 4 + 2),
        ("bool", {"store_next_obs": False}, 3 * 1 + 8 + 4 + 2),
        ("int16", {"alpha": 0.6}, 2 * 3 * 2 + 8 + 4 + 2 + 8),
    ],
)
def test_by_hand_a_transition_takes_its_observations_an_action_a_reward_two_flags_and_a_priority(dtype, options, expected):
    buffer = collected(lambda: Extremes(dtype), 2, 100, **options)
    obs, flag = np.zeros((1, 3), dtype), np.zeros(1, bool)
    assert buffer.bytes_per_transition(Step(obs, np.zeros(1, np.int64), np.zeros(1), obs, flag, flag, flag)) == expected
    leaves = 0 if buffer.priorities is None else 100 * 8
    assert buffer._storage.num_bytes + leaves == 100 * expected


class Film(gym.Env[Any, Any]):
    """Frames of bytes, each full of a number of its own; episodes last as long as the list says, in turn."""

    observation_space = Box(0, 255, (2, 2), np.uint8)
    action_space = Discrete(2)

    def __init__(self, lengths: tuple[int, ...] = (1, 4, 9)) -> None:
        self.lengths, self.shown, self.left = itertools.cycle(lengths), 0, 0

    def _frame(self) -> Any:
        self.shown += 1
        return np.full((2, 2), self.shown, np.uint8)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.left = next(self.lengths)
        return self._frame(), {}

    def step(self, action):
        self.left -= 1
        return self._frame(), float(self.shown), False, self.left == 0, {}


def stacked(padding: str = "reset") -> Any:
    return FrameStackObservation(Film(), 4, padding_type=padding)


@pytest.mark.parametrize("store_next_obs", [True, False])
@pytest.mark.parametrize("n", [1, 3])
@pytest.mark.parametrize("steps", [7, 30, 90])
def test_stacks_are_rebuilt_as_the_environment_made_them(store_next_obs, n, steps):
    whole = collected(stacked, steps, 40)
    frames = collected(stacked, steps, 40, store_next_obs=store_next_obs, stack_num=4)
    made = {tuple(obs[:, 0, 0].tolist()): after for obs, after in pairs(whole, 1)}
    window = frames.sample(DRAWS, n, rng()).window
    assert window.obs.shape == (n, DRAWS, 4, 2, 2)
    assert window.obs.dtype == torch.uint8
    rebuilt = list(pairs(frames, n))
    assert all(torch.equal(made[tuple(obs[:, 0, 0].tolist())], after) for obs, after in rebuilt)
    missing = 3 * 2 if steps > 40 else 0
    assert len({tuple(obs[:, 0, 0].tolist()) for obs, _ in rebuilt}) == len({*made}) - missing // 2, "two films show the same"


def pairs(buffer: ReplayBuffer, n: int) -> Any:
    window = buffer.sample(DRAWS, n, rng()).window
    return zip(window.obs.flatten(0, 1), window.next_obs.flatten(0, 1), strict=True)


class MaskedFilm(Film):
    """A Film that allows its second action where the number of the newest frame is odd."""

    def action_masks(self) -> Any:
        return np.array([1, self.shown % 2])


@pytest.mark.parametrize("store_next_obs", [True, False])
@pytest.mark.parametrize("n", [1, 3])
def test_an_action_mask_beside_rebuilt_stacks_is_that_of_the_newest_frame(store_next_obs, n):
    env = lambda: FrameStackObservation(MaskedFilm(), 4, padding_type="reset")  # noqa: E731  one environment each
    window = collected(env, 90, 40, store_next_obs=store_next_obs, stack_num=4).sample(DRAWS, n, rng()).window
    for part in (window.obs, window.next_obs):
        stack, mask = split_mask(part)
        assert stack.shape == (n, DRAWS, 4, 2, 2)
        assert torch.equal(mask, torch.stack([torch.ones_like(stack[..., -1, 0, 0]), stack[..., -1, 0, 0] % 2], -1).to(mask.dtype))
    assert torch.equal(split_mask(window.obs)[0][..., 1:, :, :], split_mask(window.next_obs)[0][..., :-1, :, :])


def test_by_hand_the_first_frame_of_an_episode_stands_in_for_those_before_it():
    buffer = collected(stacked, 10, stack_num=4)
    stacks = {tuple(obs[:, 0, 0].tolist()): after[:, 0, 0].tolist() for obs, after in pairs(buffer, 1)}
    assert stacks == {
        (1, 1, 1, 1): [1, 1, 1, 2],
        (3, 3, 3, 3): [3, 3, 3, 4],
        (3, 3, 3, 4): [3, 3, 4, 5],
        (3, 3, 4, 5): [3, 4, 5, 6],
        (3, 4, 5, 6): [4, 5, 6, 7],
    }


def test_a_stack_costs_hardly_more_than_a_frame():
    buffer = collected(stacked, 2, 20_000, store_next_obs=False, stack_num=4)
    storage = buffer._storage
    frames = storage.observations._frames._obs
    columns = (frames, storage.actions, storage.rewards, storage.terminated, storage.truncated)
    assert frames.nbytes == 20_000 * 4, "one frame of 2 × 2 bytes each"
    assert sum(column.nbytes for column in columns) == 20_000 * (4 + 8 + 4 + 1 + 1)


def test_stacks_that_cannot_be_rebuilt_are_refused():
    with pytest.raises(UsageError, match="padding_type='reset'"):
        collected(lambda: stacked("zero"), 2, stack_num=4)


@pytest.mark.parametrize("env", [Film, lambda: Counter(3, as_dict=True), lambda: Counter(3)])
def test_observations_that_are_no_stacks_are_refused_by_their_space(env):
    with pytest.raises(UsageError, match="stack of that many frames"):
        require_space_of_stacks(env().observation_space, 4)
    require_space_of_stacks(stacked().observation_space, 4)


def test_a_frame_is_not_drawn_once_the_frames_before_it_are_overwritten_whatever_its_priority():
    buffer = ReplayBuffer.create(20, 2, stack_num=4, alpha=0.6)
    collector = Collector(Constant(), InProcessEnvironment.open([stacked] * 2), rng())
    collector.reset([0, 1])
    for _ in range(30):
        collector.collect(1, buffer)
        cells = buffer.sample(DRAWS, 1, rng()).indices
        if buffer.ring.counts.min() > 10:
            assert buffer.ring.newer(cells).max() == 10 - 1 - 3
