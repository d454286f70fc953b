"""What users and plugin authors may rely on, written out as a table; a line changes only with the contract itself."""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import rlchassis
import rlchassis.experiment
import rlchassis_toolkit
from rlchassis import api
from rlchassis.experiment import Experiment, ExperimentConfig, ExperimentResult, Mode, PolicyPersistence
from rlchassis_testkit.signatures import REQUIRED, assert_begins_with, leading

ROOT = Path(__file__).parents[2]
BUILDER = {"env_factory": REQUIRED, "experiment_config": None, "sampling_config": None}

SIGNATURES = {
    "ExperimentConfig": {
        "seed": 42, "device": "cpu", "policy_restore_directory": None, "train": True, "watch": True, "watch_num_episodes": 10,
        "watch_render": 0.0, "persistence_base_dir": "log", "persistence_enabled": True, "log_file_enabled": True,
        "policy_persistence_mode": Mode.POLICY,
    },
    "Experiment": {
        "config": REQUIRED, "env_factory": REQUIRED, "agent_factory": REQUIRED, "sampling_config": REQUIRED, "logger_factory": None,
    },
    "Experiment.run": {"self": REQUIRED, "experiment_name": None, "logger_run_id": None},
    "Experiment.save": {"self": REQUIRED, "directory": REQUIRED},
    "Experiment.from_directory": {"directory": REQUIRED, "restore_policy": True},
    "ExperimentResult": {"world": REQUIRED, "trainer_result": REQUIRED},
    "ExperimentBuilder": BUILDER,
    "ExperimentBuilder.build": {"self": REQUIRED},
    "ExperimentBuilder.with_epoch_stop_callback": {"self": REQUIRED, "callback": REQUIRED},
    "ExperimentBuilder.with_epoch_test_callback": {"self": REQUIRED, "callback": REQUIRED},
    "ExperimentBuilder.with_epoch_train_callback": {"self": REQUIRED, "callback": REQUIRED},
    "ExperimentBuilder.with_logger_factory": {"self": REQUIRED, "logger_factory": REQUIRED},
    "ExperimentBuilder.with_optim_factory": {"self": REQUIRED, "optim_factory": REQUIRED, "role": None},
    "ExperimentBuilder.with_optim_factory_default": {"self": REQUIRED, "betas": (0.9, 0.999), "eps": 1e-08, "weight_decay": 0},
    "ExperimentBuilder.with_policy_wrapper_factory": {"self": REQUIRED, "policy_wrapper_factory": REQUIRED},
    "EnvFactory.create_env": {"self": REQUIRED, "mode": REQUIRED},
    "EnvFactory.create_venv": {"self": REQUIRED, "num_envs": REQUIRED, "mode": REQUIRED},
    "EnvFactory.create_envs": {"self": REQUIRED, "num_train_envs": REQUIRED, "num_test_envs": REQUIRED, "create_watch_env": False},
    "EpochTrainCallback.callback": {"self": REQUIRED, "epoch": REQUIRED, "env_step": REQUIRED, "context": REQUIRED},
    "EpochTestCallback.callback": {"self": REQUIRED, "epoch": REQUIRED, "env_step": REQUIRED, "context": REQUIRED},
    "EpochStopCallback.should_stop": {"self": REQUIRED, "mean_rewards": REQUIRED, "context": REQUIRED},
    "LoggerFactory.create_logger": {
        "self": REQUIRED, "log_dir": REQUIRED, "experiment_name": REQUIRED, "run_id": REQUIRED, "config_dict": REQUIRED,
    },
    "load_policy": {"directory": REQUIRED},
    "evaluate": {"directory": REQUIRED, "episodes": None},
}  # fmt: skip


@pytest.mark.parametrize("name", SIGNATURES)
def test_a_signature_begins_as_the_contract_says(name):
    found = rlchassis.experiment
    for part in name.split("."):
        found = getattr(found, part)
    assert_begins_with(found, SIGNATURES[name])


@pytest.mark.parametrize("name", ["run", "from_directory"])
def test_new_parameters_of_experiment_methods_are_keyword_only(name):
    _, more = leading(getattr(Experiment, name), len(SIGNATURES[f"Experiment.{name}"]))
    assert {p.kind for p in more} <= {inspect.Parameter.KEYWORD_ONLY}


def test_new_fields_of_experiment_are_keyword_only():
    _, more = leading(Experiment, 5)
    assert {p.kind for p in more} == {inspect.Parameter.KEYWORD_ONLY}


def test_from_directory_is_a_classmethod():
    assert inspect.ismethod(Experiment.from_directory)


def test_a_name_that_nobody_promised_is_an_attribute_error():
    with pytest.raises(AttributeError, match="FooFactory"):
        _ = rlchassis.experiment.FooFactory
    assert not hasattr(rlchassis.experiment, "__wrapped__")


def test_all_of_experiment_can_be_imported_at_once():
    namespace: dict[str, object] = {}
    exec("from rlchassis.experiment import *", namespace)  # noqa: S102  a star import is not allowed in a function
    assert namespace["Experiment"] is Experiment


def test_the_modes_of_policy_files_have_their_values():
    assert {mode.name: mode.value for mode in Mode} == {"POLICY_STATE_DICT": "policy_state_dict", "POLICY": "policy"}
    assert PolicyPersistence.Mode is Mode


def test_the_constants_have_their_values():
    assert (Experiment.EXPERIMENT_PICKLE_FILENAME, Experiment.LOG_FILENAME) == ("experiment.pkl", "log.txt")


def test_a_result_has_world_and_trainer_result():
    assert list(inspect.signature(ExperimentResult).parameters) == ["world", "trainer_result"]


def test_new_settings_of_a_run_stand_after_the_promised_ones():
    assert list(inspect.signature(ExperimentConfig).parameters)[:11] == list(SIGNATURES["ExperimentConfig"])


HOMES = {
    "rlchassis.config": ["ExperimentConfig", "Mode", "SamplingConfig"],
    "rlchassis.envs": ["EnvFactory", "EnvFactoryRegistered", "EnvMode", "Environments", "VectorEnvType"],
    "rlchassis.training.callbacks": ["EpochStopCallback", "EpochStopCallbackRewardThreshold", "EpochTestCallback", "EpochTrainCallback"],
    "rlchassis.reporting.loggers": ["Logger"],
    "rlchassis.training.loggers": ["LoggerFactory", "LoggerFactoryDefault"],
    "rlchassis.training.persistence": ["PersistEvent", "Persistence", "PolicyPersistence", "RestoreEvent"],
    "rlchassis.training.info": ["InfoStats"],
    "rlchassis.training.world": ["World"],
}


@pytest.mark.parametrize("module", HOMES)
def test_a_class_is_at_home_in_its_module_and_importable_from_experiment(module):
    for name in set(HOMES[module]) - {"Environments"}:
        assert getattr(importlib.import_module(module), name) is getattr(rlchassis.experiment, name)


API = {
    "the contracts of an algorithm, and what it is handed": """
        Algorithm AgentFactory UpdateResult Policy ExperimentBuilder OnPolicyTrainer OffPolicyTrainer Setup Environments
        Optimizer gradient_step one_graph
    """,
    "what data an algorithm gets and returns": """
        Experience Transition TensorStruct Observation Metrics ActionLayout map_tensors by_row
    """,
    "a plugin of another kind: optimizer, schedule, logger, wrapper, environment, extension, callback": """
        OptimizerFactory decay_rates without_dynamo LRSchedulerFactory Logger LoggerFactory PolicyWrapper PolicyWrapperFactory
        EnvFactory EnvFactoryRegistered EnvMode VectorEnvType NativeEnvironment
        hookimpl World playing_rendered EpochStopCallback EpochTestCallback EpochTrainCallback
        CallbackContext
    """,
    "a replay buffer: its contract, the ring that most derive from, what they are added and sample": """
        BufferFactory Replay ReplayBuffer Step Sample ResolvedSampling
    """,
    "a network: its factory, what it may see, the inputs that it is checked with, and checks of its outputs": """
        ModuleFactory HasSpaces Probe require_values require_action described is_masked split_mask join_mask without_mask
    """,
    "a configuration: fields that check themselves, parts by name, settings of a run": """
        ConfigPart Component choice instance number switch whole refuses_old_names ExperimentConfig SamplingConfig
    """,
    "a verb that reads runs: output, metrics and settings of a directory, files that are never half-written": """
        say read_metrics read_settings settings_of write_atomically
    """,
    "errors that a caller catches separately: a wrong argument, spaces, a stranger's files, another plugin; the nearest name for them": """
        UsageError UnsupportedSpaceError StoredFileError PluginError did_you_mean
    """,
}
"""What for, and the names."""


def test_the_names_that_plugins_may_import_are_frozen():
    assert sorted(api.__all__) == sorted(name for names in API.values() for name in names.split())
    assert all(hasattr(api, name) for name in api.__all__)


@functools.cache
def users() -> dict[str, set[str]]:
    """Of each name of the API, the distributions of this repository that import it."""
    found: dict[str, set[str]] = {name: set() for name in api.__all__}
    for file in ROOT.glob("plugins/*/src/*/**/*.py"):
        nodes = [node for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.ImportFrom)]
        for alias in (alias for node in nodes if node.module == "rlchassis.api" for alias in node.names):
            found[alias.name].add(file.relative_to(ROOT).parts[1])
    return found


def pages(name: str) -> set[str]:
    """The pages of the documentation that import a name from the API, or that have it in their text as code."""
    said = re.compile(rf"from rlchassis\.api import .*\b{name}\b|`[^`\n]*\b{name}\b[^`\n]*`")
    return {file.name for file in ROOT.glob("docs/*.md") if said.search(file.read_text("utf-8"))}


@pytest.mark.parametrize("name", api.__all__)
def test_a_name_of_the_api_is_used_by_a_plugin_or_documented_as_an_extension_point(name):
    assert users()[name] or pages(name), f"{name} is for nobody: take it out of rlchassis.api, or say in docs/ what it is for"


def test_every_name_of_the_api_has_one_home_that_the_types_know_too():
    names = [name for names in api.HOMES.values() for name in names.split()]
    assert sorted(names) == sorted(api.__all__)
    tree = ast.parse(Path(api.__file__).read_text("utf-8"))
    typed = {(node.module, alias.name) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert {(home, name) for home, names in api.HOMES.items() for name in names.split()} == {
        pair for pair in typed if pair[0].startswith("rlchassis.")
    }


TOOLKIT = """
    ActionCriticFactory ActionCriticFactoryDefault ActionCriticFactoryReuseActor ActionDistribution actor_critic_loss actor_metrics
    ActorCriticAgentFactory ActorCriticExperimentBuilder ActorFactory ActorFactoryDefault Advantages assign_ AutoAlphaFactory
    AutoAlphaFactoryDefault Categorical CategoricalActor compute_gae conjugate_gradient create_critics create_memory create_optimizers
    create_temperature Critic critic_metrics CriticEnsemble CriticEnsembleMethods CriticFactory CriticFactoryDefault
    CriticFactoryReuseActor detached deterministic_policy_loss DeterministicActor DeterministicActorFactoryDefault
    DeterministicActorMethods DeterministicPolicy DiagonalGaussian DiscreteCriticEnsemble encoder_for EpsilonGreedyPolicy
    explained_variance ExplorationNoise Features first_of fisher_vector_product flat_gradient flattened forbid fused_step GaussianActor
    GaussianActorMethods HeadOnFeatures infer IntermediateModuleFactory IntermediateModuleFactoryDefault is_alpha joint_actions
    joint_mask joint_sizes lambda_returns LinearEps log_joint_actions masked MaskedActor MaskedValues Memory MemoryFactory
    MemoryFactoryGRU MemoryFactoryLSTM MemoryMethods MixedActor MixedDistribution MLP MultiCategorical MultiCategoricalActor
    n_step_transition network_spaces NoiseFactory NoiseFactoryMaxActionScaledGaussian NoiseFactoryOrnsteinUhlenbeck normalized
    OneCriticMethods OptimizerStep orthogonal_ OwnLearner hidden_sizes polyak_update
    RecurrentPolicy require_one_shape ReturnScale RewardScale
    target_memory update_target_memory RolloutBatch RunningMoments
    seen_by_networks soft_value squared_loss squashed_actor SquashedGaussian SquashedGaussianPolicy
    StandardLoggerFactory StochasticActorMethods StochasticAgentFactory StochasticPolicy target_copy td_metrics Temperature
    two_critics TwoCriticsMethods unique_parameters
    NetworkFactory network_field is_activation description_of image_layout ImageLayout
    update_scale_and_compute_gae value_loss width_of WithoutMask
"""


def test_the_names_of_the_toolkit_are_frozen():
    assert sorted(rlchassis_toolkit.__all__) == sorted(TOOLKIT.split())


def test_the_package_imports_its_names_when_they_are_asked_for():
    assert rlchassis.Experiment is Experiment
    assert set(rlchassis.__all__) <= set(dir(rlchassis))
    with pytest.raises(AttributeError, match="nothing_of_the_kind"):
        _ = rlchassis.nothing_of_the_kind


def test_importing_the_package_imports_no_torch():
    code = "import sys, rlchassis; print([name for name in ('torch', 'numpy', 'gymnasium', 'attrs') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_params_and_plugins_of_other_distributions_are_importable_from_the_same_place() -> None:
    from rlchassis.experiment import OptimizerFactoryAdam, PPOParams

    assert (PPOParams.__module__, OptimizerFactoryAdam.__module__) == ("rlchassis_ppo.params", "rlchassis_adam")


def test_missing_params_name_the_distribution_that_provides_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(rlchassis.experiment.PROVIDED, "NowhereParams", ("algorithm", "nowhere"))
    with pytest.raises(ImportError, match="nowhere"):
        importlib.import_module("rlchassis.experiment").__getattr__("NowhereParams")
