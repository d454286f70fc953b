"""Training on from a restored policy: critics learn its values before it learns from them."""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import Any

import pytest
import torch
from attrs import evolve

from rlchassis.errors import StoredFileError
from rlchassis.experiment import (
    DDPGExperimentBuilder,
    DiscreteSACExperimentBuilder,
    DQNExperimentBuilder,
    REDQExperimentBuilder,
    SACExperimentBuilder,
    SamplingConfig,
    TD3ExperimentBuilder,
)
from rlchassis.hookspecs import hookimpl
from rlchassis.storage.policy_file import read_policy, write_policy
from rlchassis.training.critic_warm_up import steps_of_warm_up
from rlchassis_testkit.resuming import Stop, assert_same, final_state, run_stopped, run_through, with_checkpoints
from rlchassis_testkit.stored_runs import tiny_config
from rlchassis_testkit.tiny_runs import unchanged, weights_of
from rlchassis_toolkit import MemoryFactoryGRU

BEGIN, WARM_UP, STEPS = 8, 12, 40
DELAYS = {TD3ExperimentBuilder: 2, REDQExperimentBuilder: 20}
"""The policy learns with every update of a number that these divide."""
KINDS = [
    (DDPGExperimentBuilder, "Pendulum-v1"),
    (TD3ExperimentBuilder, "Pendulum-v1"),
    (SACExperimentBuilder, "Pendulum-v1"),
    (REDQExperimentBuilder, "Pendulum-v1"),
    (DiscreteSACExperimentBuilder, "CartPole-v1"),
]


class Weights:
    """Observer of the weights after each phase of updates, by environment step."""

    def __init__(self) -> None:
        self.policy: dict[int, torch.Tensor] = {}
        self.others: dict[str, dict[int, torch.Tensor]] = {}

    @hookimpl
    def rlchassis_train_start(self, world: Any) -> None:
        self.policy[0] = weights_of(world.policy)

    @hookimpl
    def rlchassis_learn_end(self, world: Any) -> None:
        step = world.state.env_step
        self.policy[step] = weights_of(world.policy)
        for optimizer in world.optimizers:
            stepped = torch.cat([p.detach().flatten() for p in optimizer.parameters])
            self.others.setdefault(optimizer.role, {})[step] = stepped


def experiment(tmp_path, builder_class, env, configure=unchanged, *, restored=None, **sampling):
    asked = {
        "batch_size": 4,
        "num_train_envs": 1,
        "num_test_envs": 0,
        "buffer_size": 40,
        "step_per_collect": 1,
        "start_timesteps": BEGIN,
        "update_per_step": 1,
    }
    where = None if restored is None else str(restored)
    config = tiny_config(tmp_path, policy_restore_directory=where)
    return configure(builder_class(env, config, SamplingConfig(1, STEPS, **{**asked, **sampling}))).build()


def runs(tmp_path, builder_class, env, configure=unchanged, **sampling):
    """The weights of a run and of one that restores its policy."""
    first, second = Weights(), Weights()
    directory = experiment(tmp_path, builder_class, env, configure).run("first", observers=[first]).world.directory
    restored = experiment(tmp_path, builder_class, env, configure, restored=directory, critic_warm_up=WARM_UP, **sampling)
    restored.run("second", observers=[second])
    return first, second


def changed_at(weights: dict[int, torch.Tensor]) -> list[int]:
    """Steps at which these weights changed."""
    steps = sorted(weights)
    return [now for before, now in pairwise(steps) if not torch.equal(weights[before], weights[now])]


@pytest.mark.parametrize(("builder_class", "env"), KINDS)
def test_a_restored_policy_learns_after_its_critics_have_for_a_while(builder_class, env, tmp_path):
    first, second = runs(tmp_path, builder_class, env)
    delay = DELAYS.get(builder_class, 1)
    assert changed_at(first.policy)[0] == BEGIN + delay, "nothing is restored, and nothing waits"
    assert torch.equal(second.policy[0], first.policy[STEPS])
    assert changed_at(second.policy)[0] == BEGIN + (WARM_UP // delay + 1) * delay
    assert changed_at(second.others["critic"])[0] <= BEGIN + 2
    for role in second.others.keys() - {"critic"}:
        assert changed_at(second.others[role])[0] > BEGIN + WARM_UP


def sharing(builder):
    return builder.with_common_critic_factory_use_actor()


def remembering(builder):
    return builder.with_memory(MemoryFactoryGRU(8))


@pytest.mark.parametrize("configure", [sharing, remembering], ids=["features", "memory"])
def test_what_a_policy_shares_with_its_critics_waits_too(configure, tmp_path):
    _, second = runs(tmp_path, SACExperimentBuilder, "Pendulum-v1", configure)
    assert changed_at(second.policy)[0] == BEGIN + WARM_UP + 1


def test_a_policy_that_is_its_own_critic_does_not_wait(tmp_path):
    _, second = runs(tmp_path, DQNExperimentBuilder, "CartPole-v1")
    assert changed_at(second.policy)[0] <= BEGIN + 1


def test_before_critics_learn_a_restored_policy_acts_instead_of_random_actions(tmp_path):
    experiment(tmp_path, DDPGExperimentBuilder, "Pendulum-v1").run("first")
    asked = partial(experiment, tmp_path, DDPGExperimentBuilder, "Pendulum-v1", restored=tmp_path / "first")
    one, other = (asked(start_timesteps_random=random).run(f"{random}").world for random in (False, True))
    assert torch.equal(weights_of(one.algorithm.critic), weights_of(other.algorithm.critic))


def test_a_run_that_is_stopped_while_its_critics_learn_is_resumed_exactly(tmp_path):
    experiment(tmp_path, DDPGExperimentBuilder, "Pendulum-v1").run("first")
    again = with_checkpoints(
        experiment(tmp_path, DDPGExperimentBuilder, "Pendulum-v1", restored=tmp_path / "first", critic_warm_up=WARM_UP), 5
    )
    stopped = run_stopped(again, tmp_path / "stopped", Stop("collecting", BEGIN + 6), Stop("collecting", WARM_UP))
    assert_same(final_state(run_through(again, tmp_path / "never")), final_state(stopped))


def test_a_run_too_short_for_its_policy_to_learn_is_warned_of(tmp_path, caplog):
    experiment(tmp_path, DDPGExperimentBuilder, "Pendulum-v1").run("first")
    experiment(tmp_path, DDPGExperimentBuilder, "Pendulum-v1", restored=tmp_path / "first", critic_warm_up=STEPS).run("second")
    assert "The run ends before the restored policy learns; lower sampling.critic_warm_up or train longer." in caplog.messages


@pytest.mark.parametrize(("builder_class", "env"), KINDS[2:])
def test_a_learned_temperature_is_stored_with_the_policy_and_carried_over(builder_class, env, tmp_path):
    first = experiment(tmp_path, builder_class, env).run("first").world.algorithm.temperature
    assert first.alpha != 1.0
    restored = experiment(tmp_path, builder_class, env, restored=tmp_path / "first", critic_warm_up=STEPS).run("second")
    assert restored.world.algorithm.temperature.alpha == pytest.approx(float(first.alpha), rel=1e-6)


def test_a_policy_that_is_stored_with_something_else_than_numbers_is_refused(tmp_path):
    directory = experiment(tmp_path, SACExperimentBuilder, "Pendulum-v1").run("first").world.directory
    stored = read_policy(directory)
    write_policy(directory, evolve(stored, record={**stored.record, "numbers": {"alpha": "1"}}))
    with pytest.raises(StoredFileError, match="numbers of its algorithm"):
        experiment(tmp_path, SACExperimentBuilder, "Pendulum-v1", restored=directory).run("second")


@pytest.mark.parametrize(("asked", "total", "steps"), [(-1, 12_000, 4000), (-1, 10**6, 5000), (0, 20_000, 0), (300, 20_000, 300)])
def test_by_hand_critics_learn_for_a_third_of_the_run_unless_it_is_said(asked, total, steps):
    assert steps_of_warm_up(asked, total) == steps
