from __future__ import annotations

import pytest

from rlchassis.registry import installed
from rlchassis.registry.manifest import parse_manifest
from rlchassis.registry.schema import ManifestError

HEAD = 'schema = 1\napi = "2.0"\n'
ALGORITHM = 'summary = "S"\nobservation_spaces = ["Box"]\naction_spaces = ["Box"]\npolicy = "on"\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("schema = ", "it is not TOML: "),
        ("schema = 1", 'api must be a version like "2.0", not None'),
        ("schema = 1\napi = 2.0", 'api must be a version like "2.0", not 2.0'),
        ('schema = 1\napi = "1"', "api must be a version"),
        ('api = "2.0"', "schema must be 1, not None"),
        ('schema = true\napi = "2.0"', "schema must be 1, not True"),
        ('schema = 2\napi = "2.0"', "schema must be 1, not 2"),
        (HEAD + "[algoritm.x]", 'it has an unknown key "algoritm". Did you mean "algorithm"?'),
        (HEAD + "zzz = 1", 'it has an unknown key "zzz". The kinds are algorithm, '),
        (HEAD + "algorithm = 3", "algorithm must be a table like [algorithm.name], not 3"),
        (HEAD + "[algorithm]\nx = 3", "[algorithm.x] must be a table, not 3"),
        (HEAD + "[algorithm.x]\n" + ALGORITHM + "sumary = 1", '[algorithm.x] has an unknown key "sumary". Did you mean "summary"?'),
        (HEAD + "[algorithm.acme.x]\n" + ALGORITHM, 'A name with a dot needs quotes: [algorithm."acme.x"].'),
        (HEAD + '[algorithm.x]\nsummary = "S"', "[algorithm.x] must also say observation_spaces, action_spaces, policy"),
        (HEAD + "[algorithm.x]\n" + ALGORITHM.replace('"on"', '"both"'), 'policy in [algorithm.x] must be "on" or "off", not \'both\''),
        (HEAD + "[algorithm.x]\n" + ALGORITHM.replace('"Box"', '"Boxx"'), 'names an unknown space "Boxx". Did you mean "Box"?'),
        (HEAD + "[algorithm.x]\n" + ALGORITHM.replace('["Box"]', '"Box"'), "must be a list of names, not 'Box'"),
        (HEAD + "[algorithm.x]\n" + ALGORITHM.replace('["Box"]', "[]"), "must be a list of names, not []"),
        (HEAD + "[optimizer.x]", "[optimizer.x] must also say summary"),
        (HEAD + '[optimizer.x]\nsummary = "two\\nlines"', "summary in [optimizer.x] must be one line of text"),
        (HEAD + '[optimizer.x]\nsummary = "\\u001b[31mred"', "must be one line of text"),
        (HEAD + '[optimizer.x]\nsummary = "S"\npolicy = "on"', '[optimizer.x] has an unknown key "policy"'),
        (HEAD + '[optimizer.x]\nsummary = "S"\nneeds = ["adam"]', "needs in [optimizer.x] must be a table of kinds"),
        (HEAD + '[optimizer.x]\nsummary = "S"\nneeds = { optimiser = ["a"] }', 'unknown kind "optimiser". Did you mean "optimizer"?'),
        (HEAD + '[optimizer.x]\nsummary = "S"\nneeds = { logger = "csv" }', "logger of needs in [optimizer.x] must be a list of names"),
    ],
)
def test_a_manifest_that_is_not_to_the_letter_is_refused_with_the_reason(text, message):
    with pytest.raises(ManifestError) as refusal:
        parse_manifest(text)
    assert message in str(refusal.value)


def test_a_bad_manifest_makes_every_plugin_of_its_distribution_invalid_and_no_other(site, ppo_manifest):
    site.install("acme-rl", "schema = 3", algorithm={"acme.a": "Builder", "acme.b": "Builder"})
    site.install("rlchassis-ppo", ppo_manifest, algorithm="ppo")
    assert [row.state for row in installed()] == ["invalid", "invalid", "ok"]
    assert installed()[0].problem == 'its manifest is not valid: api must be a version like "2.0", not None'


def test_a_bad_manifest_without_plugins_is_a_row_of_its_distribution(site):
    site.install("acme-rl", "schema = 3")
    assert [(row.kind, row.name, row.state) for row in installed()] == [("manifest", "acme-rl", "invalid")]


def test_a_manifest_whose_file_or_package_is_missing_says_so(site):
    package = site.install("acme-rl", "", algorithm="acme.a")
    (site.folder / package / "rlchassis.toml").unlink()
    site.install("zeta-rl", raw="[rlchassis.algorithm]\nzeta.a = fake_gone:A\n[rlchassis.manifest]\nzeta-rl = fake_gone:rlchassis.toml")
    expected = 'its manifest is not valid: there is no "rlchassis.toml" in the package "{}"; install the distribution again'
    assert [row.problem for row in installed()] == [expected.format("fake_acme_rl"), expected.format("fake_gone")]


@pytest.mark.parametrize("value", ["fake_acme_rl", "fake_acme_rl:../../etc/passwd", "..:rlchassis.toml"])
def test_a_manifest_cannot_be_looked_for_outside_its_package(site, value):
    site.install("acme-rl", raw=f"[rlchassis.algorithm]\nacme.a = fake_acme_rl:A\n[rlchassis.manifest]\nacme-rl = {value}")
    assert 'its entry point must read "package:rlchassis.toml"' in installed()[0].problem


def test_a_second_manifest_is_refused(site, ppo_manifest):
    manifests = "[rlchassis.manifest]\na = fake_acme_rl:rlchassis.toml\nb = fake_acme_rl:rlchassis.toml"
    site.install("acme-rl", ppo_manifest, raw=f"[rlchassis.algorithm]\nppo = fake_acme_rl:Builder\n{manifests}")
    assert [(row.state, row.problem) for row in installed()] == [("invalid", "it has more than one manifest")]


def test_a_file_made_to_exhaust_the_reader_is_only_a_row(site):
    site.install("acme-rl", "x = " + "[" * 100_000, algorithm="acme.a")
    assert [row.state for row in installed()] == ["invalid"]


def test_a_manifest_entry_without_entry_point_is_reported_beside_the_plugins(site, ppo_manifest):
    site.install("rlchassis-ppo", ppo_manifest + '[optimizer.lost]\nsummary = "S"', algorithm="ppo")
    plugin, row = installed()
    assert plugin.state == "ok"
    assert (row.kind, row.problem) == ("manifest", "its manifest describes what no entry point provides: [optimizer.lost]")
