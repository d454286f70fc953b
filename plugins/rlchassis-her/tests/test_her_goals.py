"""What environments must bring, and what is refused before the first step."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest
from gymnasium.spaces import Box, Dict, Discrete
from gymnasium.utils.env_checker import check_env

from rlchassis.api import ExperimentConfig, SamplingConfig, UsageError
from rlchassis.experiment import Experiment
from rlchassis_her import BufferFactoryHER
from rlchassis_her.goals import Goals
from rlchassis_her.tasks import BitFlip, PointReach
from rlchassis_testkit.recording_algorithm import RecordingExperimentBuilder
from rlchassis_testkit.recording_replay_algorithm import RecordingReplayAgentFactory, RecordingReplayExperimentBuilder
from rlchassis_testkit.replay_runs import trained, world_of
from rlchassis_testkit.tiny_runs import tiny_run


class Answering(BitFlip):
    """A BitFlip whose compute_reward answers something else."""

    def __init__(self, answer: Any) -> None:
        super().__init__(4)
        self.answer = answer

    def compute_reward(self, achieved_goal: Any, desired_goal: Any, info: Any) -> Any:
        return self.answer(achieved_goal, info)


class Silent(BitFlip):
    compute_reward = None  # type: ignore[assignment]  # it is taken away


def scalar(achieved: Any, info: Any) -> Any:
    return -1.0 if np.linalg.norm(achieved) > 1 else 0.0


def infinite(achieved: Any, info: Any) -> Any:
    return np.full(len(achieved), np.inf)


def in_a_column(achieved: Any, info: Any) -> Any:
    return achieved[:, :1]


def of_info(achieved: Any, info: Any) -> Any:
    return np.array([each["cost"] for each in info])


REFUSED = {
    "no compute_reward": (Silent, "Silent has no compute_reward(achieved_goal, desired_goal, info), which hindsight replay asks"),
    "one reward for all": (partial(Answering, scalar), "Answering returned -1.0 for goals of shape [3, 4], expected 3 finite numbers"),
    "rewards in a column": (partial(Answering, in_a_column), "compute_reward of Answering returned [["),
    "infinite rewards": (partial(Answering, infinite), "compute_reward of Answering returned [inf, inf, inf] for goals"),
    "rewards of an info": (
        partial(Answering, of_info),
        "Answering cannot compute rewards and ends for 3 goals at once, each with {} as info: KeyError",
    ),
    "no goals": ("CartPole-v1", "a Dict of observation, achieved_goal, desired_goal, got Box"),
}


@pytest.mark.parametrize("fault", REFUSED)
def test_an_environment_whose_goals_cannot_be_relabelled_is_refused_before_the_first_step(fault):
    env, said = REFUSED[fault]
    with pytest.raises(UsageError) as refused:
        world_of(env, lambda builder: builder.with_buffer_factory(BufferFactoryHER()))
    assert said in str(refused.value)


class Closing(BitFlip):
    """Counts how many are open."""

    opened = 0
    compute_reward: Any = BitFlip.compute_reward

    def __init__(self) -> None:
        super().__init__(3)
        Closing.opened += 1

    def close(self) -> None:
        Closing.opened -= 1


@pytest.mark.parametrize("is_goal_task", [True, False])
def test_the_environment_that_computes_rewards_is_closed_with_the_others(monkeypatch, is_goal_task):
    monkeypatch.setattr(Closing, "opened", 0)
    if is_goal_task:
        trained(Closing, lambda builder: builder.with_buffer_factory(BufferFactoryHER()))
    else:
        monkeypatch.setattr(Closing, "compute_reward", None)
        with pytest.raises(UsageError, match="has no compute_reward"):
            world_of(Closing, lambda builder: builder.with_buffer_factory(BufferFactoryHER()))
    assert Closing.opened == 0


def test_goals_of_two_shapes_are_refused():
    env = PointReach()
    env.observation_space = Dict({**env.observation_space.spaces, "achieved_goal": Box(-1, 1, (3,), np.float64)})
    with pytest.raises(UsageError, match="expected two spaces of arrays of one shape and dtype"):
        Goals.of(env)


def test_a_dict_without_a_goal_says_which_key_is_missing():
    env = PointReach()
    env.observation_space = Dict({"observation": Discrete(2), "desired_goal": Discrete(3)})
    with pytest.raises(UsageError, match="which has no achieved_goal; use an environment with goals"):
        Goals.of(env)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"strategy": "past"}, "strategy must be one of future, final, episode, not 'past'"),
        ({"n_sampled_goal": 0}, "n_sampled_goal must be"),
    ],
)
def test_options_that_there_are_not_are_refused(options, said):
    with pytest.raises(UsageError, match=said):
        BufferFactoryHER(**options)


def test_training_without_replay_refuses_hindsight():
    with pytest.raises(UsageError, match="OnPolicyTrainer has no replay buffer that BufferFactoryHER could replace"):
        tiny_run(RecordingExperimentBuilder, BitFlip, configure=lambda builder: builder.with_buffer_factory(BufferFactoryHER()))


def test_stacks_of_frames_are_refused():
    stacks = {"replay_buffer_save_only_last_obs": True, "replay_buffer_stack_num": 2}
    with pytest.raises(UsageError, match="replay_buffer_stack_num is 2, but the environment observes Dict"):
        trained(BitFlip, lambda builder: builder.with_buffer_factory(BufferFactoryHER()), **stacks)


def test_ends_that_are_computed_for_one_goal_at_a_time_are_asked_for_one_by_one():
    class OneByOne(BitFlip):
        def compute_terminated(self, achieved_goal: Any, desired_goal: Any, info: Any) -> Any:
            return bool(np.array_equal(achieved_goal, desired_goal))

        def compute_reward(self, achieved_goal: Any, desired_goal: Any, info: Any) -> Any:
            return np.zeros(len(achieved_goal))

    patterns = np.array([[0, 1], [1, 1]], np.int8)
    assert Goals.of(OneByOne(2)).terminated(patterns, np.array([[0, 1], [0, 1]], np.int8), [{}, {}]).tolist() == [True, False]
    assert Goals.of(PointReach()).terminated(patterns, patterns, [{}, {}]) is None


@pytest.mark.parametrize("env", [BitFlip, PointReach])
def test_the_tasks_fulfil_the_interface_of_gymnasium(env):
    check_env(env(), skip_render_check=True)


def test_bits_are_solved_by_flipping_those_that_differ():
    env = BitFlip(4)
    obs, _ = env.reset(seed=3)
    differing = np.flatnonzero(obs["observation"] != obs["desired_goal"]).tolist()
    *before, last = [env.step(bit) for bit in differing]
    assert [(reward, terminated) for _, reward, terminated, _, _ in before] == [(-1.0, False)] * len(before)
    assert last[1:] == (0.0, True, False, {"is_success": True})


def test_a_recipe_with_hindsight_is_stored_and_read_back(tmp_path):
    config, sampling = ExperimentConfig(watch=False), SamplingConfig(num_train_envs=2)
    builder = RecordingReplayExperimentBuilder(BitFlip, config, sampling).with_buffer_factory(BufferFactoryHER("final", 2))
    experiment = builder.build()
    data = experiment.to_data()
    assert data["agent_factory"]["options"]["buffer_factory"] == {
        "part": "buffer/her",
        "options": {"strategy": "final", "n_sampled_goal": 2},
    }
    assert Experiment.from_data(data, allow=[BitFlip, RecordingReplayAgentFactory]).agent_factory == experiment.agent_factory
