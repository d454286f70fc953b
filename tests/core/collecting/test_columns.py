from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from attrs import frozen
from gymnasium.spaces import Box

from rlchassis.collecting.collector import Collector
from rlchassis.collecting.rollout import RolloutBuffer
from rlchassis.envs.in_process import InProcessEnvironment
from rlchassis.errors import EnvironmentFailure
from rlchassis.learning.policy import Policy, PolicyWrapper
from rlchassis.replay import ReplayBuffer
from rlchassis_testkit.experiences import Constant
from rlchassis_testkit.recording_replay_algorithm import RecordingReplayAgentFactory
from rlchassis_testkit.replay_runs import trained
from rlchassis_testkit.tiny_envs import EPISODE, Counter


class Counting(Constant):
    """Its state is the number of steps of the episode, which it records as it was before each step."""

    def act(self, obs: Any, state: Any = None, *, explore: bool, rng: torch.Generator) -> tuple[torch.Tensor, Any]:
        actions, _ = super().act(obs, state, explore=explore, rng=rng)
        return actions, (torch.zeros(len(actions), 1) if state is None else state) + 1

    def columns(self, before: Any, after: Any) -> dict[str, Any]:
        return {"steps": {"before": torch.zeros_like(after) if before is None else before}}


def collector_of(policy: Policy, *lengths: int) -> Collector:
    envs = InProcessEnvironment.open([partial(Counter, length) for length in lengths])
    collector = Collector(policy, envs, torch.Generator())
    collector.reset(range(len(lengths)))
    return collector


@pytest.mark.parametrize("wrap", [lambda policy: policy, PolicyWrapper], ids=["bare", "wrapped"])
def test_a_rollout_has_the_columns_that_the_policy_records(wrap):
    collector, buffer = collector_of(wrap(Counting()), 2, 3), RolloutBuffer()
    collector.collect(10, buffer)
    steps = buffer.drain().columns["steps"]["before"]
    assert steps.squeeze(-1).T.tolist() == [[0, 1, 0, 1, 0], [0, 1, 2, 0, 1]]


@pytest.mark.parametrize("lengths", [(3,), (3, 3)], ids=["one environment", "two environments"])
def test_windows_of_replay_have_the_columns_of_their_rows(lengths):
    collector, buffer = collector_of(Counting(), *lengths), ReplayBuffer.create(20, len(lengths))
    collector.collect(20, buffer)
    window = buffer.sample(500, 2, torch.Generator().manual_seed(0)).window
    assert torch.equal(window.columns["steps"]["before"], window.obs % EPISODE)
    assert set((window.obs % EPISODE).flatten().tolist()) >= {0, 1, 2}


def test_the_policy_that_learns_follows_a_warm_up_in_which_another_acts():
    collector, buffer = collector_of(Counting(), 5), RolloutBuffer()
    collector.collect(3, buffer, Constant())
    collector.collect(2, buffer)
    assert buffer.drain().columns["steps"]["before"].flatten().tolist() == [0, 1, 2, 3, 4]


class Priced(Counter):
    """A Counter whose `info` has the tenth of each step's number as its cost."""

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        *answer, _ = super().step(action)
        return (*answer, {"cost": np.array([self.count / 10])})  # type: ignore[return-value]  # as the base class does not annotate it


@frozen(kw_only=True)
class PricedAgentFactory(RecordingReplayAgentFactory):
    @property
    def info_columns(self) -> dict[str, Any]:
        return {"cost": Box(0, 10, (1,), np.float64)}


def with_costs(builder: Any) -> Any:
    builder._agent = PricedAgentFactory()
    return builder


def test_an_algorithm_gets_the_columns_of_info_that_its_agent_factory_declares(caplog):
    with caplog.at_level("INFO", "rlchassis"):
        world, algorithm = trained(Priced, with_costs, num_train_envs=2, num_test_envs=1)
    for window in algorithm.windows:
        assert torch.equal(window.columns["cost"][..., 0], (window.rewards.double() / 10).float())
    assert "(1000 transitions of 26 bytes each)" in caplog.text, "4 for each observation and the cost, 8 for the action, 6 for the rest"
    assert world.envs.test.infos is None


def test_an_info_that_lacks_a_declared_column_ends_the_run():
    with pytest.raises(
        EnvironmentFailure, match=r'environment 0 .* answered an info without "cost", which the algorithm needs of every step'
    ):
        trained(Counter, with_costs)


def test_experience_without_columns_has_none():
    collector, buffer, replay = collector_of(Constant(), 5), RolloutBuffer(), ReplayBuffer.create(9)
    collector.collect(5, buffer)
    collector.collect(5, replay)
    assert buffer.drain().columns == {}
    assert replay.sample(4, 1, torch.Generator()).window.columns == {}
