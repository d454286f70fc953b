from __future__ import annotations

import itertools
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch

from rlchassis.data.step import Step
from rlchassis.replay import ReplayBuffer
from rlchassis.replay.ring import Ring

DRAWS = 2000


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def row(obs: Any, *, next_obs: Any = None, terminated: Any = (), truncated: Any = (), resting: Any = ()) -> Step:
    """One step of as many environments as there are observations; each is a number, followed by the next one and paid tenfold."""
    numbers = np.array(obs, np.float32)[:, None]
    followed = numbers + 1 if next_obs is None else np.array(next_obs, np.float32)[:, None]

    def marked(envs: Any) -> Any:
        return np.isin(np.arange(len(obs)), list(envs))

    return Step(numbers, np.array(obs, np.int64), numbers[:, 0] * 10.0, followed, marked(terminated), marked(truncated), ~marked(resting))


def filled(buffer: ReplayBuffer, *rows: Step) -> ReplayBuffer:
    for each in rows:
        buffer.add(each)
    return buffer


def drawn(buffer: ReplayBuffer, n: int = 1) -> dict[float, tuple[list[float], list[bool]]]:
    """By the first observation of a window: the observations of all its rows, and which of them are valid."""
    window = buffer.sample(DRAWS, n, rng()).window
    pairs = zip(window.obs[..., 0].T.tolist(), window.valid.T.tolist(), strict=True)
    return {obs[0]: (obs, valid) for obs, valid in pairs}


def test_by_hand_what_is_stored_is_read_with_all_its_parts():
    buffer = filled(ReplayBuffer.create(10), row([1]), row([2], truncated=[0], next_obs=[9]), row([5], terminated=[0]))
    sample = buffer.sample(200, 1, rng())
    window = sample.window
    assert window.obs.shape == (1, 200, 1)
    message = {
        (obs, action, reward, after, ended, cut)
        for obs, action, reward, after, ended, cut in zip(
            *(part.flatten().tolist() for part in (window.obs, window.actions, window.rewards, window.next_obs)),
            window.terminated[0].tolist(),
            window.truncated[0].tolist(),
            strict=True,
        )
    }
    assert message == {(1, 1, 10, 2, False, False), (2, 2, 20, 9, False, True), (5, 5, 50, 6, True, False)}
    assert window.weights.unique().tolist() == [1]
    assert window.valid.all()
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


def test_a_row_that_is_valid_for_no_environment_changes_nothing():
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


class Lived(NamedTuple):
    """What one environment did, as the reference remembers it."""

    obs: float
    next_obs: float
    ended: bool


def lived(buffers: list[ReplayBuffer], num_envs: int, steps: int, seed: int) -> list[list[Lived]]:
    """Let environments run that end, are cut and rest at random; every observation is a number of its own."""
    generator = np.random.default_rng(seed)
    numbers = itertools.count(1.0)
    obs = [next(numbers) for _ in range(num_envs)]
    past: list[list[Lived]] = [[] for _ in range(num_envs)]
    for _ in range(steps):
        ends, cut, rests = (generator.random((3, num_envs)) < [[0.15], [0.15], [0.3 if steps % 2 else 0.0]]).tolist()
        ends, cut = ([a and not r for a, r in zip(flags, rests, strict=True)] for flags in (ends, cut))
        after = [obs[i] if rests[i] else next(numbers) for i in range(num_envs)]
        added = row(obs, next_obs=after, terminated=np.flatnonzero(ends), truncated=np.flatnonzero(cut), resting=np.flatnonzero(rests))
        for buffer in buffers:
            buffer.add(added)
        for i in range(num_envs):
            if not rests[i]:
                past[i].append(Lived(obs[i], after[i], ends[i] or cut[i]))
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
    for obs, next_obs, valid in zip(
        window.obs[..., 0].T.tolist(), window.next_obs[..., 0].T.tolist(), window.valid.T.tolist(), strict=True
    ):
        kept, start = stored[obs[0]]
        stretch = kept[start : start + n]
        reached = next((k + 1 for k, step in enumerate(stretch) if step.ended), len(stretch))
        expected = stretch[:reached] + [stretch[reached - 1]] * (n - reached)
        assert obs == [step.obs for step in expected]
        assert next_obs == [step.next_obs for step in expected]
        assert valid == [True] * reached + [False] * (n - reached)


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


def test_only_environments_that_wrote_over_their_oldest_rows_have_cells_without_history():
    ring = Ring(rows=4, num_envs=2, history=1)
    for _ in range(2):
        ring.claim(np.array([True, True]))
    for _ in range(3):
        ring.claim(np.array([True, False]))
    assert ring.incomplete(slice(None)).tolist() == [1 * 2 + 0]


def test_final_observations_of_overwritten_rows_are_forgotten():
    buffer = ReplayBuffer.create(4, store_next_obs=False)
    for number in range(20):
        buffer.add(row([number], terminated=[0] if number < 10 else []))
    assert buffer._storage.observations._final == {}


def test_by_hand_windows_that_begin_before_the_row_drawn_stay_in_its_episode_and_in_what_is_stored():
    rows = [row([i, 10 + i], terminated=[1] if i == 4 else []) for i in range(8)]
    window = filled(ReplayBuffer.create(12, 2), *rows).sample(DRAWS, 2, rng(), before=2).window
    found = {obs[2]: (obs, valid) for obs, valid in zip(window.obs[..., 0].T.tolist(), window.valid.T.int().tolist(), strict=True)}
    assert found == {
        2: ([2, 2, 2, 3], [0, 0, 1, 1]),  # rows 0 and 1 are overwritten
        3: ([2, 2, 3, 4], [0, 1, 1, 1]),
        4: ([2, 3, 4, 5], [1, 1, 1, 1]),
        5: ([3, 4, 5, 6], [1, 1, 1, 1]),
        6: ([4, 5, 6, 7], [1, 1, 1, 1]),
        7: ([5, 6, 7, 7], [1, 1, 1, 0]),
        12: ([12, 12, 12, 13], [0, 0, 1, 1]),
        13: ([12, 12, 13, 14], [0, 1, 1, 1]),
        14: ([12, 13, 14, 14], [1, 1, 1, 0]),  # its episode ends
        15: ([15, 15, 15, 16], [0, 0, 1, 1]),
        16: ([15, 15, 16, 17], [0, 1, 1, 1]),
        17: ([15, 16, 17, 17], [1, 1, 1, 0]),
    }
