"""Every name and argument of Tianshou's high-level API exists here, and is translated or said to have no effect."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from importlib import import_module
from pathlib import Path

import pytest
from gymnasium.spaces import Box, Discrete

from rlchassis.api import PluginError, UsageError
from rlchassis.experiment import EnvFactoryRegistered as NativeEnvFactoryRegistered
from rlchassis_tianshou.env.atari.atari_network import IntermediateModuleFactoryAtariDQN
from rlchassis_tianshou.highlevel.config import SamplingConfig
from rlchassis_tianshou.highlevel.env import EnvFactoryRegistered, EnvPoolFactory, VectorEnvType
from rlchassis_tianshou.highlevel.logger import LoggerFactoryDefault
from rlchassis_tianshou.highlevel.params import policy_params
from rlchassis_tianshou.highlevel.params.alpha import AutoAlphaFactoryDefault
from rlchassis_tianshou.highlevel.params.dist_fn import DistributionFunctionFactoryCategorical
from rlchassis_tianshou.highlevel.params.env_param import MaxActionScaled
from rlchassis_tianshou.highlevel.params.lr_scheduler import LRSchedulerFactoryLinear
from rlchassis_tianshou.highlevel.params.noise import MaxActionScaledGaussian
from rlchassis_tianshou.highlevel.params.policy_wrapper import PolicyWrapperFactoryIntrinsicCuriosity
from rlchassis_tianshou.translation.notes import forget

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
ALGORITHMS = ("A2C", "DDPG", "DQN", "DiscreteSAC", "IQN", "NPG", "PG", "PPO", "REDQ", "SAC", "TD3", "TRPO")
NAMES = {
    "highlevel.config": "SamplingConfig",
    "highlevel.env": "ContinuousEnvironments DiscreteEnvironments EnvFactory EnvFactoryRegistered EnvMode EnvPoolFactory EnvType "
    "Environments VectorEnvType",
    "highlevel.experiment": "Experiment ExperimentBuilder ExperimentCollection ExperimentConfig ExperimentResult "
    + " ".join(f"{each}ExperimentBuilder" for each in ALGORITHMS),
    "highlevel.logger": "LoggerFactory LoggerFactoryDefault",
    "highlevel.module.actor": "ActorFactory ActorFactoryContinuousDeterministicNet ActorFactoryContinuousGaussianNet ActorFactoryDefault "
    "ActorFactoryDiscreteNet ContinuousActorType IntermediateModuleFactoryFromActorFactory",
    "highlevel.module.core": "ModuleFactory TDevice init_linear_orthogonal",
    "highlevel.module.critic": "CriticEnsembleFactory CriticEnsembleFactoryContinuousNet CriticEnsembleFactoryDefault CriticFactory "
    "CriticFactoryContinuousNet CriticFactoryDefault CriticFactoryDiscreteNet CriticFactoryReuseActor",
    "highlevel.module.intermediate": "IntermediateModule IntermediateModuleFactory",
    "highlevel.optim": "OptimizerFactory OptimizerFactoryAdam OptimizerFactoryRMSprop OptimizerFactoryTorch",
    "highlevel.params.alpha": "AutoAlphaFactory AutoAlphaFactoryDefault",
    "highlevel.params.dist_fn": "DistributionFunctionFactory DistributionFunctionFactoryCategorical "
    "DistributionFunctionFactoryIndependentGaussians",
    "highlevel.params.env_param": "FloatEnvValueFactory FloatEnvValueFactoryMaxActionScaled MaxActionScaled",
    "highlevel.params.lr_scheduler": "LRSchedulerFactory LRSchedulerFactoryLinear",
    "highlevel.params.noise": "MaxActionScaledGaussian NoiseFactory NoiseFactoryMaxActionScaledGaussian",
    "highlevel.params.policy_params": "Params ParamsMixinActionScaling ParamsMixinActorAndCritic ParamsMixinActorAndDualCritics "
    "ParamsMixinExplorationNoise ParamsMixinGeneralAdvantageEstimation ParamsMixinLearningRateWithScheduler "
    + " ".join(f"{each}Params" for each in ALGORITHMS),
    "highlevel.params.policy_wrapper": "PolicyWrapperFactory PolicyWrapperFactoryIntrinsicCuriosity",
    "highlevel.persistence": "PersistEvent Persistence PersistenceGroup PolicyPersistence RestoreEvent",
    "highlevel.trainer": "EpochStopCallback EpochStopCallbackRewardThreshold EpochTestCallback EpochTestCallbackDQNSetEps "
    "EpochTrainCallback EpochTrainCallbackDQNEpsLinearDecay EpochTrainCallbackDQNSetEps TrainerCallbacks TrainingContext",
    "highlevel.world": "World",
    "env": "BaseVectorEnv DummyVectorEnv RayVectorEnv ShmemVectorEnv SubprocVectorEnv VectorEnvNormObs",
    "env.atari.atari_network": "ActorFactoryAtariDQN IntermediateModuleFactoryAtariDQN IntermediateModuleFactoryAtariDQNFeatures",
    "env.atari.atari_wrapper": "AtariEpochStopCallback",
    "evaluation.launcher": "ExpLauncher JoblibConfig JoblibExpLauncher RegisteredExpLauncher SequentialExpLauncher",
    "exploration": "BaseNoise GaussianNoise OUNoise",
    "utils": "RunningMeanStd",
    "utils.logging": "datetime_tag run_cli run_main",
    "utils.net.common": "MLP Net",
    "utils.net.continuous": "Actor ActorProb Critic",
    "utils.net.discrete": "Actor Critic",
}
"""Public names of Tianshou 1.2 by module, of those that are carried over."""


@pytest.fixture(autouse=True)
def every_note():
    forget()


@pytest.mark.parametrize("module", NAMES)
def test_the_names_of_a_module_are_where_they_are_in_tianshou(module):
    here = import_module(f"rlchassis_tianshou.{module}")
    assert [name for name in NAMES[module].split() if not hasattr(here, name)] == []


CHANGED = {
    "alpha": AutoAlphaFactoryDefault(),
    "dist_fn": DistributionFunctionFactoryCategorical(),
    "dual_clip": 2.0,
    "exploration_noise": MaxActionScaledGaussian(0.3),
    "hidden_sizes": (32,),
    "max_grad_norm": 0.3,
    "action_bound_method": "tanh",
    "action_scaling": False,
    "noise_clip": MaxActionScaled(0.1),
    "subset_size": 3,
    "target_mode": "mean",
}


class Made:
    """What a source makes."""

    def create(self):
        return self


class Missing:
    """A source that is not installed."""

    def __init__(self, *asked):
        pass

    def create(self):
        raise PluginError("no envpool")


PARAMS = [
    (getattr(policy_params, f"{algorithm}Params"), field.name)
    for algorithm in ALGORITHMS
    for field in fields(getattr(policy_params, f"{algorithm}Params"))
]


def another(params, name):
    """Another value than the default."""
    value = getattr(params, name)
    if name.endswith("scheduler_factory"):
        return LRSchedulerFactoryLinear()
    if name in CHANGED:
        return CHANGED[name]
    return not value if isinstance(value, bool) else value + 2 if isinstance(value, int) else value / 2


def space_of(params):
    return lambda: Discrete(4) if params.__name__ in ("DQNParams", "IQNParams", "DiscreteSACParams") else Box(-2, 2, (3,))


@pytest.mark.parametrize(("params", "name"), PARAMS, ids=lambda part: getattr(part, "__name__", part))
def test_a_hyperparameter_changes_one_here_or_is_named_in_the_log(params, name, caplog):
    plain = params()
    changed = replace(plain, **{name: another(plain, name)})
    differs = changed.translated(space_of(params)) != plain.translated(space_of(params))
    assert differs != any(f"{params.__name__}.{name}: " in message for message in caplog.messages) or name == "dist_fn"
    assert len(caplog.messages) <= 1


def test_noise_and_clips_are_in_units_of_the_largest_action():
    params = policy_params.TD3Params(exploration_noise=MaxActionScaledGaussian(0.1), policy_noise=MaxActionScaled(0.2), noise_clip=0.5)
    here = params.translated(lambda: Box(-3, 3, (2,)))
    assert (here.exploration_noise.std_fraction, here.policy_noise, here.noise_clip) == pytest.approx((0.3, 0.6, 0.5))


@pytest.mark.parametrize("space", [Discrete(3), Box(-1, float("inf"), (1,)), Box(-2, 0, (1,))], ids=str)
def test_a_largest_action_that_is_no_positive_number_is_refused(space):
    with pytest.raises(UsageError, match="give a plain number"):
        policy_params.TD3Params(policy_noise=MaxActionScaled(0.2)).translated(lambda: space)


def test_a_target_entropy_is_a_coefficient_times_the_number_of_dimensions_or_the_largest_entropy(caplog):
    factory = AutoAlphaFactoryDefault(target_entropy_coefficient=-0.5)
    assert factory.in_space(Box(-1, 1, (4,))).target_entropy == -2
    assert AutoAlphaFactoryDefault(target_entropy_coefficient=0.6).in_space(Discrete(5)).discrete_fraction == 0.6
    assert caplog.messages == []
    factory.in_space(Discrete(5))
    assert "-0.5 asks for an entropy that no discrete policy has" in caplog.text


SAMPLING = {
    "batch_size": 32, "buffer_size": 5000, "num_epochs": 3, "num_test_envs": 2, "num_test_episodes": 4, "num_train_envs": 2,
    "repeat_per_collect": 5, "replay_buffer_ignore_obs_next": True, "replay_buffer_save_only_last_obs": True, "replay_buffer_stack_num": 2,
    "start_timesteps": 50, "start_timesteps_random": True, "step_per_collect": 100, "step_per_epoch": 700, "update_per_step": 0.5,
}  # fmt: skip


def test_every_sampling_setting_is_tried():
    assert SAMPLING.keys() == {field.name for field in fields(SamplingConfig)} - {"episode_per_collect"}


@pytest.mark.parametrize("on_policy", [True, False], ids=["on policy", "off policy"])
@pytest.mark.parametrize("name", SAMPLING)
def test_a_sampling_setting_changes_one_here_or_is_named_in_the_log(name, on_policy, caplog):
    changed = SamplingConfig(**{name: SAMPLING[name]}).translated(on_policy=on_policy)
    differs = changed != SamplingConfig().translated(on_policy=on_policy)
    assert differs != any(message.startswith(f"SamplingConfig.{name}: ") for message in caplog.messages)


@pytest.mark.parametrize("settings", [{"episode_per_collect": 3}, {"step_per_collect": None}], ids=str)
def test_collections_that_are_not_counted_in_steps_are_refused(settings):
    with pytest.raises(UsageError, match="set"):
        SamplingConfig(**settings)


def test_a_line_is_logged_once(caplog):
    for _ in range(2):
        assert VectorEnvType.RAY.native.value == "subproc"
    assert len(caplog.messages) == 1


def test_loggers_get_the_names_of_metrics_that_tianshou_has():
    wandb = LoggerFactoryDefault(logger_type="wandb", wandb_project="mine", wand_entity="us", group="g")
    assert (wandb.name, wandb.options) == ("wandb", {"tag_dialect": "tianshou", "project": "mine", "entity": "us", "group": "g"})
    assert [LoggerFactoryDefault(kind).name for kind in ("tensorboard", "pandas")] == ["tensorboard", "csv"]
    with pytest.raises(UsageError, match="logger_type must be one of tensorboard, wandb, pandas"):
        LoggerFactoryDefault("aim")


def test_intrinsic_curiosity_is_the_policy_wrapper_of_its_own_distribution_with_the_same_options():
    numbers = {"lr": 1e-4, "lr_scale": 0.5, "reward_scale": 0.02, "forward_loss_weight": 0.3}
    made = PolicyWrapperFactoryIntrinsicCuriosity(
        feature_net_factory=IntermediateModuleFactoryAtariDQN(net_only=True), hidden_sizes=[512], **numbers
    ).create()
    assert {name: getattr(made, name) for name in numbers} == numbers
    assert (made.hidden_sizes, made.feature_net_factory) == ((512,), IntermediateModuleFactoryAtariDQN(net_only=True))


def test_environments_of_envpool_are_those_of_its_source_or_said_to_be_gymnasiums(caplog, monkeypatch):
    asked = []
    monkeypatch.setattr("rlchassis_tianshou.highlevel.env.Component", lambda *asking: asked.append(asking) or Made())
    factory = EnvFactoryRegistered(task="CartPole-v1", envpool_factory=EnvPoolFactory(), max_episode_steps=9)
    assert isinstance(factory.translated(), Made)
    assert asked == [("env", "envpool", {"task": "CartPole-v1", "make_kwargs": {"max_episode_steps": 9}})]
    assert caplog.messages == []
    monkeypatch.setattr("rlchassis_tianshou.highlevel.env.Component", Missing)
    assert isinstance(factory.translated(), NativeEnvFactoryRegistered)
    assert caplog.messages == ["EnvFactoryRegistered.envpool_factory: environments are made by gymnasium: no envpool"]


def test_the_page_lists_as_missing_what_does_not_exist():
    missing = set(re.findall(r"^([A-Z]\w+?)(?:, | {2,})", README.partition("## Not carried over")[2], re.MULTILINE))
    assert missing - set(" ".join(NAMES.values()).split()) == missing
    assert "RandomActionExperimentBuilder" in missing
