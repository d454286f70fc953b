from __future__ import annotations

import subprocess
import sys

import attrs
import pytest

from rlchassis.errors import PluginError
from rlchassis.registry import forget, installed

EXPLODES = "raise RuntimeError('imported')"


def states(kind=None):
    return {plugin.name: plugin.state for plugin in installed(kind)}


def test_a_plugin_is_listed_with_what_its_manifest_says(site, ppo_manifest):
    site.install("rlchassis-ppo", ppo_manifest, version="0.3", algorithm="ppo")
    (plugin,) = installed("algorithm")
    assert plugin.policy == "on"
    assert plugin.needs == {"optimizer": ("adam",)}
    assert plugin.as_row() == {
        "kind": "algorithm",
        "name": "ppo",
        "distribution": "rlchassis-ppo",
        "version": "0.3",
        "api": "2.0",
        "state": "ok",
        "summary": "Proximal policy optimization",
        "observation_spaces": ["Box", "Dict"],
        "action_spaces": ["Box", "Discrete"],
    }


def test_listing_runs_no_code_of_a_plugin(site, ppo_manifest):
    package = site.install("rlchassis-ppo", ppo_manifest, code=EXPLODES, algorithm="ppo")
    assert states() == {"ppo": "ok"}
    assert package not in sys.modules


def test_a_manifest_is_found_in_an_inner_package_without_importing_the_outer(site, ppo_manifest):
    package = site.install("acme-rl", code=EXPLODES, raw="")
    site.write(f"{package}/inner/rlchassis.toml", ppo_manifest)
    lines = f"[rlchassis.algorithm]\nppo = {package}.inner:Builder\n[rlchassis.manifest]\nacme-rl = {package}.inner:rlchassis.toml"
    site.write("acme_rl-1.0.dist-info/entry_points.txt", lines)
    forget()
    assert states() == {"ppo": "ok"}


def test_a_plugin_without_manifest_is_listed_all_the_same(site):
    site.install("acme-rl", algorithm="acme.simple")
    assert states() == {"acme.simple": "no-manifest"}


def test_a_plugin_that_the_manifest_passes_over_counts_as_one_without_manifest(site, ppo_manifest):
    site.install("rlchassis-ppo", ppo_manifest, algorithm={"ppo": "Builder", "acme.second": "Builder"})
    assert states() == {"ppo": "ok", "acme.second": "no-manifest"}


@pytest.mark.parametrize(("api", "outdated"), [("3.0", "rlchassis-core"), ("2.1", "rlchassis-core"), ("1.0", "rlchassis-ppo")])
def test_a_plugin_made_for_another_api_says_what_to_upgrade(site, api, outdated):
    site.install("rlchassis-ppo", f'schema = 7\napi = "{api}"\n[brand_new.table]', algorithm="ppo")
    (plugin,) = installed()
    assert plugin.state == "incompatible"
    assert plugin.api == api
    assert plugin.problem == f"it was made for plugin API {api}, this core offers 2.0; try: python -m pip install --upgrade {outdated}"


def test_a_name_that_two_distributions_claim_is_in_conflict_and_others_are_not(site, ppo_manifest):
    site.install("rlchassis-ppo", ppo_manifest, algorithm="ppo")
    site.install("acme-rl", algorithm={"ppo": "Builder", "acme.other": "Builder"})
    assert [(row.name, row.distribution, row.state) for row in installed()] == [
        ("acme.other", "acme-rl", "no-manifest"),
        ("ppo", "acme-rl", "conflict"),
        ("ppo", "rlchassis-ppo", "conflict"),
    ]


def test_one_name_in_two_kinds_is_no_conflict(site):
    site.install("acme-rl", algorithm="acme.x", optimizer="acme.x")
    assert {row.state for row in installed()} == {"no-manifest"}


def test_rows_come_by_kind_then_name_then_distribution(site):
    site.install("b-dist", optimizer="a", algorithm="z")
    site.install("a-dist", component="a", algorithm="b")
    assert [(row.kind, row.name) for row in installed()] == [("algorithm", "b"), ("algorithm", "z"), ("optimizer", "a"), ("component", "a")]


def test_a_group_of_no_known_kind_is_a_row_that_names_the_nearest(site):
    site.install("acme-rl", algoritm="acme.x")
    (row,) = installed()
    assert (row.kind, row.state, row.problem) == ("algoritm", "invalid", 'there is no kind "algoritm". Did you mean "algorithm"?')


@pytest.mark.parametrize("name", ["a@b", "\x1b[2Jx", "a b"])
def test_a_name_that_cannot_be_written_in_a_recipe_is_invalid(site, name):
    site.install("acme-rl", algorithm=name)
    assert [row.state for row in installed()] == ["invalid"]


def test_a_name_that_its_own_distribution_claims_twice_is_one_invalid_row(site):
    site.install("acme-rl", raw="[rlchassis.algorithm]\nx = a:B\nx = a:C")
    (row,) = installed()
    assert (row.state, row.problem) == ("invalid", "its distribution claims this name twice")


def test_unreadable_entry_points_are_a_row_of_the_distribution_and_leave_others_alone(site, ppo_manifest):
    site.install("acme-rl", raw="[rlchassis.algorithm]\nno equals sign")
    site.install("rlchassis-ppo", ppo_manifest, algorithm="ppo")
    assert states() == {"ppo": "ok", "acme-rl": "invalid"}
    assert [row.kind for row in installed()] == ["algorithm", "manifest"]


def test_leftovers_of_an_installation_are_passed_over(site, ppo_manifest):
    site.write("ghost-1.0.dist-info/entry_points.txt", "[rlchassis.algorithm]\nghost = ghost:X")
    (site.folder / "bytes-1.0.dist-info").mkdir()
    (site.folder / "bytes-1.0.dist-info" / "entry_points.txt").write_bytes(b"[rlchassis.algorithm]\n\xff\xfe = a:B")
    site.install("rlchassis-ppo", ppo_manifest, algorithm="ppo")
    assert states() == {"ppo": "ok"}


def test_of_two_copies_on_the_path_the_first_counts(site, tmp_path, ppo_manifest):
    site.install("rlchassis-ppo", ppo_manifest, version="2.0", algorithm="ppo")
    attrs.evolve(site, folder=tmp_path / "older").install("rlchassis-ppo", version="1.0", algorithm="ppo")
    site.search_path.insert(0, str(tmp_path / "older"))
    assert [(row.version, row.state) for row in installed()] == [("1.0", "no-manifest")]


def test_a_copy_without_plugins_hides_a_later_one_with_plugins(site, tmp_path):
    site.install("rlchassis-ppo", algorithm="ppo")
    attrs.evolve(site, folder=tmp_path / "older").install("rlchassis-ppo")
    site.search_path.insert(0, str(tmp_path / "older"))
    assert installed() == ()


def test_a_distribution_whose_folder_bears_another_name_is_listed(site):
    site.install("acme-rl", algorithm="acme.x")
    (site.folder / "acme_rl-1.0.dist-info").rename(site.folder / "other-1.0.dist-info")
    forget()
    assert states() == {"acme.x": "no-manifest"}


def test_the_list_is_read_once_until_forgotten(site, ppo_manifest):
    site.install("rlchassis-ppo", ppo_manifest, algorithm="ppo")
    before = installed()
    (site.folder / "rlchassis_ppo-1.0.dist-info" / "entry_points.txt").unlink()
    assert installed() == before
    forget()
    assert installed() == ()


def test_an_unknown_kind_is_refused(site):
    with pytest.raises(PluginError, match='there is no kind "algo" of plugin; the kinds are algorithm, optimizer, '):
        installed("algo")


def test_listing_and_naming_import_nothing_heavy():
    heavy = {"torch", "numpy", "gymnasium", "attrs", "attr", "cattrs", "pluggy", "rlchassis.hookspecs"}
    code = f"import sys, rlchassis.registry as r; r.installed(); r.Component('optimizer', 'adam'); print(*({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
