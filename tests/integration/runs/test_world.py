"""A world is closed whole, whatever fails on the way."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from rlchassis.errors import UsageError
from rlchassis.experiment import PPOExperimentBuilder
from rlchassis_testkit.stored_runs import tiny_config, tiny_sampling
from rlchassis_testkit.tiny_envs import Counter


def world_of(tmp_path, **sampling):
    return PPOExperimentBuilder(Counter, tiny_config(tmp_path), tiny_sampling(**sampling)).build().create_experiment_world()


def test_environments_are_closed_even_if_the_logger_fails(tmp_path):
    world = world_of(tmp_path)
    closed = []

    def fail():
        raise OSError("full")

    world.envs.close()
    world.envs, world.logger = SimpleNamespace(close=lambda: closed.append(True)), SimpleNamespace(close=fail)
    with pytest.raises(OSError, match="full"):
        world.close()
    assert closed == [True]


def test_a_world_may_be_closed_twice(tmp_path):
    world = world_of(tmp_path)
    world.close()
    world.close()


def test_nothing_is_left_open_in_a_resolved_world(tmp_path):
    world = world_of(tmp_path, num_test_episodes=None, step_per_collect=None, repeat_per_collect=None, step_per_epoch=4096)
    assert (world.sampling.step_per_collect, world.sampling.repeat_per_collect, world.sampling.num_test_episodes) == (2048, 10, 10)
    world.close()


def test_a_minibatch_larger_than_the_rollout_is_refused(tmp_path):
    with pytest.raises(UsageError, match="a minibatch of 17 is larger than the rollout of 16 steps"):
        world_of(tmp_path, batch_size=17)
