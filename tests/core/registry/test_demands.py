from __future__ import annotations

import attrs
import pytest

from rlchassis.errors import PluginError
from rlchassis.registry import load
from rlchassis.registry.demands import CONTRACTS, agent_class_shortfall, shortfall


def contract(name, **members):
    return type(name, (), {"__module__": "rlchassis.fake", **members})


@pytest.mark.parametrize("kind", [kind for kind in CONTRACTS if kind != "algorithm"])
def test_the_class_of_a_kind_derives_from_its_contract(kind):
    name = CONTRACTS[kind]
    namesake = type(name, (), {"__module__": "acme"})
    assert shortfall(kind, type("Own", (contract(name),), {})) is None
    for stranger in (type("Own", (), {}), type("Own", (namesake,), {})):
        assert shortfall(kind, stranger) == f"does not derive from rlchassis.api.{name}; write class Own({name})"


@pytest.mark.parametrize(
    ("loaded", "said"),
    [
        (3, "is 3"),
        (None, "is None"),
        (contract("LoggerFactory")(), "is an object of LoggerFactory"),
        (contract, "is the function contract"),
    ],
)
def test_an_object_in_place_of_a_class_is_named_in_the_error(loaded, said):
    assert shortfall("logger", loaded) == f"{said}; name a class that derives from rlchassis.api.LoggerFactory"


def test_a_class_that_lacks_a_method_of_its_contract_cannot_be_used():
    unfinished = type("Own", (contract("LoggerFactory"),), {"__abstractmethods__": frozenset({"create_logger"})})
    assert shortfall("logger", unfinished) == "lacks create_logger; define it"


def test_components_and_launchers_can_be_called_and_extensions_have_hooks():
    assert shortfall("component", len) is shortfall("launcher", dict) is None
    assert shortfall("component", 3) == "is 3; name something that can be called"
    assert shortfall("extension", type("Own", (), {"rlchassis_run_end": None})) is None
    assert shortfall("extension", 3).startswith("has no hooks; ")


def builder(agent):
    return type("OwnBuilder", (contract("ExperimentBuilder"),), {} if agent is None else {"agent_class": agent})


Agent = type("Agent", (contract("AgentFactory"),), {"trainer_class": None, "default_sampling": {}})


@attrs.frozen(kw_only=True)
class Good(Agent):
    n: int = 3


@attrs.frozen(kw_only=True)
class Demanding(Agent):
    n: int


class Unfrozen(Good):
    m: int = 4


class WithMoreMethods(Good):
    def create_policy(self): ...


@pytest.mark.parametrize("agent", [Agent, Good, WithMoreMethods])
def test_a_builder_with_a_recipe_class_that_can_be_made_and_trained_is_an_algorithm(agent):
    assert shortfall("algorithm", builder(agent)) is agent_class_shortfall(builder(agent)) is None


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        (None, "has no agent_class; set it to a class derived from rlchassis.api.AgentFactory"),
        (Good(), "has an agent_class that is an object of Good; name a class that derives from rlchassis.api.AgentFactory"),
        (dict, "has an agent_class that does not derive from rlchassis.api.AgentFactory; write class dict(AgentFactory)"),
        (type("A", (Good,), {"__abstractmethods__": frozenset({"f", "e"})}), "has an agent_class that lacks e, f; define them"),
        (
            contract("AgentFactory"),
            "has an agent_class that lacks trainer_class; write trainer_class = OnPolicyTrainer, or OffPolicyTrainer",
        ),
        (type("A", (contract("AgentFactory"),), {"trainer_class": 1}), "has an agent_class that lacks default_sampling; write "),
        (Unfrozen, "has an agent_class that declares m without being made by attrs; write @frozen(kw_only=True) above it"),
        (Demanding, "has an agent_class that cannot be made without n; give every field a default"),
    ],
)
def test_problems_of_a_configuration_class_are_reported_with_what_to_write(agent, said):
    assert agent_class_shortfall(builder(agent)).startswith(said)
    assert shortfall("algorithm", builder(agent)) == agent_class_shortfall(builder(agent))


def test_the_distribution_of_what_is_not_as_demanded_is_named(site):
    site.install("acme-rl", version="0.7", code="X = 3", logger={"acme.x": "X"})
    with pytest.raises(PluginError) as refusal:
        load("logger", "acme.x")
    assert str(refusal.value) == (
        'logger "acme.x" of "acme-rl" 0.7 is not what its kind demands: fake_acme_rl:X is 3; '
        "name a class that derives from rlchassis.api.LoggerFactory. Other plugins are unaffected."
    )
