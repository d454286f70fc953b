"""A network of the wrong kind is noticed before a step is taken, and told in a sentence."""

from __future__ import annotations

import pytest
from attrs import frozen
from torch import nn

from rlchassis.errors import UsageError
from rlchassis.experiment import (
    ActorFactory,
    ActorFactoryDefault,
    DDPGExperimentBuilder,
    DiscreteSACExperimentBuilder,
    PPOExperimentBuilder,
    REDQExperimentBuilder,
    TD3ExperimentBuilder,
)
from rlchassis.modules import DeterministicActorFactoryDefault


@frozen
class Scores(ActorFactory):
    def create_module(self, envs, device):
        return nn.Linear(4, 2)


@frozen
class TooMany(ActorFactory):
    def create_module(self, envs, device):
        return nn.Sequential(nn.Linear(3, 2), nn.Tanh())


@frozen
class Normalizing(ActorFactory):
    def create_module(self, envs, device):
        return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 1), nn.Tanh())


def test_it_is_asked_in_evaluation_mode_in_which_one_observation_is_enough_for_all_networks():
    builder = DDPGExperimentBuilder("Pendulum-v1").with_actor_factory(Normalizing())
    world = builder.build().create_experiment_world()
    world.close()
    assert world.policy.training


@pytest.mark.parametrize(
    ("builder_class", "env", "actor", "said"),
    [
        (DDPGExperimentBuilder, "Pendulum-v1", ActorFactoryDefault((8,)), "it answers DiagonalGaussian"),
        (TD3ExperimentBuilder, "Pendulum-v1", ActorFactoryDefault((8,)), "it answers DiagonalGaussian"),
        (DDPGExperimentBuilder, "Pendulum-v1", TooMany(), r"it answers torch.float32 of shape \[1, 2\]"),
        (REDQExperimentBuilder, "Pendulum-v1", DeterministicActorFactoryDefault((8,)), "TypeError: .*'log_std'"),
        (DiscreteSACExperimentBuilder, "CartPole-v1", Scores(), "it answers mode"),
        (PPOExperimentBuilder, "CartPole-v1", Scores(), "it answers mode"),
    ],
)
def test_a_policy_that_cannot_act_by_its_network_is_refused_before_a_step_is_taken(builder_class, env, actor, said):
    with pytest.raises(UsageError, match=rf"^\w+Policy cannot act with the network it was given, on [^\n]*: {said}[^\n]*; choose"):
        builder_class(env).with_actor_factory(actor).build().create_experiment_world()
