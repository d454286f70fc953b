from __future__ import annotations

import itertools
from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium.spaces import Box, Discrete
from gymnasium.wrappers import FrameStackObservation

from rlchassis.collector import Collector
from rlchassis.envs import InProcessEnvironment
from rlchassis.errors import UsageError
from rlchassis.experience import Row
from rlchassis.replay import ReplayBuffer, require_space_of_stacks
from rlchassis_testkit.experiences import Constant
from rlchassis_testkit.tiny_envs import Counter

DRAWS = 2000


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def row(obs: Any, *, next_obs: Any = None, terminated: Any = (), truncated: Any = (), resting: Any = ()) -> Row:
    """One step of as many environments as there are observations; each is a number, followed by the next one and paid tenfold."""
    numbers = np.array(obs, np.float32)[:, None]
    followed = numbers + 1 if next_obs is None else np.array(next_obs, np.float32)[:, None]

    def marked(envs: Any) -> Any:
        return np.isin(np.arange(len(obs)), list(envs))

    return Row(numbers, np.array(obs, np.int64), numbers[:, 0] * 10.0, followed, marked(terminated), marked(truncated), ~marked(resting))


def filled(buffer: ReplayBuffer, *rows: Row) -> ReplayBuffer:
    for each in rows:
        buffer.add(each)
    return buffer


def drawn(buffer: ReplayBuffer, n: int = 1) -> dict[float, tuple[list[float], list[float]]]:
    """By the first observation of a window: the observations of all its rows, and their weights."""
    window = buffer.sample(DRAWS, n, rng()).window
    pairs = zip(window.obs[..., 0].T.tolist(), window.weights.T.tolist(), strict=True)
    return {obs[0]: (obs, weights) for obs, weights in pairs}


def test_by_hand_what_is_stored_is_read_with_all_its_parts():
    buffer = filled(ReplayBuffer.create(10), row([1]), row([2], truncated=[0], next_obs=[9]), row([5], terminated=[0]))
    sample = buffer.sample(200, 1, rng())
    window = sample.window
    assert window.obs.shape == (1, 200, 1)
    told = {
        (obs, action, reward, after, ended, cut)
        for obs, action, reward, after, ended, cut in zip(
            *(part.flatten().tolist() for part in (window.obs, window.actions, window.rewards, window.next_obs)),
            window.terminated[0].tolist(),
            window.truncated[0].tolist(),
            strict=True,
        )
    }
    assert told == {(1, 1, 10, 2, False, False), (2, 2, 20, 9, False, True), (5, 5, 50, 6, True, False)}
    assert window.weights.unique().tolist() == [1]
    assert window.rewards.dtype == torch.float32
    assert sorted(set(sample.indices.tolist())) == [0, 1, 2]


def test_a_full_buffer_forgets_its_oldest_rows():
    buffer = ReplayBuffer.create(3)
    for number in range(5):
        filled(buffer, row([number]))
        assert len(buffer) == min(number + 1, 3)
    assert drawn(buffer).keys() == {2, 3, 4}


def test_a_capacity_is_shared_by_the_environments_and_rounded_up():
    buffer = ReplayBuffer.create(5, 2)
    filled(buffer, *(row([number, 100 + number]) for number in range(10)))
    assert len(buffer) == 6
    assert drawn(buffer).keys() == {7, 8, 9, 107, 108, 109}


def test_environments_that_rest_leave_nothing_and_the_others_go_on():
    buffer = filled(ReplayBuffer.create(6, 2), row([1, 101]), row([2, -1], resting=[1]), row([3, 102]), row([-1, 103], resting=[0]))
    assert len(buffer) == 6
    assert drawn(buffer).keys() == {1, 2, 3, 101, 102, 103}
    filled(buffer, row([4, -1], resting=[1]), row([5, 104]))
    assert drawn(buffer, 2)[4] == ([4, 5], [1, 1])
    assert drawn(buffer).keys() == {3, 4, 5, 102, 103, 104}


def test_a_row_in_which_nobody_counts_changes_nothing():
    buffer = filled(ReplayBuffer.create(4, 2), row([1, 101]), row([-1, -1], resting=[0, 1]), row([2, 102]))
    assert drawn(buffer, 2)[1] == ([1, 2], [1, 1])
    assert len(buffer) == 4


@pytest.mark.parametrize("end", ["terminated", "truncated"])
def test_by_hand_a_window_does_not_cross_the_end_of_an_episode(end):
    buffer = filled(ReplayBuffer.create(10), row([1]), row([2], **{end: [0]}), row([50]), row([51]))
    windows = drawn(buffer, 3)
    assert windows[1] == ([1, 2, 2], [1, 1, 0])
    assert windows[2] == ([2, 2, 2], [1, 0, 0])
    assert windows[50] == ([50, 51, 51], [1, 1, 0])


def test_by_hand_a_window_does_not_cross_the_write_head():
    buffer = filled(ReplayBuffer.create(3), *(row([number]) for number in range(5)))
    assert drawn(buffer, 3) == {2: ([2, 3, 4], [1, 1, 1]), 3: ([3, 4, 4], [1, 1, 0]), 4: ([4, 4, 4], [1, 0, 0])}


def test_where_a_window_breaks_off_its_experience_says_so():
    window = filled(ReplayBuffer.create(9), row([1]), row([2])).sample(DRAWS, 3, rng()).window
    assert {tuple(column) for column in window.ended.T.tolist()} == {(False, True, False), (True, True, False)}
    assert not (window.terminated | window.truncated).any()


class Step(NamedTuple):
    """What one environment did, as the reference remembers it."""

    obs: float
    next_obs: float
    ended: bool


def lived(buffers: list[ReplayBuffer], num_envs: int, steps: int, seed: int) -> list[list[Step]]:
    """Let environments run that end, are cut and rest at random; every observation is a number of its own."""
    generator = np.random.default_rng(seed)
    numbers = itertools.count(1.0)
    obs = [next(numbers) for _ in range(num_envs)]
    past: list[list[Step]] = [[] for _ in range(num_envs)]
    for _ in range(steps):
        ends, cut, rests = (generator.random((3, num_envs)) < [[0.15], [0.15], [0.3 if steps % 2 else 0.0]]).tolist()
        ends, cut = ([a and not r for a, r in zip(flags, rests, strict=True)] for flags in (ends, cut))
        after = [obs[i] if rests[i] else next(numbers) for i in range(num_envs)]
        added = row(obs, next_obs=after, terminated=np.flatnonzero(ends), truncated=np.flatnonzero(cut), resting=np.flatnonzero(rests))
        for buffer in buffers:
            buffer.add(added)
        for i in range(num_envs):
            if not rests[i]:
                past[i].append(Step(obs[i], after[i], ends[i] or cut[i]))
                obs[i] = next(numbers) if ends[i] or cut[i] else after[i]
    return past


@pytest.mark.parametrize("n", [1, 2, 5])
@pytest.mark.parametrize("num_envs", [1, 3])
@pytest.mark.parametrize("steps", [3, 4, 20, 21, 60, 61])
@pytest.mark.parametrize("store_next_obs", [True, False])
def test_every_window_is_a_stretch_of_one_episode_that_is_still_stored(n, num_envs, steps, store_next_obs):
    rows = 16
    buffer = ReplayBuffer.create(rows * num_envs, num_envs, store_next_obs=store_next_obs)
    past = lived([buffer], num_envs, steps, seed=steps)
    stored = {step.obs: (kept, i) for each in past for kept in [each[-rows:]] for i, step in enumerate(kept)}
    window = buffer.sample(DRAWS, n, rng()).window
    assert set(window.obs[0, :, 0].tolist()) == stored.keys()
    for obs, next_obs, weights in zip(
        window.obs[..., 0].T.tolist(), window.next_obs[..., 0].T.tolist(), window.weights.T.tolist(), strict=True
    ):
        kept, start = stored[obs[0]]
        stretch = kept[start : start + n]
        reached = next((k + 1 for k, step in enumerate(stretch) if step.ended), len(stretch))
        expected = stretch[:reached] + [stretch[reached - 1]] * (n - reached)
        assert obs == [step.obs for step in expected]
        assert next_obs == [step.next_obs for step in expected]
        assert weights == [1.0] * reached + [0.0] * (n - reached)


@pytest.mark.parametrize("steps", [40, 41])
def test_rows_are_drawn_alike_whichever_environment_they_are_from(steps):
    buffer = ReplayBuffer.create(60, 3)
    lived([buffer], 3, steps, seed=1)
    draws = 40 * DRAWS
    counts = np.unique(buffer.sample(draws, 1, rng()).window.obs.numpy(), return_counts=True)[1]
    expected = draws / len(buffer)
    assert len(counts) == len(buffer)
    assert ((counts - expected) ** 2 / expected).sum() < 59 + 5 * (2 * 59) ** 0.5, "chi-squared, five standard deviations above its mean"


def test_draws_come_from_the_given_generator_alone():
    buffer = filled(ReplayBuffer.create(100), *(row([number]) for number in range(100)))
    before = torch.get_rng_state()
    first, again, other = (buffer.sample(50, 1, rng(seed)).indices.tolist() for seed in (1, 1, 2))
    assert first == again != other
    assert torch.equal(torch.get_rng_state(), before)


def test_a_sample_stays_as_it_was_when_rows_are_added():
    buffer = filled(ReplayBuffer.create(2), row([1]), row([2]))
    window = buffer.sample(8, 1, rng()).window
    before = window.obs.clone()
    filled(buffer, row([3]), row([4]))
    assert torch.equal(window.obs, before)


def test_an_empty_buffer_cannot_be_sampled():
    with pytest.raises(IndexError, match="empty"):
        ReplayBuffer.create(4).sample(1, 1, rng())


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
