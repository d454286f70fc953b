from __future__ import annotations

import math

import pytest
import torch

from rlchassis.collecting.evaluation import Evaluation
from rlchassis.learning.policy import PolicyWrapper
from rlchassis.training import testing
from rlchassis_testkit.recorded_runs import recorded_run
from rlchassis_testkit.tiny_envs import Counter
from rlchassis_testkit.wrapping import Wrapping


@pytest.mark.parametrize("num_test_envs", [1, 3])
def test_tests_change_nothing_that_is_learned_from(num_test_envs):
    def batches(**settings):
        _, algorithm = recorded_run("CartPole-v1", **settings)
        return torch.cat([batch.obs for batch in algorithm.batches])

    assert torch.equal(batches(num_test_envs=num_test_envs), batches(num_test_envs=0))


def test_each_epoch_ends_with_a_test_on_seeds_of_its_own():
    world, _ = recorded_run("CartPole-v1", num_test_envs=2, num_test_episodes=4)
    tests = world.state.tests
    assert [test.env_step for test in tests] == [48, 96]
    assert len({seed for test in tests for seed in test.seeds}) == 8
    assert all(len(test.returns) == 4 for test in tests)


def test_no_environment_is_trained_on_the_seed_of_a_test():
    given = set()

    class Seeded(Counter):
        def reset(self, *, seed=None, options=None):
            given.add(seed)
            return super().reset(seed=seed, options=options)

    world, _ = recorded_run(Seeded, num_train_envs=3, num_test_envs=2, num_test_episodes=4)
    tested = {seed for test in world.state.tests for seed in test.seeds}
    assert (len(tested), len(given - tested - {None})) == (8, 3)


def test_the_policy_is_in_evaluation_mode_in_tests_alone():
    modes: dict[tuple[int, bool], set[bool]] = {}

    class Noting(PolicyWrapper):
        def act(self, obs, state=None, *, explore, rng):
            modes.setdefault((id(self), explore), set()).add(self.training and self.inner.training)
            return super().act(obs, state, explore=explore, rng=rng)

    world, _ = recorded_run(configure=lambda builder: builder.with_policy_wrapper_factory(Wrapping(Noting)))
    assert [modes[id(world.policy), explore] for explore in (True, False)] == [{True}, {False}]


def scores(monkeypatch, *means):
    """Tests earn these in turn."""
    left = iter(means)
    monkeypatch.setattr(testing, "evaluate_policy", lambda _, seeds, step: Evaluation((float(next(left)),), (1,), (0,), step))


@pytest.mark.parametrize(("means", "kept"), [([1, 3, 2], 3), ([5, 1, 1], 5), ([2, 2, 2], 2)])
def test_the_best_test_is_kept_and_of_equal_ones_the_latest(means, kept, monkeypatch):
    scores(monkeypatch, *means)
    world, _ = recorded_run(num_epochs=3, step_per_epoch=24)
    info = world.state.info()
    assert (info.best_score, info.final_score) == (kept, means[-1])
    latest = max(number for number, mean in enumerate(means) if mean == kept)
    assert info.best.env_step == 24 * (latest + 1)


@pytest.mark.parametrize("broken", [math.nan, math.inf, -math.inf])
def test_a_test_whose_return_is_not_finite_is_never_the_best_and_that_is_said_once(broken, monkeypatch, caplog):
    scores(monkeypatch, broken, 1, broken)
    world, _ = recorded_run(num_epochs=3, step_per_epoch=24)
    assert [test.env_step for test in world.state.tests] == [24, 48, 72]
    assert world.state.best.env_step == 48
    (said,) = [message for message in caplog.messages if "mean return" in message]
    assert said.startswith(f"The test at step 24 has a non-finite mean return ({broken})")


def test_without_any_finite_test_there_is_no_best(monkeypatch):
    scores(monkeypatch, math.nan, math.nan)
    world, _ = recorded_run()
    assert (world.state.info().best_score, world.state.env_step) == (None, 96)
