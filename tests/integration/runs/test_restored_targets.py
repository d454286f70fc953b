"""Training on from a stored policy: whatever an algorithm copies of the policy, it copies of the restored one."""

from __future__ import annotations

from operator import attrgetter

import pytest
import torch

from rlchassis.experiment import (
    ActionCriticFactoryReuseActor,
    DDPGExperimentBuilder,
    DiscreteSACExperimentBuilder,
    DQNExperimentBuilder,
    IQNExperimentBuilder,
    REDQExperimentBuilder,
    SACExperimentBuilder,
    SamplingConfig,
    TD3ExperimentBuilder,
)
from rlchassis_testkit.stored_runs import tiny_config
from rlchassis_testkit.tiny_runs import unchanged, weights_of


def sharing(builder):
    return builder.with_common_critic_factory_use_actor()


def all_sharing(builder):
    return builder.with_critic_ensemble_factory(ActionCriticFactoryReuseActor())


@pytest.mark.parametrize(
    ("builder_class", "env", "configure", "copied", "copy"),
    [
        (DQNExperimentBuilder, "CartPole-v1", unchanged, "policy.network", "target"),
        (IQNExperimentBuilder, "CartPole-v1", unchanged, "policy.network", "target"),
        (DDPGExperimentBuilder, "Pendulum-v1", unchanged, "policy.actor", "target_actor"),
        (TD3ExperimentBuilder, "Pendulum-v1", unchanged, "policy.actor", "target_actor"),
        (SACExperimentBuilder, "Pendulum-v1", sharing, "critics", "target_critics"),
        (REDQExperimentBuilder, "Pendulum-v1", all_sharing, "critics", "target_critics"),
        (DiscreteSACExperimentBuilder, "CartPole-v1", sharing, "critics", "target_critics"),
    ],
)
def test_targets_begin_as_copies_of_what_was_restored(tmp_path, builder_class, env, configure, copied, copy):
    def run(name, steps, **config):
        sampling = SamplingConfig(1, steps, batch_size=8, num_train_envs=1, num_test_envs=0, update_per_step=0.1)
        return configure(builder_class(env, tiny_config(tmp_path, **config), sampling)).build().run(name).world

    first = run("first", 60)
    restored = run("second", 12, policy_restore_directory=first.directory, seed=7)
    assert torch.equal(weights_of(restored.algorithm.policy), weights_of(first.algorithm.policy)), "so few steps are too few to learn"
    assert torch.equal(weights_of(attrgetter(copy)(restored.algorithm)), weights_of(attrgetter(copied)(restored.algorithm)))
