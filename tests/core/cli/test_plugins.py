from __future__ import annotations

import json

import pytest

from rlchassis.cli.plugin_verbs import listing

KEYS = ["kind", "name", "distribution", "version", "api", "state", "summary", "observation_spaces", "action_spaces"]


def test_the_list_has_a_line_per_plugin(rlchassis):
    lines = rlchassis("plugins", "list").out.splitlines()
    assert lines[0].split() == ["KIND", "NAME", "DISTRIBUTION", "VERSION", "STATE", "SUMMARY"]
    assert any(line.split()[:3] == ["lr_scheduler", "linear", "rlchassis-core"] for line in lines)


def test_the_list_as_json_has_the_promised_keys(rlchassis):
    rows = json.loads(rlchassis("plugins", "list", "--json").out)
    assert all(list(row) == KEYS for row in rows)
    assert {"kind": "env", "name": "registered", "state": "ok"}.items() <= next(row for row in rows if row["name"] == "registered").items()


def test_a_plugin_that_cannot_be_imported_is_listed_without_importing_it(rlchassis, install):
    install("acme-broken", "algorithm", "acme.broken", "acme_broken:Builder", acme_broken="raise SystemExit('imported')")
    done = rlchassis("plugins", "list")
    assert done.code == 0
    assert any(line.split()[1:3] == ["acme.broken", "acme-broken"] for line in done.out.splitlines())


def test_problems_of_a_plugin_are_listed_below_it(rlchassis, install):
    install("acme-odd", "algoritm", "acme.odd", "acme_odd:Builder")
    lines = rlchassis("plugins", "list").out.splitlines()
    place = next(i for i, line in enumerate(lines) if "acme.odd" in line)
    assert 'Did you mean "algorithm"' in lines[place + 1]


def test_info_tells_what_is_known_of_one_plugin(rlchassis):
    done = rlchassis("plugins", "info", "linear")
    assert done.code == 0
    assert "rlchassis.learning.optimizer:LRSchedulerFactoryLinear" in done.out


OPTIONS = """
from attrs import field, frozen

@frozen
class Described:
    size: int
    \"""How large.\"""
    rate: float = 0.5
    sizes: tuple = field(factory=lambda: (1, 2))

class Plain:
    def __init__(self, factor=1.0, *, label=None): ...

class Open:
    def __init__(self, **options): ...

def rlchassis_run_end(): ...
"""


@pytest.mark.parametrize(
    ("kind", "target", "lines"),
    [
        (
            "component",
            "Described",
            ["  options:", "    size = required", "        How large.", "    rate = 0.5", "    sizes = [1, 2]"],
        ),
        ("component", "Plain", ["  options:", "    factor = 1.0", "    label = none"]),
        ("component", "Open", ["  options:      whatever it is given"]),
        ("extension", "", ["  options:      none"]),
    ],
)
def test_info_lists_the_options_of_a_plugin_with_their_defaults(rlchassis, install, kind, target, lines):
    module = f"acme_options_{target.lower()}"
    install("acme-options", kind, "acme.thing", f"{module}:{target}".rstrip(":"), **{module: OPTIONS})
    done = rlchassis("plugins", "info", "acme.thing")
    assert (done.code, done.out.splitlines()[-len(lines) :]) == (0, lines)


def test_info_of_an_algorithm_says_where_its_settings_are_listed(rlchassis):
    assert "  settings:     rlchassis train ppo --help" in rlchassis("plugins", "info", "ppo").out


def test_info_of_a_plugin_that_cannot_be_loaded_tells_its_problem(rlchassis, install):
    install("acme-broken", "component", "acme.broken", "acme_broken_info:Factory", acme_broken_info="raise ValueError('half written')")
    done = rlchassis("plugins", "info", "acme.broken")
    assert (done.code, "options" in done.out) == (0, False)
    assert "  state:        broken" in done.out
    assert "ValueError: half written" in done.out


def test_info_finds_a_plugin_without_its_vendor(rlchassis, install):
    install("acme-thing", "optimizer", "acme.thing", "acme_thing:Factory")
    assert "acme_thing:Factory" in rlchassis("plugins", "info", "thing").out


def test_info_of_an_unknown_name_offers_the_nearest(rlchassis):
    done = rlchassis("plugins", "info", "lienar")
    assert (done.code, done.out) == (2, "")
    assert 'Did you mean "linear"?' in done.err


def test_info_of_a_first_party_plugin_that_is_missing_says_what_to_install(rlchassis, monkeypatch):
    monkeypatch.setattr(listing, "installed", lambda: ())
    done = rlchassis("plugins", "info", "redq")
    assert done.code == 2
    assert "python -m pip install rlchassis-redq" in done.err


def test_info_of_a_name_that_nothing_provides_recommends_nothing(rlchassis):
    done = rlchassis("plugins", "info", "comet")
    assert done.code == 2
    assert "pip install" not in done.err
