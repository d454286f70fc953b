from __future__ import annotations

import sys

import pytest

from rlchassis.errors import PluginError
from rlchassis.registry import FIRST_PARTY, find, first_party_distribution, provenance


def message_of(kind, name):
    with pytest.raises(PluginError) as refusal:
        find(kind, name)
    return str(refusal.value)


def test_a_missing_first_party_plugin_says_what_to_install_and_where(site):
    site.install("rlchassis-ppo", algorithm="ppo")
    site.install("rlchassis-a2c", algorithm="a2c")
    assert message_of("algorithm", "sac") == (
        'no algorithm "sac" is installed. It is provided by "rlchassis-sac": python -m pip install rlchassis-sac  '
        f"(this interpreter: {sys.executable}). Installed: a2c, ppo."
    )


def test_a_kind_of_two_words_is_spoken_as_two_words(site):
    start = 'no policy wrapper "obs-norm" is installed. It is provided by "rlchassis-obs-norm": '
    assert message_of("policy_wrapper", "obs-norm").startswith(start)
    assert message_of("policy_wrapper", "obs-norm").endswith("Installed: none.")


@pytest.mark.parametrize(
    ("kind", "name"), [("logger", "neptune"), ("logger", "comet"), ("optimizer", "lion"), ("policy_wrapper", "chatter")]
)
def test_a_name_that_no_distribution_of_this_project_provides_is_reported_without_an_install_hint(site, kind, name):
    assert message_of(kind, name) == f'no {kind.replace("_", " ")} "{name}" is installed, nor does rlchassis provide one. Installed: none.'


@pytest.mark.parametrize(
    ("typed", "meant"), [("poo", "ppo"), ("PPO", "ppo"), ("discrete_sac", "discrete-sac"), ("acme.sarsaa", "acme.sarsa")]
)
def test_a_typo_names_the_nearest(site, typed, meant):
    site.install("acme-rl", algorithm="acme.sarsa")
    assert message_of("algorithm", typed) == f'no algorithm "{typed}". Did you mean "{meant}"?'


def test_a_name_like_no_other_lists_what_is_installed(site):
    site.install("rlchassis-ppo", algorithm="ppo")
    assert message_of("algorithm", "zzzzzz") == 'no algorithm "zzzzzz" is installed, nor does rlchassis provide one. Installed: ppo.'


def test_a_name_claimed_twice_is_an_error_on_use_until_one_is_said(site):
    site.install("rlchassis-ppo", version="1.0", algorithm="ppo")
    site.install("acme-rl", version="2.0", algorithm="ppo")
    assert message_of("algorithm", "ppo") == (
        'algorithm "ppo" is claimed by several distributions: "acme-rl" 2.0, "rlchassis-ppo" 1.0. '
        'Say which is meant, one of "ppo@acme-rl", "ppo@rlchassis-ppo".'
    )
    assert find("algorithm", "ppo@acme-rl").version == "2.0"
    assert find("algorithm", "ppo@RLChassis_PPO").version == "1.0"


def test_a_bad_claim_is_a_conflict_too_and_the_good_one_stays_reachable(site):
    site.install("rlchassis-ppo", algorithm="ppo")
    site.install("acme-rl", "schema = 3", algorithm="ppo")
    assert "claimed by several distributions" in message_of("algorithm", "ppo")
    assert find("algorithm", "ppo@rlchassis-ppo").state == "no-manifest"
    assert message_of("algorithm", "ppo@acme-rl").startswith('algorithm "ppo" of "acme-rl" 1.0 cannot be used: its manifest is not valid: ')


def test_a_plugin_of_a_distribution_that_is_not_installed_gives_the_line_to_install_it(site):
    site.install("rlchassis-ppo", algorithm="ppo")
    assert message_of("algorithm", "acme.x@acme-rl").startswith(
        'no algorithm "acme.x" is installed. It is provided by "acme-rl": python -m pip install acme-rl  (this interpreter: '
    )


@pytest.mark.parametrize("distribution", ["x; rm -rf ~", "--index-url=evil", "a$(b)", "x\ny"])
def test_no_command_line_is_made_of_what_is_no_distributions_name(site, distribution):
    assert "pip install" not in message_of("algorithm", f"acme.x@{distribution}")


def test_terminal_control_sequences_are_shown_escaped(site):
    assert (
        message_of("algorithm", "\x1b[2Jnothing")
        == r'no algorithm "\x1b[2Jnothing" is installed, nor does rlchassis provide one. Installed: none.'
    )


def test_a_vendors_plugin_answers_to_its_last_name_while_it_alone_bears_it(site):
    site.install("acme-rl", algorithm="acme.sarsa")
    assert find("algorithm", "sarsa").name == "acme.sarsa"
    site.install("zeta-rl", algorithm="zeta.sarsa")
    assert 'one of "acme.sarsa", "zeta.sarsa".' in message_of("algorithm", "sarsa")
    assert find("algorithm", "zeta.sarsa").distribution == "zeta-rl"


def test_installing_a_vendors_plugin_never_changes_what_a_first_party_name_means(site):
    site.install("acme-rl", algorithm="acme.ppo")
    assert message_of("algorithm", "ppo").startswith('no algorithm "ppo" is installed. It is provided by "rlchassis-ppo"')
    site.install("rlchassis-ppo", algorithm="ppo")
    assert find("algorithm", "ppo").distribution == "rlchassis-ppo"


def test_an_incompatible_plugin_is_refused_before_import_with_the_upgrade_line(site):
    package = site.install("rlchassis-ppo", 'schema = 1\napi = "1.0"', algorithm="ppo")
    assert message_of("algorithm", "ppo") == (
        'algorithm "ppo" of "rlchassis-ppo" 1.0 cannot be used: it was made for plugin API 1.0, this core offers 2.0; '
        "try: python -m pip install --upgrade rlchassis-ppo"
    )
    assert package not in sys.modules


@pytest.mark.parametrize(
    ("kind", "name", "distribution"),
    [
        ("algorithm", "discrete-sac", "rlchassis-discrete-sac"),
        ("command", "plot", "rlchassis-plots"),
        ("component", "mlp-actor", "rlchassis-toolkit"),
        ("optimizer", "sac", None),
        ("command", "plots", None),
    ],
)
def test_a_first_party_name_of_a_kind_is_provided_by_the_distribution_written_beside_it(kind, name, distribution):
    assert first_party_distribution(kind, name) == distribution


def test_a_second_house_verb_may_come_from_another_distribution_than_the_first(site, monkeypatch):
    monkeypatch.setitem(FIRST_PARTY, "command", {"plot": "rlchassis-plots", "serve": "rlchassis-server"})
    assert '"rlchassis-server": python -m pip install rlchassis-server' in message_of("command", "serve")
    assert '"rlchassis-plots": python -m pip install rlchassis-plots' in message_of("command", "plot")


def test_twelve_algorithms_are_first_party():
    assert len(FIRST_PARTY["algorithm"]) == 12


def test_provenance_names_every_plugin_and_whether_it_was_used(site):
    site.install("rlchassis-ppo", version="0.3", algorithm="ppo")
    site.install("rlchassis-adam", version="0.2", optimizer="adam")
    site.install("acme-rl", "schema = 3")
    assert provenance(used=[("optimizer", "adam@rlchassis-adam")]) == [
        {"kind": "algorithm", "name": "ppo", "distribution": "rlchassis-ppo", "version": "0.3", "used": False},
        {"kind": "optimizer", "name": "adam", "distribution": "rlchassis-adam", "version": "0.2", "used": True},
    ]


def test_a_name_that_is_not_installed_has_no_row(site):
    site.install("acme", algorithm="acme.one")
    rows = provenance([("optimizer", "nowhere"), ("algorithm", "acme.one")])
    assert [row["name"] for row in rows if row["used"]] == ["acme.one"]
