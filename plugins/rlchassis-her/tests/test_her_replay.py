"""Goals, rewards and ends of drawn windows, by hand and for whole histories of several environments."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
import torch
from attrs import frozen
from gymnasium.spaces import Box

from rlchassis.api import ReplayBuffer, Step
from rlchassis_her import BufferFactoryHER, HindsightReplay
from rlchassis_her.goals import Goals
from rlchassis_her.replay import STRATEGIES
from rlchassis_her.tasks import BitFlip
from rlchassis_testkit.recording_replay_algorithm import RecordingReplayAgentFactory
from rlchassis_testkit.replay_runs import trained
from rlchassis_toolkit import n_step_transition


class Line:
    """Reward 0 where the goal is reached and −1 elsewhere, on a line of whole numbers; reaching it terminates if `ends`."""

    def __init__(self, ends: bool = False) -> None:
        self.goals = Goals(lambda: None, self.compute_reward, self.compute_terminated if ends else None)

    def compute_reward(self, achieved: Any, desired: Any, info: Any) -> Any:
        assert info == [{}] * len(achieved)
        return (achieved == desired).all(-1) - 1.0

    def compute_terminated(self, achieved: Any, desired: Any, info: Any) -> Any:
        return (achieved == desired).all(-1)


def observed(*places: float) -> dict[str, Any]:
    achieved = np.array(places, np.float32)[:, None]
    return {"observation": achieved, "achieved_goal": achieved, "desired_goal": np.full_like(achieved, -1)}


def row(*places: float, terminated: tuple[int, ...] = (), truncated: tuple[int, ...] = (), resting: tuple[int, ...] = ()) -> Step:
    """A step of each environment from its place to the next number, with reward −1."""
    terminations, truncations, valid = (np.zeros(len(places), np.bool_) for _ in range(3))
    terminations[list(terminated)] = truncations[list(truncated)] = True
    valid[:] = True
    valid[list(resting)] = False
    after = observed(*(place + 1 for place in places))
    return Step(observed(*places), np.zeros(len(places), np.int64), np.full(len(places), -1.0), after, terminations, truncations, valid)


def filled(*steps: Step, capacity: int = 100, strategy: str = "future", k: int = 1_000_000, ends: bool = False, **options: Any) -> Any:
    num_envs = len(steps[0].rewards)
    replay = HindsightReplay(ReplayBuffer.create(capacity, num_envs, **options), Line(ends).goals, strategy, k)
    for step in steps:
        replay.add(step)
    return replay


def window_of(replay: HindsightReplay, n: int = 1, size: int = 4000) -> Any:
    return replay.sample(size, n, torch.Generator().manual_seed(0)).window


def goals_by_place(replay: HindsightReplay, n: int = 1) -> dict[float, set[float]]:
    window, drawn = window_of(replay, n), {}
    for place, goal in zip(window.obs["observation"][0, :, 0].tolist(), window.obs["desired_goal"][0, :, 0].tolist(), strict=True):
        drawn.setdefault(place, set()).add(goal)
    return {place: goals - {-1.0} for place, goals in sorted(drawn.items())}


TWO_EPISODES = (row(0), row(1), row(2, truncated=(0,)), row(10), row(11))
"""One of three steps that has ended, one of two steps that still runs; each step reaches the next number."""


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("future", {0: {1, 2, 3}, 1: {2, 3}, 2: {3}, 10: {11, 12}, 11: {12}}),
        ("final", {0: {3}, 1: {3}, 2: {3}, 10: {12}, 11: {12}}),
        ("episode", {0: {1, 2, 3}, 1: {1, 2, 3}, 2: {1, 2, 3}, 10: {11, 12}, 11: {11, 12}}),
    ],
)
def test_goals_are_those_that_the_strategy_allows_within_the_episode(strategy, expected):
    assert goals_by_place(filled(*TWO_EPISODES, strategy=strategy)) == expected


def test_goals_of_the_future_are_equally_likely():
    window = window_of(filled(row(0), row(1), row(2, truncated=(0,))), size=6000)
    first = window.obs["observation"][0, :, 0] == 0
    counts = Counter(window.obs["desired_goal"][0, first, 0].tolist())
    assert set(counts) - {-1.0} == {1, 2, 3}
    assert all(abs(counts[goal] - sum(counts.values()) / 3) < 130 for goal in (1, 2, 3)), "3.5 standard deviations"


def test_rewards_are_those_of_the_new_goal():
    window = window_of(filled(*TWO_EPISODES))
    goals, reached = window.obs["desired_goal"][0, :, 0], window.next_obs["achieved_goal"][0, :, 0]
    assert torch.equal(window.rewards[0], torch.where(goals == reached, 0.0, -1.0))
    assert {0.0, -1.0} == set(window.rewards[0].tolist())
    assert torch.equal(window.next_obs["desired_goal"], window.obs["desired_goal"])


def test_of_a_batch_k_of_k_plus_one_windows_are_relabelled_and_the_others_are_as_they_were():
    replay = filled(*TWO_EPISODES, k=4)
    window = window_of(replay, size=100)
    own = window.obs["desired_goal"][0, :, 0] == -1
    assert own.sum() == 20
    assert set(window.rewards[0, own].tolist()) == {-1.0}
    assert torch.equal(window_of(replay, size=100).obs["desired_goal"], window.obs["desired_goal"]), "a function of the generator"


def test_what_is_stored_keeps_its_goal():
    replay = filled(*TWO_EPISODES)
    window_of(replay)
    assert (replay.inner.sample(100, 1, torch.Generator()).window.obs["desired_goal"] == -1).all()


def test_an_episode_that_is_partly_overwritten_gives_the_goals_that_are_left():
    steps = (row(0), row(1), row(2), row(3, truncated=(0,)), row(10))
    assert goals_by_place(filled(*steps, capacity=3, strategy="episode")) == {2: {3, 4}, 3: {3, 4}, 10: {11}}
    assert goals_by_place(filled(*steps[:3], row(3), row(4), capacity=3, strategy="episode")) == {place: {3, 4, 5} for place in (2, 3, 4)}


def test_environments_have_episodes_of_their_own():
    steps = (row(0, 100), row(1, 101, truncated=(1,)), row(2, 110, resting=(1,)), row(3, 110, truncated=(0,)), row(20, 111))
    assert goals_by_place(filled(*steps)) == {
        0: {1, 2, 3, 4}, 1: {2, 3, 4}, 2: {3, 4}, 3: {4}, 20: {21}, 100: {101, 102}, 101: {102}, 110: {111, 112}, 111: {112},
    }  # fmt: skip


def test_an_episode_that_is_cut_short_has_no_goals_of_the_next():
    replay = filled(row(0, 100), row(1, 101))
    replay.cut(np.array([True, False]))
    replay.cut(np.array([True, False]))
    replay.add(row(10, 102))
    assert goals_by_place(replay) == {0: {1, 2}, 1: {2}, 10: {11}, 100: {101, 102, 103}, 101: {102, 103}, 102: {103}}
    window = window_of(replay, n=2)
    assert torch.equal(window.truncated[0], window.obs["observation"][0, :, 0] == 1)


def test_a_window_has_one_goal_for_all_its_rows():
    window = window_of(filled(*TWO_EPISODES), n=3)
    assert (window.obs["desired_goal"] == window.obs["desired_goal"][:1]).all()
    assert (window.next_obs["desired_goal"] == window.obs["desired_goal"][:1]).all()
    starts = window.obs["observation"][0, :, 0]
    steps = n_step_transition(window, 0.5)
    for start, goal, total, discount in zip(
        starts.tolist(), window.obs["desired_goal"][0, :, 0].tolist(), steps.rewards.tolist(), steps.discounts.tolist(), strict=True
    ):
        end = 3 if start < 10 else 12
        reached = range(int(start) + 1, min(int(start) + 3, end) + 1)
        assert total == sum(0.5**i * -(place != goal) for i, place in enumerate(reached))
        assert discount == 0.5 ** len(reached)


def test_a_window_ends_where_the_environment_would_have_ended_it_with_the_new_goal():
    window = window_of(filled(row(0), row(1), row(2, truncated=(0,)), ends=True), n=3)
    for i in range(200):
        start, goal = window.obs["observation"][0, i, 0].item(), window.obs["desired_goal"][0, i, 0].item()
        if goal == -1:
            continue
        rows = int(goal - start)  # the goal is reached in the row with this number, counted from one
        assert window.valid[:, i].tolist() == [number < rows for number in range(3)]
        assert window.terminated[:, i].tolist() == [number >= rows - 1 for number in range(3)], "what is cut off repeats the last row"
        assert window.next_obs["observation"][-1, i, 0] == goal
    steps = n_step_transition(window, 0.5)
    assert (steps.discounts[window.obs["desired_goal"][0, :, 0] != -1] == 0).all()


def test_a_termination_that_the_new_goal_would_not_have_brought_is_a_truncation():
    steps = (row(0), row(1, terminated=(0,)))
    window = window_of(filled(*steps, strategy="episode", ends=True))
    last = window.obs["observation"][0, :, 0] == 1
    other = last & (window.obs["desired_goal"][0, :, 0] == 1)
    assert other.any()
    assert not window.terminated[0, other].any()
    assert window.truncated[0, other].all()
    reaching = last & (window.obs["desired_goal"][0, :, 0] == 2)
    assert window.terminated[0, reaching].all()
    assert not window.truncated[0, reaching].any()


def test_without_compute_terminated_ends_stay_as_they_were_recorded():
    window = window_of(filled(row(0), row(1, terminated=(0,)), strategy="episode"))
    assert torch.equal(window.terminated[0], window.obs["observation"][0, :, 0] == 1)
    assert not window.truncated.any()


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("shared", [False, True], ids=["successors stored", "successors shared"])
@pytest.mark.parametrize("alpha", [None, 0.7], ids=["uniform", "prioritized"])
def test_whole_histories_are_relabelled_within_episodes_across_the_end_of_the_ring(strategy, shared, alpha):
    rng, num_envs, rows = np.random.default_rng(5), 3, 7
    options = {"store_next_obs": not shared, "alpha": alpha}
    replay = filled(row(0, 1000, 2000), capacity=rows * num_envs, strategy=strategy, **options)
    places = np.array([1.0, 1001.0, 2001.0])
    lived: list[list[tuple[float, int]]] = [[(0.0, 0)], [(1000.0, 0)], [(2000.0, 0)]]
    episodes = [0, 0, 0]
    for _ in range(40):
        ended, resting = rng.random(num_envs) < 0.25, rng.random(num_envs) < 0.2
        chosen = {name: tuple(np.flatnonzero(mask).tolist()) for name, mask in (("truncated", ended & ~resting), ("resting", resting))}
        replay.add(row(*places, **chosen))
        for env in np.flatnonzero(~resting).tolist():
            lived[env].append((places[env], episodes[env]))
            episodes[env] += int(ended[env])
            places[env] += 10 if ended[env] else 1
        stored = [rows_of_env[-rows:] for rows_of_env in lived]
        allowed: dict[float, set[float]] = {}
        for rows_of_env in stored:
            for i, (place, episode) in enumerate(rows_of_env):
                own = [(j, other + 1) for j, (other, number) in enumerate(rows_of_env) if number == episode]
                choice = {"future": [goal for j, goal in own if j >= i], "final": [own[-1][1]], "episode": [goal for _, goal in own]}
                allowed[place] = set(choice[strategy])
        window = window_of(replay, n=2, size=60)
        for place, goal in zip(window.obs["observation"][0, :, 0].tolist(), window.obs["desired_goal"][0, :, 0].tolist(), strict=True):
            assert goal == -1 or goal in allowed[place]
        goals, reached = window.obs["desired_goal"][..., 0], window.next_obs["achieved_goal"][..., 0]
        assert torch.equal(window.rewards, torch.where(goals == reached, 0.0, -1.0))


def test_priorities_belong_to_transitions_whichever_goal_they_had():
    replay = filled(*TWO_EPISODES, alpha=1.0)
    assert replay.prioritized
    sample = replay.sample(200, 1, torch.Generator().manual_seed(1))
    replay.update_priorities(sample.indices, torch.from_numpy((sample.indices == 3) * 1.0))
    assert (window_of(replay, size=200).obs["observation"][0, :, 0] == 10).float().mean() > 0.99
    replay.set_progress(1.0)
    assert replay.readings() == {"beta": 1.0}


def test_relabelled_windows_of_prioritized_replay_are_spread_over_all_rows():
    window = window_of(filled(*(row(place, truncated=(0,)) for place in range(0, 40, 2)), alpha=1.0, k=1), size=4000)
    places = window.obs["observation"][0, :, 0]
    relabelled = window.obs["desired_goal"][0, :, 0] != -1
    assert abs(places[relabelled].mean() - places.mean()) < 1, "priorities draw rows in the order of their cells"


def test_the_memory_of_a_transition_is_that_of_the_buffer_within_its_goal_and_its_episode():
    replay = filled(*TWO_EPISODES)
    assert replay.bytes_per_transition(row(0)) == replay.inner.bytes_per_transition(row(0)) + 4 + 16
    assert (replay.capacity, len(replay)) == (100, 5)


class Paying(BitFlip):
    """A BitFlip whose rewards are −1 − the cost of the step, which is in its `info`."""

    def step(self, action: Any) -> Any:
        obs, reward, terminated, truncated, info = super().step(action)
        return obs, reward - action, terminated, truncated, {**info, "cost": float(action)}

    def compute_reward(self, achieved_goal: Any, desired_goal: Any, info: Any) -> Any:
        return super().compute_reward(achieved_goal, desired_goal, info) - np.array([each["cost"] for each in info])


@frozen(kw_only=True)
class PayingAgentFactory(RecordingReplayAgentFactory):
    @property
    def info_columns(self) -> dict[str, Any]:
        return {"cost": Box(0, 20, (), np.float32)}


def test_rewards_of_other_goals_get_the_info_that_the_algorithm_declares():
    def configured(builder: Any) -> Any:
        builder._agent = PayingAgentFactory(steps=2)
        return builder.with_buffer_factory(BufferFactoryHER())

    _, algorithm = trained(Paying, configured, num_train_envs=2)
    for window in algorithm.windows:
        assert torch.equal(window.columns["cost"], window.actions.float())
        solved = (window.next_obs["achieved_goal"] == window.next_obs["desired_goal"]).all(-1)
        assert torch.equal(window.rewards, solved.float() - 1 - window.columns["cost"])


def test_a_trained_algorithm_sees_goals_that_were_reached():
    _, algorithm = trained(BitFlip, lambda builder: builder.with_buffer_factory(BufferFactoryHER()), num_train_envs=2)
    reached = [float((window.rewards == 0).float().mean()) for window in algorithm.windows]
    assert 0.1 < np.mean(reached) < 0.9, "without relabelling no pattern of 12 bits is found in 96 steps"
