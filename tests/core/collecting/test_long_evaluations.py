from __future__ import annotations

import math
import re
import time
from functools import partial

import numpy as np
import pytest
import torch
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from rlchassis.collecting import long_episodes
from rlchassis.collecting.collector import Collector
from rlchassis.collecting.episodes import mean
from rlchassis.collecting.rollout import RolloutBuffer
from rlchassis.envs.gymnasium_vector import NativeEnvironment
from rlchassis.envs.in_process import InProcessEnvironment
from rlchassis.errors import Interrupted
from rlchassis_testkit.experiences import Constant
from rlchassis_testkit.tiny_envs import Counter


def endless(num_envs, **settings):
    envs = InProcessEnvironment.open([partial(Counter, 10**9)] * num_envs)
    return Collector(Constant(0), envs, torch.Generator(), **settings)


@pytest.mark.parametrize("num_envs", [1, 2, 3])
def test_an_episode_beyond_the_limit_is_cut_and_counts_with_what_it_earned(num_envs, caplog):
    with caplog.at_level("INFO", "rlchassis"):
        stats = endless(num_envs, max_episode_steps=4).evaluate([7, 8, 9])
    assert (stats.returns, stats.lengths, stats.num_steps) == ([1 + 2 + 3 + 4] * 3, [4] * 3, 12)
    assert caplog.messages == ["3 of 3 episodes were cut after 4 steps (max_test_episode_steps)."]


def test_native_environments_are_cut_at_the_same_step():
    envs = NativeEnvironment(SyncVectorEnv([partial(Counter, length) for length in (2, 9)], autoreset_mode=AutoresetMode.NEXT_STEP))
    stats = Collector(Constant(0), envs, torch.Generator(), max_episode_steps=4).evaluate([7, 8, 9])
    assert stats.lengths == [2, 4, 2]


def test_an_episode_that_ends_at_the_limit_is_whole_and_keeps_its_place(caplog):
    envs = InProcessEnvironment.open([partial(Counter, length) for length in (5, 3, 4)])
    with caplog.at_level("INFO", "rlchassis"):
        stats = Collector(Constant(0), envs, torch.Generator(), max_episode_steps=4).evaluate([7, 8, 9])
    assert stats.lengths == [4, 3, 4]
    assert caplog.messages == ["1 of 3 episodes were cut after 4 steps (max_test_episode_steps)."]


def test_an_episode_that_goes_on_and_on_is_reported_at_each_doubling_with_environment_and_seed(monkeypatch, caplog):
    monkeypatch.setattr(long_episodes, "STEPS", 3)
    endless(2, max_episode_steps=13).evaluate([7, 8, 9])
    said = [message.partition(" seconds: ") for message in caplog.messages]
    assert [re.findall(r"after (\d+) steps", before) for before, _, _ in said] == [["3"], ["6"], ["12"]] * 2
    assert [after.partition(";")[0] for _, _, after in said[::3]] == ["environment 0, seed 7, and 1 more", "environment 0, seed 9"]
    assert "max_test_episode_steps" in caplog.text


def test_an_episode_of_few_but_slow_steps_is_reported_too(caplog):
    episodes, playing = long_episodes.LongEpisodes([7, 8]), np.array([False, True])
    for seconds_ago in (100, 130, 200, 250, 400, 490):
        episodes._began = time.monotonic() - seconds_ago
        episodes.look(5, playing)
    assert [re.findall(r"after 5 steps and (\d+) seconds: environment 1, seed 8;", message) for message in caplog.messages] == [
        ["130"], ["250"], ["490"],
    ]  # fmt: skip


@pytest.mark.parametrize("way", ["collect", "evaluate"])
def test_an_interruption_is_raised_before_the_next_step(way):
    collector = endless(1)
    collector.reset([0])
    collector.interruption = Interrupted(15)
    with pytest.raises(Interrupted):
        collector.collect(5, RolloutBuffer()) if way == "collect" else collector.evaluate([1])


def test_means_are_exact_and_of_what_is_not_finite_not_finite():
    assert mean([0.1] * 10) == 0.1
    assert math.isnan(mean([math.inf, -math.inf]))
    assert mean([1.0, -math.inf]) == -math.inf
    assert mean([1e308, 1e308]) == math.inf
