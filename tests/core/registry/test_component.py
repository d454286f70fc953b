from __future__ import annotations

import copy
import pickle
import sys

import pytest

from rlchassis.errors import PluginError, UsageError
from rlchassis.registry import Component

CODE = """
Contract = type("OptimizerFactory", (), {"__module__": "rlchassis.fake"})

class Strict(Contract):
    def __init__(self, lr, *, betas=(0.9, 0.999)):
        if lr <= 0: raise ValueError("'lr' must be > 0")
        self.lr, self.betas = lr, betas

class Open(Contract):
    def __init__(self, **options): self.options = options

def rlchassis_run_end(): ...
"""


@pytest.fixture(autouse=True)
def acme(site):
    site.install("acme-rl", code=CODE, optimizer={"strict": "Strict", "open": "Open"})
    site.install("watch-rl", code=CODE, raw="[rlchassis.extension]\nacme.watch = fake_watch_rl")


def message_of(*reference):
    with pytest.raises(UsageError) as refusal:
        Component(*reference).create()
    return str(refusal.value)


def test_a_component_makes_its_plugin_with_its_options():
    factory = Component("optimizer", "strict", {"lr": 0.1, "betas": (0.5, 0.9)}).create()
    assert (factory.lr, factory.betas) == (0.1, (0.5, 0.9))


def test_a_component_is_data_until_it_is_created():
    component = Component("optimizer", "not-installed", {"lr": 0.1})
    assert component == Component("optimizer", "not-installed", {"lr": 0.1})
    assert pickle.loads(pickle.dumps(component)) == copy.deepcopy(component) == component
    assert "fake_acme_rl" not in sys.modules
    with pytest.raises(PluginError, match='no optimizer "not-installed" is installed'):
        component.create()


def test_a_component_can_be_a_key_whatever_its_options():
    one, same, other = (Component("optimizer", "strict", {"lr": lr, "more": {"a": [1]}}) for lr in (0.1, 0.1, 0.2))
    assert {one: 1, other: 2}[same] == 1


def test_a_component_keeps_its_options_when_the_callers_dict_changes():
    options = {"lr": 0.1}
    component = Component("optimizer", "strict", options)
    options["lr"] = 5
    assert component.options == {"lr": 0.1}


def test_an_unknown_option_is_refused_with_the_nearest():
    assert message_of("optimizer", "strict", {"lr": 1, "beta": 2}) == 'optimizer "strict" has no option "beta". Did you mean "betas"?'
    assert message_of("optimizer", "strict", {"zzzz": 2}) == 'optimizer "strict" has no option "zzzz". It takes: lr, betas.'


def test_a_plugin_that_takes_any_option_gets_them():
    assert Component("optimizer", "open", {"anything": 1}).create().options == {"anything": 1}


def test_an_option_that_is_out_of_range_or_missing_is_reported_with_the_plugins_name():
    assert message_of("optimizer", "strict", {"lr": -1}) == "optimizer \"strict\" refuses its options: 'lr' must be > 0."
    assert "missing 1 required positional argument: 'lr'" in message_of("optimizer", "strict")


def test_a_module_is_given_back_and_takes_no_options():
    assert Component("extension", "acme.watch").create() is sys.modules["fake_watch_rl"]
    assert message_of("extension", "acme.watch", {"often": True}) == 'extension "acme.watch" has no option "often". It takes: none.'


def test_a_kind_that_does_not_exist_is_refused_at_once():
    with pytest.raises(PluginError, match='there is no kind "optimiser" of plugin'):
        Component("optimiser", "adam")
