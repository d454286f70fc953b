"""A network of the wrong kind is refused before the first step, in one sentence."""

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
    ExperimentConfig,
    PPOExperimentBuilder,
    REDQExperimentBuilder,
    SamplingConfig,
    TD3ExperimentBuilder,
)
from rlchassis_toolkit.factories.networks import DeterministicActorFactoryDefault


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


def test_networks_are_checked_in_evaluation_mode_so_that_batch_normalization_takes_one_observation():
    builder = DDPGExperimentBuilder("Pendulum-v1").with_actor_factory(Normalizing())
    world = builder.build().create_experiment_world()
    world.close()
    assert world.policy.training


def test_one_environment_is_enough_for_batch_normalization_and_collecting_moves_none_of_its_statistics():
    builder = DDPGExperimentBuilder(
        "Pendulum-v1",
        ExperimentConfig(watch=False, persistence_enabled=False),
        SamplingConfig(num_epochs=1, step_per_epoch=20, num_train_envs=1, num_test_envs=0, batch_size=8, update_per_step=0.25),
    )
    trained = builder.with_actor_factory(Normalizing()).build().run()
    norm = trained.world.policy.actor[1]
    assert norm.training
    assert norm.num_batches_tracked.item() == trained.trainer_result.updates == 3


GAUSSIAN = "returns an object of class DiagonalGaussian, expected float32 of shape [2, 1]"


@pytest.mark.parametrize(
    ("builder_class", "env", "actor", "said"),
    [
        (DDPGExperimentBuilder, "Pendulum-v1", ActorFactoryDefault((8,)), GAUSSIAN),
        (TD3ExperimentBuilder, "Pendulum-v1", ActorFactoryDefault((8,)), GAUSSIAN),
        (DDPGExperimentBuilder, "Pendulum-v1", TooMany(), "returns float32 of shape [2, 2], expected float32 of shape [2, 1]"),
        (REDQExperimentBuilder, "Pendulum-v1", DeterministicActorFactoryDefault((8,)), "expected a DiagonalGaussian of mean and log_std"),
        (DiscreteSACExperimentBuilder, "CartPole-v1", Scores(), "answers float32 of shape [2, 2], expected a distribution"),
        (PPOExperimentBuilder, "CartPole-v1", Scores(), "answers float32 of shape [2, 2], expected a distribution"),
    ],
)
def test_an_actor_of_another_kind_is_refused_before_a_step_is_taken(builder_class, env, actor, said):
    with pytest.raises(UsageError) as caught:
        builder_class(env).with_actor_factory(actor).build().create_experiment_world()
    assert str(caught.value).startswith(f"actor_factory ({type(actor).__name__}): the network ")
    assert said in str(caught.value)
