from __future__ import annotations

from functools import partial

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from rlchassis.collecting.collector import Collector
from rlchassis.collecting.rollout import RolloutBuffer
from rlchassis.data.experience import Experience
from rlchassis.envs import VectorEnvironment
from rlchassis.envs.gymnasium_vector import NativeEnvironment
from rlchassis.envs.in_process import InProcessEnvironment
from rlchassis.envs.subprocess.workers import WorkerEnvironment
from rlchassis.errors import ActionFailure
from rlchassis.learning.policy import Policy
from rlchassis_testkit.experiences import Constant, Remembering
from rlchassis_testkit.tiny_envs import EPISODE, Counter, Receiver

LENGTHS = (2, 3, 5)
WAYS = ["in process", *AutoresetMode]


def counters(way: str | AutoresetMode, *, as_dict: bool = False, cut: bool = False) -> VectorEnvironment:
    constructors = [partial(Counter, length, cut=cut, as_dict=as_dict) for length in LENGTHS]
    if as_dict:  # one space for all
        constructors = [partial(Counter, 3, cut=cut, as_dict=True)] * 3
    if way == "in process":
        return InProcessEnvironment.open(constructors)
    if way == "workers":
        return WorkerEnvironment.open(constructors)
    return NativeEnvironment(SyncVectorEnv(constructors, autoreset_mode=way))


def collector_of(envs: VectorEnvironment, policy: Policy | None = None) -> Collector:
    return Collector(policy or Constant(), envs, torch.Generator().manual_seed(0))


def collected(collector: Collector, num_steps: int) -> Experience:
    buffer = RolloutBuffer()
    collector.collect(num_steps, buffer)
    return buffer.drain()


def numbers(obs: torch.Tensor | dict[str, torch.Tensor]) -> torch.Tensor:
    shown = obs["shown"] if isinstance(obs, dict) else obs
    return shown.squeeze(-1)


@pytest.mark.parametrize("as_dict", [False, True])
@pytest.mark.parametrize("cut", [False, True])
@pytest.mark.parametrize("way", [*WAYS, "workers"], ids=str)
def test_no_transition_crosses_the_end_of_an_episode(way, cut, as_dict):
    envs = counters(way, cut=cut, as_dict=as_dict)
    collector = collector_of(envs)
    collector.reset([0, 1, 2])
    rollout = collected(collector, 30)
    envs.close()
    obs, after, rows = numbers(rollout.obs), numbers(rollout.next_obs), rollout.valid
    assert torch.equal(after[rows], obs[rows] + 1)
    assert torch.equal(rollout.rewards[rows], (after % EPISODE)[rows])
    lengths = torch.tensor([3, 3, 3] if as_dict else LENGTHS)
    ends = (after % EPISODE == lengths) & rows
    assert torch.equal(rollout.truncated if cut else rollout.terminated, ends)
    assert not (rollout.terminated if cut else rollout.truncated).any()
    assert int(rows.sum()) in range(30, 33)
    if as_dict:
        assert torch.equal(rollout.next_obs["steps"][rows], rollout.obs["steps"][rows] + 1)


def test_every_transition_of_the_vectorised_cartpole_obeys_its_physics():
    envs = NativeEnvironment(gym.make_vec("CartPole-v1", 3, vectorization_mode="vector_entry_point"))
    collector = collector_of(envs)
    collector.reset([0, 1, 2])
    rollout = collected(collector, 90)
    envs.close()
    obs, after, ended = rollout.obs[rollout.valid], rollout.next_obs[rollout.valid], rollout.terminated[rollout.valid]
    assert torch.allclose(after[:, [0, 2]], obs[:, [0, 2]] + 0.02 * obs[:, [1, 3]], atol=1e-6), "place + 0.02 s · speed"
    assert torch.equal(ended, after[:, 2].abs() > 12 * 2 * torch.pi / 360), "it ends where the pole leans too far"
    assert ended.sum() >= 6
    assert (rollout.rewards[rollout.valid] == 1).all()


@pytest.mark.parametrize("num_steps", [1, 2, 3, 4, 7, 11])
def test_exactly_the_steps_asked_for_are_taken(num_steps):
    collector = collector_of(counters("in process"))
    collector.reset([0, 1, 2])
    buffer = RolloutBuffer()
    stats = collector.collect(num_steps, buffer)
    assert stats.num_steps == int(buffer.drain().valid.sum()) == num_steps


def test_environments_rest_in_turn_and_go_on_where_they_were():
    collector = collector_of(counters("in process"))
    collector.reset([0, 1, 2])
    parts = [collected(collector, 4) for _ in range(3)]
    assert [part.valid[1].tolist() for part in parts] == [[i == turn for i in range(3)] for turn in range(3)]
    for env, length in enumerate(LENGTHS):
        rewards = torch.cat([part.rewards[:, env][part.valid[:, env]] for part in parts])
        assert rewards.tolist() == [1 + step % length for step in range(4)]


def test_rows_of_resting_environments_end_no_episode():
    collector = collector_of(counters("in process"))
    collector.reset([0, 1, 2])
    rollout = collected(collector, 4)
    resting = ~rollout.valid
    assert resting.sum() == 2
    assert not (rollout.terminated | rollout.truncated)[resting].any()
    assert rollout.rewards[resting].tolist() == [0, 0]


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_returns_and_lengths_are_those_of_whole_episodes(way):
    envs = counters(way)
    collector, buffer = collector_of(envs), RolloutBuffer()
    collector.reset([0, 1, 2])
    first, second = collector.collect(12, buffer), collector.collect(12, buffer)
    envs.close()
    lengths = first.lengths + second.lengths
    assert {2, 3, 5} == set(lengths)
    assert first.returns + second.returns == [length * (length + 1) / 2 for length in lengths]


def test_actions_reach_the_environment_within_its_bounds_and_the_buffer_as_they_were():
    low, high = [0.0, -2.0, -np.inf], [10.0, 4.0, np.inf]
    for action, received in [
        ((-1.0, -1.0, -1.0), (0, -2, -1)),
        ((0.0, 0.0, 0.0), (5, 1, 0)),
        ((1.0, 1.0, 1.0), (10, 4, 1)),
        ((0.5, -0.5, 7.0), (7.5, -0.5, 7)),
        ((9.0, -9.0, 0.0), (10, -2, 0)),
    ]:
        env = Receiver(low, high)
        collector = collector_of(InProcessEnvironment.open([lambda env=env: env]), Constant(action))
        collector.reset([0])
        rollout = collected(collector, 1)
        assert env.received[0].tolist() == list(received)
        assert rollout.actions[0, 0].tolist() == list(action)


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_a_memory_begins_at_zero_in_every_episode_and_counts_only_steps_taken(way):
    envs, policy = counters(way), Remembering()
    collector, buffer = collector_of(envs, policy), RolloutBuffer()
    collector.reset([0, 1, 2])
    for _ in range(5):
        collector.collect(4, buffer)
    envs.close()
    rollout, memories = buffer.drain(), torch.tensor(policy.memories)
    assert torch.equal(memories[rollout.valid], (numbers(rollout.obs) % EPISODE)[rollout.valid])


def test_a_reset_forgets_the_episodes_before_it():
    collector, buffer = collector_of(counters("in process"), Remembering()), RolloutBuffer()
    collector.reset([0, 1, 2])
    collector.collect(3, buffer)
    collector.reset([0, 1, 2])
    assert collector.collect(6, buffer).returns == [3], "1 + 2, and nothing of the step before the reset"


@pytest.mark.parametrize("num_envs", [1, 2, 3, 8])
def test_an_evaluation_plays_one_episode_per_seed_in_the_order_of_the_seeds(num_envs):
    def returns(seeds: list[int]) -> tuple[list[float], list[int]]:
        envs = InProcessEnvironment.open([partial(gym.make, "CartPole-v1")] * num_envs)
        stats = collector_of(envs).evaluate(seeds)
        assert stats.num_steps == sum(stats.lengths)
        return stats.returns, stats.lengths

    seeds = [7, 1, 5, 3, 2]
    alone = [returns([seed]) for seed in seeds]
    assert returns(seeds) == ([score for each, _ in alone for score in each], [length for _, each in alone for length in each])
    assert len(set(returns(seeds)[0])) > 1


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_by_hand_an_evaluation_counts_no_step_beyond_an_episode_whether_or_not_environments_can_rest(way):
    stats = collector_of(counters(way)).evaluate([0, 1, 2, 3, 4])
    assert stats.returns == [1 + 2, 1 + 2 + 3, 1 + 2 + 3 + 4 + 5, 1 + 2, 1 + 2 + 3]
    assert stats.lengths == [2, 3, 5, 2, 3]
    assert stats.num_steps == 15


@pytest.mark.parametrize("num_steps", [12, 13])
def test_episodes_that_were_cut_are_reported_with_their_returns_also_where_environments_rest(num_steps):
    collector = collector_of(counters("in process", cut=True))
    collector.reset([0, 1, 2])
    stats = collector.collect(num_steps, RolloutBuffer())
    assert sorted(zip(stats.lengths, stats.returns, strict=True)) == [(2, 3.0), (2, 3.0), (3, 6.0)]


def test_a_reset_forgets_what_the_policy_remembered():
    policy = Remembering()
    collector = collector_of(counters("in process"), policy)
    for _ in range(2):
        collector.reset([0, 1, 2])
        collector.collect(3, RolloutBuffer())
    assert policy.memories == [[0.0] * 3] * 2


class Diverging(Constant):
    """Chooses nan from its third action on."""

    def __init__(self):
        super().__init__()
        self.count = 0

    def act(self, obs, state=None, *, explore, rng):
        self.count += 1
        return torch.full((len(obs), 1), float("nan") if self.count > 2 else 0.0), None


@pytest.mark.parametrize(
    ("play", "message"),
    [
        (lambda collector: [collected(collector, 2), collected(collector, 4)], "environment step 5 was not taken"),
        (lambda collector: collector.evaluate([1, 2]), "test step 5 was not taken"),
    ],
)
def test_an_action_that_is_not_finite_is_never_stepped(play, message):
    envs = InProcessEnvironment.open([partial(Receiver, [-1.0], [1.0])] * 2)
    collector = collector_of(envs, Diverging())
    collector.reset([0, 1])
    with pytest.raises(ActionFailure, match=f"^{message}: the policy chose nan in row 0 of its actions, .* try a smaller learning rate"):
        play(collector)
    assert [len(env.received) for env in envs.envs] == [2, 2]
