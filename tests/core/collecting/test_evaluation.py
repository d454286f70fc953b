from __future__ import annotations

from functools import partial

import gymnasium as gym
import pytest
import torch

from rlchassis.collecting.collector import Collector
from rlchassis.collecting.evaluation import Evaluation, as_metrics, evaluate_policy
from rlchassis.envs.in_process import InProcessEnvironment
from rlchassis.errors import StoredFileError
from rlchassis_testkit.recording_algorithm import AtRandom

TEST = Evaluation((1.0, 3.0, 0.1), (2, 4, 6), (7, 8, 9), 50)


def played(seeds: list[int], rng_seed: int, played_before: int = 0) -> Evaluation:
    collector = Collector(
        AtRandom(), InProcessEnvironment.open([partial(gym.make, "CartPole-v1")] * 2), torch.Generator().manual_seed(rng_seed)
    )
    collector.evaluate(range(played_before))
    return evaluate_policy(collector, seeds, 5)


def test_a_test_of_a_policy_that_samples_can_be_repeated_from_its_seeds_alone():
    assert played([3, 4, 5], rng_seed=0) == played([3, 4, 5], rng_seed=1, played_before=3)
    assert played([3, 4, 5], rng_seed=0).returns != played([5, 4, 3], rng_seed=0).returns[::-1], "other seeds are another stream"


def test_a_test_tells_its_seeds_and_the_steps_learned_from():
    evaluation = played([3, 4, 5], rng_seed=0)
    assert (evaluation.seeds, evaluation.env_step) == ((3, 4, 5), 5)
    assert evaluation.returns == tuple(map(float, evaluation.lengths)), "CartPole pays 1 per step"


def test_mean_and_spread_are_those_of_these_episodes():
    assert Evaluation((1.0, 3.0), (2, 4), (7, 8)).mean == 2
    assert Evaluation((1.0, 3.0), (2, 4), (7, 8)).std == 1
    returns = {"test/return": 2, "test/return_std": 1, "test/return_min": 1, "test/return_max": 3}
    assert as_metrics(Evaluation((1.0, 3.0), (2, 4), (7, 8))) == {**returns, "test/length": 3}


def test_a_stored_test_is_read_back_to_the_last_bit():
    assert Evaluation.from_data(TEST.as_data()) == TEST


@pytest.mark.parametrize("data", [{}, None, {**TEST.as_data(), "returns": ["much"]}, {**TEST.as_data(), "seeds": 3}])
def test_a_damaged_record_of_a_test_is_refused(data):
    with pytest.raises(StoredFileError, match="damaged"):
        Evaluation.from_data(data)
