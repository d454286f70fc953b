from __future__ import annotations

import importlib
import sys

import pytest

from rlchassis.errors import PluginError
from rlchassis.registry import check, find, forget, installed, load, name_of

EXPLODES = "raise RuntimeError('boom')"


def message_of(kind, name):
    with pytest.raises(PluginError) as refusal:
        load(kind, name)
    return str(refusal.value)


def test_naming_a_plugin_loads_that_one_and_no_other(site):
    package = site.install("rlchassis-ppo", algorithm="ppo")
    other = site.install("rlchassis-sac", algorithm="sac")
    assert load("algorithm", "ppo") is sys.modules[package].Builder
    assert other not in sys.modules


def test_a_plugin_that_cannot_be_imported_stops_no_other(site):
    site.install("acme-rl", code=EXPLODES, algorithm="acme.x")
    site.install("rlchassis-ppo", algorithm="ppo")
    assert "RuntimeError: boom" in message_of("algorithm", "acme.x")
    assert load("algorithm", "ppo").agent_class


def test_the_plugins_own_error_is_the_cause(site):
    site.install("acme-rl", code=EXPLODES, algorithm="acme.x")
    with pytest.raises(PluginError) as refusal:
        load("algorithm", "acme.x")
    assert isinstance(refusal.value.__cause__, RuntimeError)


@pytest.mark.parametrize("code", ["import sys; sys.exit(3)", "import missing_package", "def", "x = 1"])
def test_no_way_of_failing_escapes_as_anything_but_a_plugin_error(site, code):
    site.install("acme-rl", code=code, algorithm="acme.x")
    assert 'algorithm "acme.x" of "acme-rl" 1.0 cannot be loaded' in message_of("algorithm", "acme.x")


def test_an_interrupt_while_importing_is_not_swallowed(site):
    site.install("acme-rl", code="raise KeyboardInterrupt", algorithm="acme.x")
    with pytest.raises(KeyboardInterrupt):
        load("algorithm", "acme.x")


def test_a_module_with_hooks_is_an_extension(site):
    package = site.install("acme-rl", code="def rlchassis_run_end(): ...", raw="[rlchassis.extension]\nacme.watch = fake_acme_rl")
    assert load("extension", "acme.watch") is sys.modules[package]


def test_a_check_tells_broken_from_invalid_and_leaves_good_ones_as_they_are(site):
    site.install("a-rl", code=EXPLODES, algorithm="a")
    site.install("b-rl", code="Builder = 3", algorithm="b")
    site.install("c-rl", algorithm="c")
    checked = [check(plugin) for plugin in installed()]
    assert [plugin.state for plugin in checked] == ["broken", "invalid", "no-manifest"]
    assert "boom" in checked[0].problem


def test_a_check_does_not_import_what_is_refused_anyway(site):
    package = site.install("rlchassis-ppo", 'schema = 1\napi = "1.0"', code=EXPLODES, algorithm="ppo")
    assert check(installed()[0]) == installed()[0]
    assert package not in sys.modules


def test_each_side_of_a_conflict_is_checked_by_itself(site):
    site.install("rlchassis-ppo", algorithm="ppo")
    site.install("acme-rl", code=EXPLODES, algorithm="ppo")
    assert [check(plugin).state for plugin in installed()] == ["broken", "conflict"]


def test_a_class_has_the_name_it_is_registered_under(site):
    package = site.install("rlchassis-adam", optimizer={"adam": "OptimizerFactory"})
    factory = importlib.import_module(package).OptimizerFactory
    assert name_of(factory) == ("optimizer", "adam")
    assert name_of(type("OptimizerFactory", (), {"__module__": package})) is None
    assert name_of(int) is None


def test_an_agent_class_has_the_name_of_its_builder(site):
    package = site.install("rlchassis-ppo", algorithm="ppo")
    agent_class = sys.modules[load("algorithm", "ppo").__module__].AgentFactory
    assert agent_class.__module__ == package
    assert name_of(agent_class) == ("algorithm", "ppo")
    assert name_of(load("algorithm", "ppo")) == ("algorithm", "ppo")


def test_finding_a_name_imports_no_other_distribution_and_survives_broken_neighbours(site):
    package = site.install("rlchassis-adam", raw="")
    lines = f"[rlchassis.algorithm]\na = {package}.broken:X\n[rlchassis.optimizer]\nadam = {package}:OptimizerFactory"
    site.write(f"{package}/broken.py", EXPLODES)
    site.write("rlchassis_adam-1.0.dist-info/entry_points.txt", lines)
    other = site.install("acme-rl", optimizer={"acme.x": "OptimizerFactory"})
    forget()
    assert name_of(importlib.import_module(package).OptimizerFactory) == ("optimizer", "adam")
    assert other not in sys.modules


def test_in_a_conflict_a_class_has_the_name_that_means_it_alone(site):
    site.install("rlchassis-adam", optimizer={"adam": "OptimizerFactory"})
    site.install("acme-rl", optimizer={"adam": "OptimizerFactory"})
    factory = load("optimizer", "adam@acme-rl")
    assert name_of(factory) == ("optimizer", "adam@acme-rl")
    assert find(*name_of(factory)).distribution == "acme-rl"
