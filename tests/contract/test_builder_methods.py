"""The builder of each algorithm has the methods that the contract names."""

from __future__ import annotations

from importlib.metadata import distributions

import pytest
import torch
from packaging.utils import canonicalize_name as canonical

import rlchassis
import rlchassis.experiment
from rlchassis.experiment import BUILDERS, ExperimentBuilder
from rlchassis_testkit.signatures import REQUIRED, assert_begins_with

BUILDER = {"env_factory": REQUIRED, "experiment_config": None, "sampling_config": None}

ACTOR = {
    "self": REQUIRED, "hidden_sizes": REQUIRED, "hidden_activation": torch.nn.ReLU, "continuous_unbounded": False,
    "continuous_conditioned_sigma": False,
}  # fmt: skip
STOCHASTIC_ACTOR = {
    "with_actor_factory": {"self": REQUIRED, "actor_factory": REQUIRED},
    "with_actor_factory_default": ACTOR,
}
MEMORY = {"with_memory": {"self": REQUIRED, "memory": REQUIRED}}
ACTOR_CRITIC = {
    **STOCHASTIC_ACTOR,
    **MEMORY,
    "with_critic_factory": {"self": REQUIRED, "critic_factory": REQUIRED},
    "with_critic_factory_default": {"self": REQUIRED, "hidden_sizes": REQUIRED, "hidden_activation": torch.nn.ReLU},
    "with_critic_factory_use_actor": {"self": REQUIRED},
}


ONE_DEFAULT = {"self": REQUIRED, "hidden_sizes": REQUIRED, "hidden_activation": torch.nn.ReLU}
TWO_CRITICS = {
    f"with_{which}_factory{suffix}": parameters
    for which in ("common_critic", "critic1", "critic2")
    for suffix, parameters in (
        ("", {"self": REQUIRED, "critic_factory": REQUIRED}), ("_default", ONE_DEFAULT), ("_use_actor", {"self": REQUIRED}),
    )
}  # fmt: skip
ONE_CRITIC = {
    "with_critic_factory": {"self": REQUIRED, "critic_factory": REQUIRED},
    "with_critic_factory_default": ONE_DEFAULT,
    "with_critic_factory_use_actor": {"self": REQUIRED},
}
PLAIN_ACTOR = {
    "with_actor_factory": {"self": REQUIRED, "actor_factory": REQUIRED},
    "with_actor_factory_default": ONE_DEFAULT,
}
SQUASHED_ACTOR = {
    "with_actor_factory": {"self": REQUIRED, "actor_factory": REQUIRED},
    "with_actor_factory_default": {**ACTOR, "continuous_unbounded": True, "continuous_conditioned_sigma": True},
}
CRITIC_ENSEMBLE = {
    "with_critic_ensemble_factory": {"self": REQUIRED, "critic_ensemble_factory": REQUIRED},
    "with_critic_ensemble_factory_default": ONE_DEFAULT,
}


def own(name):
    return {f"with_{name}_params": {"self": REQUIRED, "params": REQUIRED}}


MODEL = {
    "with_model_factory": {"self": REQUIRED, "module_factory": REQUIRED},
    "with_model_factory_default": {"self": REQUIRED, "hidden_sizes": REQUIRED, "hidden_activation": torch.nn.ReLU},
}
BUILDER_METHODS = {
    "A2CExperimentBuilder": {**own("a2c"), **ACTOR_CRITIC},
    "PPOExperimentBuilder": {**own("ppo"), **ACTOR_CRITIC},
    "NPGExperimentBuilder": {**own("npg"), **ACTOR_CRITIC},
    "TRPOExperimentBuilder": {**own("trpo"), **ACTOR_CRITIC},
    "PGExperimentBuilder": {**own("pg"), **STOCHASTIC_ACTOR, **MEMORY},
    "DQNExperimentBuilder": {**own("dqn"), **MODEL, **MEMORY},
    "IQNExperimentBuilder": {**own("iqn"), "with_preprocess_network_factory": {"self": REQUIRED, "module_factory": REQUIRED}},
    "DDPGExperimentBuilder": {**own("ddpg"), **PLAIN_ACTOR, **ONE_CRITIC},
    "TD3ExperimentBuilder": {**own("td3"), **PLAIN_ACTOR, **TWO_CRITICS},
    "SACExperimentBuilder": {**own("sac"), **SQUASHED_ACTOR, **TWO_CRITICS, **MEMORY},
    "REDQExperimentBuilder": {**own("redq"), **SQUASHED_ACTOR, **CRITIC_ENSEMBLE},
    "DiscreteSACExperimentBuilder": {**own("sac"), **PLAIN_ACTOR, **TWO_CRITICS},
}


def imported(name):
    """The builder, or None where its distribution is not installed."""
    try:
        return getattr(rlchassis.experiment, name)
    except ImportError:
        return None


INSTALLED = [name for name in BUILDER_METHODS if imported(name)]
MISSING = [name for name in BUILDER_METHODS if not imported(name)]


def test_there_are_twelve_builders():
    assert BUILDERS.keys() == BUILDER_METHODS.keys()
    assert len(BUILDERS) == 12


@pytest.mark.parametrize("name", INSTALLED)
def test_an_installed_builder_has_its_methods(name):
    builder = imported(name)
    assert issubclass(builder, ExperimentBuilder)
    assert_begins_with(builder, BUILDER)
    for method, expected in BUILDER_METHODS[name].items():
        assert_begins_with(getattr(builder, method), expected)


def test_a_builder_is_missing_only_where_its_distribution_is():
    installed = {canonical(distribution.name) for distribution in distributions()}
    assert [name for name in MISSING if f"rlchassis-{BUILDERS[name]}" in installed] == []


@pytest.mark.parametrize("name", MISSING)
def test_a_missing_builder_says_what_to_install(name):
    distribution = f"rlchassis-{BUILDERS[name]}"
    with pytest.raises(ImportError, match=rf"{name}: .*python -m pip install {distribution} ") as caught:
        getattr(rlchassis.experiment, name)
    assert "\n" not in str(caught.value)


def test_a_builder_can_be_imported_by_its_name():
    from rlchassis.experiment import PPOExperimentBuilder

    assert PPOExperimentBuilder.agent_class.__name__ == "PPOAgentFactory"


def test_a_builder_that_nobody_provides_is_answered_by_those_that_are_installed():
    with pytest.raises(ImportError, match=r"^no installed algorithm has the builder FooExperimentBuilder\. rlchassis\.experiment has A2C"):
        _ = rlchassis.experiment.FooExperimentBuilder
