"""Hindsight replay in runs of the algorithms that learn from replay, none of which knows of it."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import pytest

from rlchassis import experiment
from rlchassis.api import UnsupportedSpaceError
from rlchassis.experiment import plan
from rlchassis_her import BufferFactoryHER, HindsightReplay
from rlchassis_her.tasks import BitFlip, PointReach
from rlchassis_testkit.resuming import Stop, assert_same, final_state, run_stopped, run_through, with_checkpoints
from rlchassis_testkit.tiny_runs import tiny_run

SAMPLING: dict[str, Any] = {"num_test_envs": 1, "num_test_episodes": 1, "batch_size": 8, "step_per_collect": 2, "update_per_step": 0.25}
VARIANTS: dict[str, dict[str, Any]] = {
    "one step": {},
    "priorities": {"replay_buffer_prioritized": True},
    "shared successors": {"replay_buffer_ignore_obs_next": True, "buffer_size": 40},
}
RUNS = [
    *((name, BitFlip, "one step") for name in ("DQN", "IQN", "DiscreteSAC")),
    *((name, PointReach, "one step") for name in ("DDPG", "TD3", "SAC", "REDQ")),
    ("DQN", BitFlip, "priorities"),
    ("SAC", PointReach, "shared successors"),
]


@pytest.mark.parametrize(("algorithm", "env", "variant"), RUNS)
def test_an_algorithm_with_replay_learns_in_hindsight(algorithm, env, variant):
    def with_hindsight(builder: Any) -> Any:
        return builder.with_buffer_factory(BufferFactoryHER())

    settings = {**SAMPLING, **VARIANTS[variant], "info_metrics": ("is_success",)}
    builder = getattr(experiment, f"{algorithm}ExperimentBuilder")
    world = tiny_run(builder, env, configure=with_hindsight, **settings)
    assert isinstance(world.buffer, HindsightReplay)
    assert world.state.updates == (96 - 8) // 4
    assert world.state.best.infos["is_success"] in ((0.0,), (1.0,))


def test_hindsight_is_named_on_the_command_line_and_in_settings():
    written = plan("dqn", "rlchassis_her.tasks:BitFlip", steps=100, settings={"buffer": "her:strategy=final,n_sampled_goal=2"})
    assert written.agent_factory.buffer_factory == BufferFactoryHER("final", 2)


def test_an_environment_whose_spaces_the_algorithm_does_not_take_is_refused_with_hindsight_too():
    with pytest.raises(UnsupportedSpaceError, match="ddpg does not support actions of Discrete"):
        tiny_run(experiment.DDPGExperimentBuilder, BitFlip, configure=lambda builder: builder.with_buffer_factory(BufferFactoryHER()))


def test_a_resumed_run_in_hindsight_equals_one_that_was_never_stopped(tmp_path):
    sampling = {**SAMPLING, "num_train_envs": 3, "step_per_epoch": 48, "step_per_collect": 3, "buffer_size": 30}
    settings = {"buffer": "her", "sampling": sampling, "config": {"info_metrics": ("is_success",)}}
    gym.register("BitFlip-v0", BitFlip, kwargs={"bits": 4})
    try:
        planned = with_checkpoints(plan("dqn", "BitFlip-v0", steps=96, recipe="none", settings=settings, watch=False), 24)
        through = final_state(run_through(planned, tmp_path / "through"))
        assert_same(through, final_state(run_stopped(planned, tmp_path / "stopped", Stop("collecting", 20))))
    finally:
        del gym.registry["BitFlip-v0"]
