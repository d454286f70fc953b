from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from gymnasium import spaces

from rlchassis.api import Environments, Policy, UsageError, map_tensors
from rlchassis_action_repeat import PolicyWrapperFactoryActionRepeat
from rlchassis_action_repeat.decisions import decisions_of
from rlchassis_action_repeat.wrapper import DECIDES
from rlchassis_testkit.experiences import Constant, experience_of
from rlchassis_testkit.recording_algorithm import RecordingExperimentBuilder
from rlchassis_testkit.recording_replay_algorithm import RecordingReplayExperimentBuilder
from rlchassis_testkit.tiny_envs import Counter
from rlchassis_testkit.tiny_runs import tiny_run

CPU = torch.device("cpu")
ENVS = Environments.from_spaces(spaces.Box(-1, 1, (1,), np.float32), spaces.Discrete(9))


class Shown(Policy):
    """Takes the number that it observes, [N], or [N, 2] with its negative."""

    def __init__(self, *, continuous: bool = False) -> None:
        super().__init__()
        self.continuous = continuous

    def act(self, obs, state=None, *, explore, rng):
        return (torch.cat([obs, -obs], -1) if self.continuous else obs[:, 0].long()), None


def repeating(times: int, inner: Policy) -> Any:
    return PolicyWrapperFactoryActionRepeat(times).create_wrapped_policy(inner, ENVS, None, CPU)


def acted(policy: Any, seen: list[float], state: Any = None) -> tuple[torch.Tensor, Any]:
    return policy.act(torch.tensor(seen)[:, None], state, explore=True, rng=torch.Generator())


@pytest.mark.parametrize("continuous", [False, True])
def test_each_environment_takes_its_action_for_so_many_steps_and_decides_anew_where_an_episode_begins(continuous):
    policy, state, taken = repeating(3, Shown(continuous=continuous)), None, []
    for step in range(7):
        actions, state = acted(policy, [step, 10.0 + step], state)
        taken.append(actions.reshape(2, -1)[:, 0].tolist())
        if step == 3:  # the episode of the second environment ends
            state = {key: None if part is None else part.clone() for key, part in state.items()}
            for key in ("action", "left"):
                state[key][1] = 0
    assert [first for first, _ in taken] == [0, 0, 0, 3, 3, 3, 6]
    assert [second for _, second in taken] == [10, 10, 10, 13, 14, 14, 14]


def test_with_one_step_per_action_all_is_as_without():
    policy = repeating(1, Shown())
    _, state = acted(policy, [5.0])
    actions, after = acted(policy, [6.0], state)
    assert actions.tolist() == [6]
    assert policy.columns(state, after)[DECIDES].tolist() == [True]


def test_a_rollout_becomes_one_of_whole_decisions_with_the_sums_of_their_rewards():
    rollout = experience_of(
        [9.0, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0],
        actions=[0, 5, 5, 6, 0, 7, 7, 8],  # the first step goes on with what the rollout before has cut, the last is cut
        terminated=(3,),
        invalid=(4,),
    )
    decides = torch.tensor([0, 1, 0, 1, 1, 1, 0, 1]).bool()[:, None]
    decisions = decisions_of(rollout, decides, times=2)
    count = int(decisions.valid.sum())
    kept = decisions[:count]
    assert kept.valid.all(), "they come first"
    assert kept.actions.flatten().tolist() == [5, 6, 7]
    assert kept.obs.flatten().tolist() == [1, 3, 5]
    assert kept.rewards.flatten().tolist() == [3, 4, 48]
    assert kept.next_obs.flatten().tolist() == [3, 4, 7]
    assert kept.terminated.flatten().tolist() == [False, True, False]


def test_environments_are_counted_each_for_itself():
    both = map_tensors(lambda part: torch.cat([part, part], 1), experience_of([1.0, 2.0, 4.0, 8.0]))
    decides = torch.tensor([[1, 0], [0, 1], [1, 0], [0, 1]]).bool()
    decisions = decisions_of(both, decides, times=2)
    assert decisions.valid.tolist() == [[True, True], [True, False], [False, False], [False, False]]
    assert decisions.rewards[decisions.valid].tolist() == [3, 6, 12]


def with_repeats(times: int) -> Any:
    return lambda builder: builder.with_policy_wrapper_factory(PolicyWrapperFactoryActionRepeat(times))


def test_on_policy_an_algorithm_learns_from_decisions():
    world = tiny_run(RecordingExperimentBuilder, lambda: Counter(5), configure=with_repeats(2), num_train_envs=1)
    first = world.algorithm.rollouts[0]
    valid = first.rewards[first.valid].tolist()
    assert valid[:4] == [1 + 2, 3 + 4, 5, 1 + 2], "an episode of five steps is two and a half decisions"
    learned = torch.cat([batch.rewards for batch in world.algorithm.batches[: len(world.algorithm.batches) // 4]])
    assert set(learned.tolist()) <= {3.0, 7.0, 5.0}


def test_off_policy_an_algorithm_learns_from_single_steps_with_the_actions_that_were_taken():
    world = tiny_run(RecordingReplayExperimentBuilder, lambda: Counter(5), configure=with_repeats(2), num_train_envs=1)
    rows = world.algorithm.windows[-1]
    assert set(rows.rewards.flatten().tolist()) <= {1.0, 2.0, 3.0, 4.0, 5.0}
    assert torch.equal(rows.next_obs, rows.obs + 1)


def test_a_rollout_without_a_whole_decision_is_refused():
    with pytest.raises(UsageError, match="a rollout of 12 steps per environment has no whole decision of 50 steps; raise"):
        tiny_run(RecordingExperimentBuilder, lambda: Counter(99), configure=with_repeats(50))


def test_a_policy_with_a_memory_and_action_masks_are_refused():
    remembering = Constant()
    remembering.sequence_length = 8
    with pytest.raises(UsageError, match="supports no policy with a memory"):
        repeating(2, remembering)
    mask = spaces.Box(0, 1, (9,), np.int8)
    masked = Environments.from_spaces(spaces.Dict(observation=ENVS.observation_space, action_mask=mask), ENVS.action_space)
    with pytest.raises(UsageError, match="supports no action masks"):
        PolicyWrapperFactoryActionRepeat().create_wrapped_policy(Constant(), masked, None, CPU)


def test_a_number_of_steps_is_positive():
    with pytest.raises(ValueError, match="times must be a whole number of at least 1"):
        PolicyWrapperFactoryActionRepeat(0)
