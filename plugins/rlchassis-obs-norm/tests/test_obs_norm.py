from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium.spaces import Box, Dict, Discrete, MultiBinary

from rlchassis.api import Environments, Experience, UnsupportedSpaceError
from rlchassis_obs_norm import ObsNorm, PolicyWrapperFactoryObsNorm
from rlchassis_testkit.experiences import Constant, experience_of
from rlchassis_testkit.recording_algorithm import RecordingExperimentBuilder
from rlchassis_testkit.tiny_envs import Counter
from rlchassis_testkit.tiny_runs import tiny_run

CPU = torch.device("cpu")
RNG = torch.Generator()
NUMBERS = Box(-np.inf, np.inf, (2,), np.float32)


class Seeing(Constant):
    """Keeps what it sees."""

    seen: Any = None

    def act(self, obs, state=None, *, explore, rng):
        self.seen = obs
        return super().act(obs, state, explore=explore, rng=rng)


def around(space: gym.Space[Any], clip: float = 10.0) -> ObsNorm:
    envs = Environments.from_spaces(space, Discrete(2))
    return PolicyWrapperFactoryObsNorm(clip).create_wrapped_policy(Seeing(), envs, None, CPU)


def seen_by(policy: ObsNorm, obs: Any) -> Any:
    policy.act(obs, explore=True, rng=RNG)
    return policy.inner.seen


def steps(*obs: Any, invalid: tuple[int, ...] = ()) -> Experience:
    rows = torch.tensor(obs)
    return experience_of([0.0] * len(obs), obs=rows, next_obs=rows + 1, invalid=invalid)


def test_before_anything_was_observed_observations_stay_as_they_are():
    assert seen_by(around(NUMBERS), torch.tensor([[3.0, -4.0]])).tolist() == [[pytest.approx(3), pytest.approx(-4)]]


def test_the_inner_policy_sees_each_element_by_its_own_mean_and_spread():
    policy = around(NUMBERS)
    policy.observe(steps([8.0, -1.0], [12.0, 1.0]))
    assert seen_by(policy, torch.tensor([[14.0, 0.5], [10.0, 100.0]])).tolist() == [pytest.approx([2, 0.5]), pytest.approx([0, 10])]


def test_learning_sees_a_rollout_as_acting_saw_it_and_rewards_as_they_were():
    policy = around(NUMBERS)
    policy.observe(steps([8.0, -1.0], [12.0, 1.0]))
    rollout = steps([14.0, 0.0])
    seen = policy.transform(rollout)
    assert seen.obs[0, 0].tolist() == pytest.approx([2, 0])
    assert seen.next_obs[0, 0].tolist() == pytest.approx([2.5, 1])
    assert seen.obs[0].tolist() == seen_by(policy, rollout.obs[0]).tolist()
    assert seen.rewards is rollout.rewards
    assert rollout.obs[0, 0].tolist() == [14, 0], "the raw rollout is left alone"


def test_only_observing_moves_the_statistics_and_rows_that_do_not_count_are_left_out():
    policy = around(NUMBERS)
    before = {name: value.clone() for name, value in policy.state_dict().items()}
    rollout = steps([8.0, -1.0], [12.0, 1.0], [999.0, 999.0], invalid=(2,))
    seen_by(policy, rollout.obs[0])
    policy.transform(rollout)
    policy.learn(rollout)
    assert all(torch.equal(value, before[name]) for name, value in policy.state_dict().items())
    policy.observe(rollout)
    assert policy.scale.moments.count == 2
    assert policy.scale.moments.mean.tolist() == [10, 0]


def test_statistics_are_stored_with_the_policy():
    policy, restored = around(NUMBERS), around(NUMBERS)
    policy.observe(steps([8.0, -1.0], [12.0, 1.0]))
    restored.load_state_dict(policy.state_dict())
    obs = torch.tensor([[1.0, 2.0]])
    assert torch.equal(seen_by(policy, obs), seen_by(restored, obs))


def test_parts_of_a_dict_are_normalised_each_for_itself_and_only_numbers_are():
    space = Dict({"at": NUMBERS, "deep": Dict({"x.y": Box(-1, 1, ()), "on": MultiBinary(2)}), "image": Box(0, 255, (2, 2, 1), np.uint8)})
    policy = around(space)

    def obs(at: float, xy: float) -> dict[str, Any]:
        deep = {"x.y": torch.tensor([xy]), "on": torch.ones(1, 2, dtype=torch.int8)}
        return {"at": torch.full((1, 2), at), "deep": deep, "image": torch.full((1, 2, 2, 1), 7, dtype=torch.uint8)}

    one = experience_of([0.0, 0.0])
    pairs = {"at": torch.tensor([[[8.0] * 2], [[12.0] * 2]]), "deep": {"x.y": torch.tensor([[0.0], [4.0]]), "on": torch.ones(2, 1, 2)}}
    both = {**pairs, "image": torch.zeros(2, 1, 2, 2, 1)}
    rest = (one.actions, one.rewards, both, one.terminated, one.truncated, one.valid, one.weights)
    policy.observe(Experience(both, *rest))
    seen = seen_by(policy, obs(14.0, 3.0))
    assert seen["at"].tolist() == [pytest.approx([2, 2])]
    assert seen["deep"]["x.y"].tolist() == [pytest.approx(0.5)]
    assert seen["deep"]["on"].tolist() == [[1, 1]]
    assert seen["image"].dtype == torch.uint8


@pytest.mark.parametrize("space", [Discrete(3), MultiBinary(2), Box(0, 255, (2, 2, 1), np.uint8), Dict(on=Discrete(2))], ids=str)
def test_a_space_without_numbers_is_refused(space):
    with pytest.raises(UnsupportedSpaceError, match="nothing to normalize"):
        around(space)


@pytest.mark.parametrize("clip", [0, -1])
def test_a_clip_is_positive(clip):
    with pytest.raises(ValueError, match="clip"):
        PolicyWrapperFactoryObsNorm(clip)


@pytest.mark.parametrize("num_test_envs", [0, 2])
def test_in_a_run_exactly_the_training_steps_are_observed(num_test_envs):
    def configure(builder):
        return builder.with_policy_wrapper_factory(PolicyWrapperFactoryObsNorm())

    world = tiny_run(
        RecordingExperimentBuilder, Counter, configure=configure, num_train_envs=5, num_test_envs=num_test_envs, watch=num_test_envs > 0
    )
    assert world.policy.scale.moments.count == 96
    last = world.algorithm.rollouts[-1].obs
    assert last.abs().max() < 10, "learning sees it normalised"
