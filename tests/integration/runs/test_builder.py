"""Builders add up what is given twice, share nothing with their copies, and refuse what is of the wrong kind in one sentence."""

from __future__ import annotations

import gymnasium as gym
import pytest
import torch

from rlchassis.envs import EnvFactoryCallable, EnvFactoryRegistered, EnvFactoryVector
from rlchassis.errors import UsageError
from rlchassis.experiment import (
    EpochStopCallbackNoImprovement,
    EpochStopCallbackRewardThreshold,
    Experiment,
    ExperimentBuilder,
    ExperimentConfig,
    LoggerFactoryDefault,
    PPOExperimentBuilder,
    SamplingConfig,
)
from rlchassis.registry import Component
from rlchassis.training.agent import AgentFactory
from rlchassis.training.loggers import LoggerFactorySeveral
from rlchassis_adam import OptimizerFactoryAdam
from rlchassis_obs_norm import PolicyWrapperFactoryObsNorm
from rlchassis_tensorboard import LoggerFactoryTensorboard


def cartpole():
    return PPOExperimentBuilder("CartPole-v1")


def test_callbacks_wrappers_and_loggers_given_twice_add_up_in_order():
    first, second = EpochStopCallbackRewardThreshold(1), EpochStopCallbackNoImprovement()
    inner, outer = PolicyWrapperFactoryObsNorm(1.0), PolicyWrapperFactoryObsNorm(2.0)
    logs = [LoggerFactoryDefault(), LoggerFactoryTensorboard(), Component("logger", "tensorboard")]
    builder = cartpole()
    for callback, wrapper in ((first, inner), (second, outer)):
        builder.with_epoch_stop_callback(callback).with_policy_wrapper_factory(wrapper)
    for logger in logs:
        builder.with_logger_factory(logger)
    experiment = builder.build()
    assert experiment.callbacks.stop == (first, second)
    assert experiment.agent_factory.policy_wrappers == (inner, outer)
    assert experiment.logger_factory == LoggerFactorySeveral(logs)


def test_settings_of_which_there_is_one_are_replaced_when_set_again():
    experiment = (
        cartpole()
        .with_optim_factory_default(eps=1.0)
        .with_optim_factory(OptimizerFactoryAdam(eps=2.0))
        .with_name("a")
        .with_name("b")
        .build()
    )
    assert experiment.agent_factory.optim_factory == OptimizerFactoryAdam(eps=2.0)
    assert experiment.name == "b"


def test_options_of_the_optimizer_reach_it():
    options = {"betas": (0.8, 0.9), "eps": 1e-6, "weight_decay": 0.01}
    builder = PPOExperimentBuilder("CartPole-v1", ExperimentConfig(persistence_enabled=False), SamplingConfig(num_train_envs=1))
    world = builder.with_optim_factory_default(**options).build().create_experiment_world()
    (group,) = world.algorithm.optimizer.torch_optimizer.param_groups
    world.close()
    assert {name: group[name] for name in options} == options


def test_a_builder_can_be_used_on_and_what_it_built_stays_as_it_was():
    builder = cartpole()
    before = builder.build()
    builder.with_epoch_stop_callback(EpochStopCallbackRewardThreshold(1)).with_actor_factory_default([3])
    assert before == cartpole().build()
    assert builder.build() != before


def test_a_copy_goes_its_own_way():
    builder = cartpole().with_name("a")
    twin = builder.copy().with_name("b").with_policy_wrapper_factory(PolicyWrapperFactoryObsNorm())
    assert builder.build() == cartpole().with_name("a").build()
    assert twin.build().name == "b"


def test_every_with_method_returns_the_builder():
    builder = cartpole()
    message = {
        "with_name": "x",
        "with_ppo_params": builder.build().agent_factory.params,
        "with_optim_factory": OptimizerFactoryAdam(),
        "with_policy_wrapper_factory": PolicyWrapperFactoryObsNorm(),
        "with_logger_factory": LoggerFactoryDefault(),
        "with_epoch_stop_callback": EpochStopCallbackRewardThreshold(1),
        "with_actor_factory": builder.build().agent_factory.actor_factory,
        "with_critic_factory": builder.build().agent_factory.critic_factory,
        "with_actor_factory_default": (3,),
        "with_critic_factory_default": (3,),
    }
    for method, argument in message.items():
        assert getattr(builder, method)(argument) is builder
    assert builder.with_optim_factory_default() is builder
    assert builder.with_critic_factory_use_actor() is builder


@pytest.mark.parametrize(
    ("env", "kind"),
    [
        ("CartPole-v1", EnvFactoryRegistered),
        (lambda: gym.make("CartPole-v1"), EnvFactoryCallable),
        (lambda mode: gym.make("CartPole-v1"), EnvFactoryCallable),
        (EnvFactoryRegistered("CartPole-v1"), EnvFactoryRegistered),
        (gym.make_vec("CartPole-v1", 2, vectorization_mode="sync"), EnvFactoryVector),
    ],
)
def test_environments_may_be_given_in_many_ways(env, kind):
    assert isinstance(PPOExperimentBuilder(env).build().env_factory, kind)


WRONG = {
    "with_ppo_params": 3, "with_actor_factory": 3, "with_critic_factory": torch.nn.Linear(1, 1), "with_optim_factory": torch.optim.Adam,
    "with_policy_wrapper_factory": torch.nn.Identity(), "with_logger_factory": "tensorboard", "with_epoch_train_callback": print,
    "with_epoch_test_callback": EpochStopCallbackRewardThreshold(1), "with_epoch_stop_callback": None, "with_name": "../x",
    "with_actor_factory_default": [0], "with_critic_factory_default": [], "with_extension": "nobody.knows", "build_seeded_collection": 0,
}  # fmt: skip


WRONG_TYPES = {
    "with_actor_factory_default": 64, "with_critic_factory_default": 64, "build_seeded_collection": "3", "with_compile": "yes",
}  # fmt: skip


@pytest.mark.parametrize(("method", "value"), [*WRONG.items(), *WRONG_TYPES.items()])
def test_builder_arguments_of_the_wrong_kind_are_refused_in_one_sentence(method, value):
    with pytest.raises(UsageError) as caught:
        getattr(cartpole(), method)(value)
    assert "\n" not in str(caught.value)
    assert "Attribute(" not in str(caught.value)


def test_configurations_in_the_wrong_order_are_refused_at_once():
    with pytest.raises(
        UsageError,
        match=r"^expected an ExperimentConfig, got SamplingConfig\(…\); the arguments are env_factory, experiment_config, sampling_config",
    ):
        PPOExperimentBuilder("CartPole-v1", SamplingConfig(), ExperimentConfig())


def test_an_activation_that_is_no_module_class_is_refused():
    for activation in (torch.relu, "ReLU", torch.nn.ReLU()):
        with pytest.raises(UsageError, match="hidden_activation must be a torch module class"):
            cartpole().with_actor_factory_default([4], activation)


def test_a_class_or_a_reference_of_another_kind_is_distinguished_from_an_object():
    with pytest.raises(UsageError, match=r"^expected an object, got the class LoggerFactoryDefault; write LoggerFactoryDefault\(\)\.$"):
        cartpole().with_logger_factory(LoggerFactoryDefault)
    with pytest.raises(UsageError, match=r"^expected a LoggerFactory, got Component\(kind='optimizer', name='adam'"):
        cartpole().with_logger_factory(Component("optimizer", "adam"))


class LacksItsTrainer(AgentFactory):
    """A recipe that was not finished."""

    def create_policy(self, envs, device):
        """None."""

    def create_algorithm(self, policy, envs, setup):
        """None."""


class UnfinishedBuilder(ExperimentBuilder):
    """Its builder."""

    agent_class = LacksItsTrainer


def test_a_builder_whose_recipe_class_is_not_finished_says_what_to_write():
    with pytest.raises(UsageError, match=r"^UnfinishedBuilder has an agent_class that lacks trainer_class; write trainer_class = OnPolicy"):
        UnfinishedBuilder("CartPole-v1")


PARTS = ["config", "env_factory", "agent_factory", "sampling_config", "logger_factory", "name", "callbacks", "extensions"]


@pytest.mark.parametrize("field", PARTS)
def test_an_experiment_refuses_a_part_of_the_wrong_kind_in_one_sentence(field):
    import attrs

    with pytest.raises(UsageError, match=rf"^{field} must be of \w+.*, not 3\.$"):
        attrs.evolve(cartpole().build(), **{field: 3})
    assert isinstance(cartpole().build(), Experiment)


def test_an_object_in_place_of_an_extensions_name_is_refused_with_where_it_belongs():
    with pytest.raises(
        UsageError, match=r"^expected the name of an installed extension, got object\(…\); pass an object as run\(observers="
    ):
        PPOExperimentBuilder("CartPole-v1").with_extension(object())
