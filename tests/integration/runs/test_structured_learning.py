"""PPO solves tasks with structured actions whose optimum is known: `pytest -m learning`."""

from __future__ import annotations

import pytest

from rlchassis.experiment import ExperimentConfig, PPOExperimentBuilder, SamplingConfig
from rlchassis_ppo import PPOParams
from rlchassis_testkit.target_envs import Gripper, Matching


def score(env: type, seed: int, steps: int) -> float:
    """Mean return of 100 test episodes of the best policy of a run."""
    config = ExperimentConfig(seed=seed, watch=False, persistence_enabled=False)
    tests = {"num_test_envs": 1, "num_test_episodes": 100}
    sampling = SamplingConfig(
        num_epochs=10, step_per_epoch=steps // 10, num_train_envs=8, step_per_collect=1024, batch_size=64, repeat_per_collect=10, **tests
    )
    params = PPOParams(lr=1e-3, gamma=0.9, gae_lambda=0.5)  # the next target does not depend on actions
    return PPOExperimentBuilder(env, config, sampling).with_ppo_params(params).build().run().trainer_result.best_score


@pytest.mark.learning
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_ppo_matches_every_part_of_a_multi_discrete_action(seed):
    assert score(Matching, seed, 20_000) > 0.95 * Matching.optimum


@pytest.mark.learning
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_ppo_learns_the_discrete_and_the_continuous_part_of_a_dict_action(seed):
    assert score(Gripper, seed, 60_000) > 0.8 * Gripper.optimum
