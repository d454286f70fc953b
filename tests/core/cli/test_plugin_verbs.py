"""`rlchassis plugins install`, `freeze`, `sync`, `disable` and their kin; no client is run."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import version

import pytest

from rlchassis.cli.plugin_verbs import installing
from rlchassis.registry import switches
from rlchassis.registry.discovery import forget

HERE = f"rlchassis-core=={version('rlchassis-core')}"


@pytest.fixture
def client(monkeypatch):
    """Commands that would be run, with the exit code that each of them has."""
    ran: list[list[str]] = []

    def run(command, check):
        ran.append(command)
        return subprocess.CompletedProcess(command, 7)

    monkeypatch.setattr(installing.subprocess, "run", run)
    monkeypatch.setattr(installing.shutil, "which", lambda name: None)
    return ran


@pytest.fixture
def switched(monkeypatch, tmp_path):
    """The file of disabled distributions, elsewhere."""
    monkeypatch.setattr(switches.sys, "prefix", str(tmp_path))
    yield switches.disabled_file()
    monkeypatch.undo()
    forget()


def is_refused(done, *hints):
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1), done
    assert all(hint in done.err for hint in hints), done.err


def test_pip_of_this_python_installs_what_provides_a_plugin_and_its_exit_code_is_passed_on(rlchassis, client):
    done = rlchassis("plugins", "install", "sac", "acme-rl==1.2", "./folder")
    command = [sys.executable, "-m", "pip", "install", "rlchassis-sac", "acme-rl==1.2", "./folder"]
    assert (done.code, done.out, client) == (7, " ".join(command) + "\n", [command])


def test_uv_is_used_where_it_is_there_and_told_of_this_python(rlchassis, client, monkeypatch):
    monkeypatch.setattr(installing.shutil, "which", lambda name: f"/bin/{name}")
    rlchassis("plugins", "upgrade", "ppo")
    rlchassis("plugins", "uninstall", "ppo", "acme-rl")
    before = ["uv", "pip"]
    assert client == [
        [*before, "install", "--upgrade", "--python", sys.executable, "rlchassis-ppo"],
        [*before, "uninstall", "--python", sys.executable, "rlchassis-ppo", "acme-rl"],
    ]


def test_pip_is_not_asked_before_it_removes(rlchassis, client):
    rlchassis("plugins", "uninstall", "ppo", "--client", "pip")
    assert client == [[sys.executable, "-m", "pip", "uninstall", "--yes", "rlchassis-ppo"]]


def test_a_dry_run_shows_the_command_alone(rlchassis, client):
    done = rlchassis("plugins", "install", "ppo", "--dry-run")
    assert (done.code, done.out.endswith("install rlchassis-ppo\n"), client) == (0, True, [])


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("poo", 'Did you mean "ppo"?'),
        ("reward-nrom", 'Did you mean "reward-norm"?'),
        ("rlchassis-saac", 'Did you mean "rlchassis-sac"?'),
        ("", "expected the name of a plugin"),
    ],
)
def test_a_misspelt_plugin_is_not_fetched_from_whoever_took_its_name(rlchassis, client, name, hint):
    is_refused(rlchassis("plugins", "install", name), hint)
    assert client == []


def test_core_does_not_remove_itself(rlchassis, client):
    is_refused(rlchassis("plugins", "uninstall", "rlchassis-core"), "rlchassis-core is what runs this")
    assert client == []


def test_freeze_names_every_distribution_with_plugins_in_its_version_and_place(rlchassis, install):
    install("acme-rl", "extension", "acme.best", "acme_best:Best")
    lines = rlchassis("plugins", "freeze").out.splitlines()
    assert any(HERE in line for line in lines)
    assert any(line.startswith("acme-rl==") for line in lines)
    assert any(line.startswith("torch==") for line in lines)


PROVENANCE = {
    "versions": {"torch": "2.10.0", "rlchassis-core": "0.1.0", "numpy": None},
    "plugins": [
        {"distribution": "acme-rl", "version": "1.2", "used": True},
        {"distribution": "other", "version": "3", "used": False},
    ],
    "git": {"rlchassis-core": {"commit": "abc", "changed": True}},
}


def test_freeze_of_a_run_names_what_it_used_and_what_lies_on_no_index(rlchassis, tmp_path):
    (tmp_path / "provenance.json").write_text(json.dumps(PROVENANCE))
    done = rlchassis("plugins", "freeze", tmp_path)
    expected = ["acme-rl==1.2", "# not from an index: rlchassis-core==0.1.0 from commit abc, with changes", "torch==2.10.0"]
    assert (done.code, done.out.splitlines()) == (0, expected)


def test_sync_installs_what_differs_and_names_what_must_be_brought_by_hand(rlchassis, client, tmp_path):
    (tmp_path / "provenance.json").write_text(json.dumps(PROVENANCE | {"git": {"acme-rl": {"commit": "abc"}}}))
    done = rlchassis("plugins", "sync", tmp_path)
    wanted = [line for line in ("rlchassis-core==0.1.0", "torch==2.10.0") if line.partition("==")[2] != version(line.partition("==")[0])]
    assert client == [[sys.executable, "-m", "pip", "install", *wanted]]
    assert (done.code, done.err) == (
        7,
        "acme-rl==1.2 was installed from commit abc, not from an index; install it from there, or a copy of it.\n",
    )


def test_sync_of_a_file_that_is_met_already_runs_nothing(rlchassis, client, tmp_path):
    (tmp_path / "lock.txt").write_text(f"# a note\n\n{HERE}\n")
    done = rlchassis("plugins", "sync", tmp_path / "lock.txt")
    assert (done.code, done.out, client) == (0, "1 distributions are here in the versions that are asked for.\n", [])


@pytest.mark.parametrize("line", ["rlchassis-ppo", "--index-url=x==1", "a==1; b", "a>=1"])
def test_sync_takes_pinned_versions_alone(rlchassis, client, tmp_path, line):
    (tmp_path / "lock.txt").write_text(f"{line}\n")
    is_refused(rlchassis("plugins", "sync", tmp_path / "lock.txt"), "expected lines such as rlchassis-ppo==0.1.0", repr(line))
    assert client == []


def state_of(rlchassis, name):
    forget()
    rows = json.loads(rlchassis("plugins", "list", "--json").out)
    return {row["state"] for row in rows if row["distribution"] == name}


def test_a_disabled_distribution_takes_no_part_until_it_is_enabled(rlchassis, install, switched):
    install("acme-rl", "extension", "acme.best", "acme_best:Best")
    assert rlchassis("plugins", "disable", "Acme_RL").code == 0
    assert switched.read_text() == "acme-rl\n"
    assert state_of(rlchassis, "acme-rl") == {"left-out"}
    done = rlchassis("train", "ppo", "CartPole-v1", "--with", "acme.best")
    assert done.code == 2
    assert "it is disabled; run `rlchassis plugins enable acme-rl`" in done.err
    assert rlchassis("plugins", "enable", "acme-rl").code == 0
    assert state_of(rlchassis, "acme-rl") == {"no-manifest"}


def test_names_that_cannot_be_disabled_or_enabled_are_refused(rlchassis, switched):
    is_refused(rlchassis("plugins", "disable", "rlchassis-core"), 'no distribution "rlchassis-core" with plugins is installed')
    is_refused(rlchassis("plugins", "enable", "acme-rl"), '"acme-rl" is not disabled. Disabled: none.')
    assert not switched.exists()


@pytest.mark.parametrize(
    ("asked", "acme", "other"),
    [("none", "left-out", "left-out"), ("acme-rl", "no-manifest", "left-out"), ("x, Acme.RL,other", "no-manifest", "no-manifest")],
)
def test_a_variable_says_which_distributions_take_part(rlchassis, install, switched, monkeypatch, asked, acme, other):
    for name in ("acme-rl", "other"):
        install(name, "extension", f"{name}.best", f"{name.replace('-', '_')}_best:Best")
    monkeypatch.setenv("RLCHASSIS_PLUGINS", asked)
    states = [state_of(rlchassis, name) for name in ("acme-rl", "other", "rlchassis-core")]
    assert states[:2] == [{acme}, {other}]
    assert "left-out" not in states[2]


def test_a_name_in_the_variable_that_nothing_has_is_said(rlchassis, install, switched, monkeypatch):
    install("acme-rl", "extension", "acme.best", "acme_best:Best")
    monkeypatch.setenv("RLCHASSIS_PLUGINS", "none, acme-rll")
    forget()
    said = 'RLCHASSIS_PLUGINS names "acme-rll", which is not installed. Did you mean "acme-rl"?'
    assert said in rlchassis("plugins", "list").err


def test_what_is_left_out_is_said_in_one_sentence(rlchassis, install, switched, monkeypatch):
    install("acme-rl", "extension", "acme.best", "acme_best:Best")
    monkeypatch.setenv("RLCHASSIS_PLUGINS", "ppo,adam")
    forget()
    done = rlchassis("train", "ppo", "CartPole-v1", "--with", "acme.best")
    assert (done.code, done.out) == (2, "")
    assert done.err.endswith('it is left out by RLCHASSIS_PLUGINS="ppo,adam"; unset it, or name acme-rl in it.\n')
