"""Experiments by the names of their parts: short names, options, what adds up and what is refused. Nothing is trained."""

from __future__ import annotations

from importlib import import_module

import attrs
import gymnasium as gym
import pytest
from gymnasium.envs.classic_control import CartPoleEnv

from rlchassis.errors import UsageError
from rlchassis.experiment import (
    EnvFactory,
    EnvFactoryCallable,
    EpochStopCallbackNoImprovement,
    EpochStopCallbackRewardThreshold,
    PPOExperimentBuilder,
    VectorEnvType,
    plan,
)
from rlchassis.experiment.settings import full_names, merged, short_names
from rlchassis.registry import Named
from rlchassis.training.loggers import LoggerFactoryDefault, LoggerFactorySeveral
from rlchassis_adam import OptimizerFactoryAdam
from rlchassis_obs_norm import PolicyWrapperFactoryObsNorm
from rlchassis_ppo.builder import PPOAgentFactory
from rlchassis_tensorboard import LoggerFactoryTensorboard
from rlchassis_testkit.stored_runs import write_distribution

CODE = """
from attrs import frozen
from rlchassis.api import PolicyWrapperFactory, hookimpl

@frozen
class Repeat(PolicyWrapperFactory):
    times: int = 1
    def create_wrapped_policy(self, policy, envs, optim_factory, device): return policy

BUILT = []

class Scale:
    def __init__(self, factor=1.0): self.factor = factor

    @hookimpl
    def rlchassis_before_build(self, builder):
        BUILT.append(self.factor)
        builder.with_name(f"scaled by {self.factor}")
"""


@attrs.frozen(kw_only=True)
class TwoCritics(PPOAgentFactory):
    """An agent of which "critic" may mean two things."""

    critic_ensemble_factory: int = 1


@pytest.fixture
def acme(install):
    """A distribution with a wrapper and an extension that take options."""
    entries = {"policy_wrapper": "acme.repeat = Repeat", "extension": "acme.scale = Scale"}
    install(lambda folder: write_distribution(folder, "acme-own", CODE, **entries))


def planned(algorithm="ppo", env="CartPole-v1", **options):
    return plan(algorithm, env, **{"steps": 64, "recipe": "none", **options})


def wrappers_of(experiment):
    return [type(each).__name__ for each in experiment.agent_factory.policy_wrappers]


def refusal(**options):
    with pytest.raises(UsageError) as refused:
        planned(**options)
    assert "\n" not in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize(
    ("algorithm", "env", "critics"),
    [
        ("ppo", "CartPole-v1", lambda agent: [agent.critic_factory]),
        ("td3", "Pendulum-v1", lambda agent: agent.critic_factories),
        ("redq", "Pendulum-v1", lambda agent: [agent.critic_ensemble_factory]),
    ],
)
def test_the_short_names_of_actor_and_critics_set_each_of_them(algorithm, env, critics):
    agent = planned(algorithm, env, settings={"actor": {"hidden_sizes": [8]}, "critic": {"hidden_sizes": [4, 4]}}).agent_factory
    assert agent.actor_factory.hidden_sizes == (8,)
    assert [critic.hidden_sizes for critic in critics(agent)] == [(4, 4)] * len(critics(agent))


@pytest.mark.parametrize(
    "critic", ["mlp-action-critic:hidden_sizes=[4]", {"part": "component/mlp-action-critic", "options": {"hidden_sizes": [4]}}]
)
def test_one_critic_description_applies_to_both_critics(critic):
    agent = planned("sac", "Pendulum-v1", settings={"critic": critic}).agent_factory
    assert [each.hidden_sizes for each in agent.critic_factories] == [(4,), (4,)]


def test_a_short_name_that_may_mean_two_fields_is_refused_with_both():
    assert short_names(TwoCritics)["critic"] == ["critic_factory", "critic_ensemble_factory"]
    with pytest.raises(UsageError, match='"critic" is short for critic_factory and for critic_ensemble_factory of this algorithm'):
        full_names({"critic": {}}, TwoCritics())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"critics": {}}, 'there is no setting "critics". Did you mean "critic"?'),
        ({"actor": {"hiden_sizes": [8]}}, "actor_factory: ActorFactoryDefault has no field 'hiden_sizes'. Did you mean \"hidden_sizes\"?"),
        ({"critic": {}, "critic_factory": {}}, '"critic" and "critic_factory" set the same thing; use one of them.'),
        ({"wrappers": [], "policy_wrappers": []}, '"wrappers" and "policy_wrappers" set the same thing; use one of them.'),
        ({"optimizer": "adam", "optim_factory": "adam"}, '"optimizer" and "optim_factory" set the same thing; use one of them.'),
        ({"optimizer": 3}, 'expected an optimizer by name, such as "adam" or "adam:eps=1e-5", got 3'),
        ({"optimizer": "critic=adam:eps=0.1"}, "names an optimizer of one role; set role_optimizers.critic=adam:eps=0.1."),
        ({"role_optimizers": {"critic": 3}}, "got 3; set its options as role_optimizers.critic.NAME."),
        ({"optimizer": "adam:epz=1"}, 'optimizer "adam" has no option "epz". Did you mean "eps"?'),
        ({"optimizer": "adam:eps=0"}, 'optimizer "adam": eps must be a number above 0, not 0'),
        ({"optimizer": "adam", "optim_factory": {"epz": 1}}, 'optimizer "adam" has no option "epz". Did you mean "eps"?'),
        ({"wrappers": ["obs-norm:clp=5"]}, 'policy wrapper "obs-norm" has no option "clp". Did you mean "clip"?'),
        ({"wrappers": ["obs-norm", "obs-norm:clip=5"]}, 'policy wrapper "obs-norm" is named twice'),
        ({"wrappers": [3]}, "expected wrappers to be a list of names, got [3]."),
        ({"loggers": ["tensorbord:x=1"]}, 'Did you mean "tensorboard"?'),
        ({"stop": ["rewards=3"]}, 'no stop callback "rewards". Did you mean "reward"?'),
        ({"stop": ["mlp-actor"]}, "expected EpochStopCallback, got mlp-actor"),
        ({"stop": ["reward:thresh=3"]}, 'has no option "thresh". Did you mean "threshold"?'),
        ({"stop": ["reward=many"]}, "threshold: expected a number, not 'many'"),
        ({"stop": [{"name": 3}]}, "expected a name or name:option=value"),
        ("params.lr=1", 'expected settings as a nested table, such as {"params": {"lr": 1e-3}}, got \'params.lr=1\'.'),
        ({"stop": "reward"}, "expected stop to be a list of names, got 'reward'."),
    ],
    ids=str,
)
def test_a_setting_that_is_none_is_refused_with_the_nearest(settings, message):
    assert message in refusal(settings=settings)


@pytest.mark.parametrize(
    "how",
    [
        {"optimizer": "adam:eps=1e-5,betas=[0.8, 0.9]"},
        {"optimizer": {"name": "adam", "eps": 1e-5, "betas": [0.8, 0.9]}},
        {"optimizer": "adam:eps=1e-5", "settings": {"optim_factory": {"betas": [0.8, 0.9]}}},
        {"settings": {"optimizer": "adam:eps=1e-5", "optim_factory": {"betas": [0.8, 0.9]}}},
        {"settings": [{"optim_factory": "adam:eps=1"}, {"optim_factory": {"eps": 1e-5, "betas": [0.8, 0.9]}}]},
        {"optimizer": "adam:eps=1e-5,betas=[0.8, 0.9]", "settings": {"optimizer": "adam:weight_decay=1"}},
    ],
)
def test_an_optimizer_and_its_options_add_up(how):
    assert planned(**how).agent_factory.optim_factory == OptimizerFactoryAdam((0.8, 0.9), 1e-5)


def test_an_optimizer_that_is_named_twice_is_refused():
    assert "given twice, as 'adam' and in the setting optim_factory" in refusal(optimizer="adam", settings={"optim_factory": "adam:eps=1"})


def test_wrappers_add_up_whichever_way_they_are_given(acme):
    repeat = [{"part": "policy_wrapper/acme.repeat", "options": {"times": 3}}]
    assert wrappers_of(planned(wrappers=["obs-norm"], settings={"policy_wrappers": repeat})) == ["Repeat", "PolicyWrapperFactoryObsNorm"]
    assert wrappers_of(planned(wrappers=["obs-norm"], settings={"wrappers": ["acme.repeat"]})) == ["Repeat", "PolicyWrapperFactoryObsNorm"]
    assert wrappers_of(plan("ppo", "HalfCheetah-v5", wrappers=["acme.repeat"])) == ["PolicyWrapperFactoryObsNorm", "Repeat"]


def test_options_in_words_and_in_tables_are_the_same(acme):
    words = planned(wrappers=["obs-norm:clip=5", "acme.repeat:times=2"]).agent_factory
    tables = planned(settings={"wrappers": ["obs-norm:clip=5", {"name": "acme.repeat", "times": 2}]}).agent_factory
    assert words == tables
    assert (words.policy_wrappers[0], words.policy_wrappers[1].times) == (PolicyWrapperFactoryObsNorm(5.0), 2)


def test_a_later_setting_replaces_an_earlier_one_of_the_same_name(acme):
    wrappers = planned(
        settings={"wrappers": ["obs-norm:clip=5", "acme.repeat"]}, wrappers=["obs-norm:clip=2"]
    ).agent_factory.policy_wrappers
    assert wrappers[0] == PolicyWrapperFactoryObsNorm(2.0)
    assert len(wrappers) == 2


def test_loggers_add_up():
    several = planned(settings={"loggers": ["tensorboard"]}, loggers=["default"]).logger_factory
    assert several == LoggerFactorySeveral((LoggerFactoryTensorboard(), LoggerFactoryDefault()))
    assert planned(loggers=["tensorboard"]).logger_factory == LoggerFactoryTensorboard()
    assert planned().logger_factory is None


@pytest.mark.parametrize(
    ("written", "callback"),
    [
        ("reward", EpochStopCallbackRewardThreshold()),
        ("reward=475", EpochStopCallbackRewardThreshold(475.0)),
        ("reward:threshold=475", EpochStopCallbackRewardThreshold(475.0)),
        ("stop-at-threshold:threshold=-1.5", EpochStopCallbackRewardThreshold(-1.5)),
        ("no-improvement:patience=5", EpochStopCallbackNoImprovement(5)),
        ({"name": "no-improvement", "patience": 5}, EpochStopCallbackNoImprovement(5)),
    ],
    ids=str,
)
def test_a_stop_callback_is_named_with_its_options(written, callback):
    assert planned(stop=[written]).callbacks.stop == (callback,)
    assert planned(settings={"stop": [written]}).callbacks.stop == (callback,)


def test_stop_callbacks_add_up():
    stop = planned(stop=["reward=475"], settings={"stop": ["reward=1", "no-improvement"]}).callbacks.stop
    assert stop == (EpochStopCallbackRewardThreshold(475.0), EpochStopCallbackNoImprovement())


def test_extensions_take_options_and_part_in_the_build(acme):
    experiment = planned(extensions=["acme.scale:factor=0.5"])
    assert [(each.name, each.options) for each in experiment.extensions] == [("acme.scale", {"factor": 0.5})]
    assert experiment.name == "scaled by 0.5"
    assert 'extension "acme.scale" has no option "fctor". Did you mean "factor"?' in refusal(extensions=["acme.scale:fctor=0.5"])
    assert planned(extensions=["acme.scale:factor=2"], settings={"extensions": ["acme.scale"]}).name == "scaled by 2"


def test_only_an_extension_that_is_added_takes_part_in_the_build_of_a_stored_experiment(acme):
    stored = planned(extensions=["acme.scale:factor=0.5"])
    built = import_module("acme_own").BUILT
    assert plan(experiment=stored, seed=3, settings={"params": {"lr": 0.5}}).name == "scaled by 0.5"
    assert built == [0.5]
    assert plan(experiment=stored, extensions=["acme.scale:factor=2"]).name == "scaled by 2"
    assert built == [0.5, 2]


class PlainEnvs(EnvFactory):
    """Not an attrs class."""

    def create_env(self, mode):
        return gym.make("CartPole-v1")


def test_environments_of_a_users_own_factory_stay_as_they_are_or_are_set_by_its_fields():
    plain, of_function = (PPOExperimentBuilder(envs).build() for envs in (PlainEnvs(), EnvFactoryCallable(CartPoleEnv)))
    assert plan(experiment=plain, seed=3).env_factory is plain.env_factory
    assert plan(experiment=of_function, settings={"env": {"venv_type": "subproc"}}).env_factory.venv_type is VectorEnvType.SUBPROC
    with pytest.raises(UsageError, match=r"PlainEnvs has no settings that can be changed by name; leave out env\.size\."):
        plan(experiment=plain, settings={"env": {"size": 3}})


def test_tables_of_settings_are_merged_and_other_values_replaced():
    layers = [{"a": {"x": 1, "y": {"z": 1}}, "b": 1}, {"a": {"y": {"w": 2}}, "b": [2]}]
    assert merged(layers) == {"a": {"x": 1, "y": {"z": 1, "w": 2}}, "b": [2]}


def test_options_after_the_name_of_a_component_are_set_in_it_but_not_in_arguments_of_environments():
    assert merged([{"critic": "mine"}, {"critic": {"a": 1}}, {"critic": {"b": 2}}]) == {"critic": Named("mine", {"a": 1, "b": 2})}
    assert merged([{"env": {"map": "small"}}, {"env": {"map": {"class": 2}}}]) == {"env": {"map": {"class": 2}}}
    described = {"part": "component/other", "options": {"a": 1}}
    assert merged([{"critic": [described, "mine"]}, {"critic": {"a": 2}}]) == {
        "critic": [{"part": "component/other", "options": {"a": 2}}, Named("mine", {"a": 2})]
    }
    assert merged([{"critic": described}, {"critic": {"b": 2}}]) == {"critic": {"part": "component/other", "options": {"a": 1, "b": 2}}}
    assert merged([{"critic": {"a": 1}}, {"critic": {"part": "component/other"}}]) == {"critic": {"part": "component/other"}}
