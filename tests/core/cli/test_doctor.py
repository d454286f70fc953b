from __future__ import annotations

import re
from importlib import metadata

import pytest

from rlchassis.cli import doctor
from rlchassis.registry import Plugin

PPO = Plugin("algorithm", "ppo", "rlchassis_ppo:Builder", "rlchassis-ppo", "1.0", "ok", needs={"optimizer": ("adam",)})
ADAM = Plugin("optimizer", "adam", "rlchassis_adam:Factory", "rlchassis-adam", "1.0", "ok")
BROKEN_PPO = Plugin("algorithm", "ppo", "rlchassis_ppo:Builder", "rlchassis-ppo", "1.0", "broken", "it raised")


@pytest.fixture
def with_plugins(monkeypatch):
    def set_up(*plugins: Plugin) -> None:
        monkeypatch.setattr(doctor, "installed", lambda: plugins)
        monkeypatch.setattr(doctor, "check", lambda plugin: plugin)

    return set_up


def test_all_is_well_with_an_algorithm_and_what_it_needs(rlchassis, with_plugins):
    with_plugins(PPO, ADAM)
    done = rlchassis("doctor")
    assert done.code == 0
    assert f"torch {metadata.version('torch')}" in done.out
    assert re.search(r"^devices     cpu", done.out, re.MULTILINE)
    assert "algorithms  ppo\nplugins     2 installed, none of them unusable\n" in done.out


def test_doctor_tries_how_runs_in_an_environment_are_resumed(rlchassis):
    done = rlchassis("doctor", "--env", "CartPole-v1", "--env", "rlchassis_testkit.tiny_envs:Counter")
    rows = [re.split(r" {2,}", line) for line in done.out.splitlines()]
    assert done.code == 0
    assert rows[0] == ["environment", "in process", "in workers", "native vector"]
    assert rows[1] == ["CartPole-v1", "exact (replay)", "exact (replay)", "exact (attributes)"]
    assert rows[2][1:] == ["exact (attributes)", "exact (attributes)", "there is none"]


def test_doctor_refuses_an_environment_that_there_is_not(rlchassis):
    done = rlchassis("doctor", "--env", "Nowhere-v0")
    assert (done.code, done.out) == (2, "")
    assert "'Nowhere-v0' is no known environment" in done.err


def test_the_output_of_doctor_fits_a_terminal_of_80_columns(rlchassis, with_plugins, monkeypatch):
    with_plugins(PPO, ADAM)
    monkeypatch.setattr("sys.executable", "python")
    assert max(map(len, rlchassis("doctor").out.splitlines())) <= 80


@pytest.mark.parametrize("plugins", [(), (BROKEN_PPO, ADAM)], ids=["none", "broken"])
def test_without_a_usable_algorithm_nothing_can_be_trained(rlchassis, with_plugins, plugins):
    with_plugins(*plugins)
    done = rlchassis("doctor")
    assert done.code == 1
    assert "no algorithm can be used" in done.out


def test_an_algorithm_without_its_optimizer_cannot_be_trained(rlchassis, with_plugins):
    with_plugins(PPO)
    done = rlchassis("doctor")
    assert done.code == 1
    assert "needs optimizer adam" in done.out


def test_a_library_that_cannot_be_imported_is_named(rlchassis, with_plugins, monkeypatch):
    with_plugins(PPO, ADAM)
    monkeypatch.setattr(doctor, "_libraries", lambda: ["torch", "no_such_library"])
    done = rlchassis("doctor")
    assert done.code == 1
    assert "no_such_library cannot be imported" in done.out


def test_the_libraries_are_those_that_core_requires():
    assert {"torch", "gymnasium", "numpy", "tqdm"} <= set(doctor._libraries())


def test_a_plugin_is_imported_to_see_whether_it_works(rlchassis, install):
    install("acme-broken", "optimizer", "acme.broken", "acme_broken:Factory", acme_broken="raise RuntimeError('out of order')")
    line = next(line for line in rlchassis("doctor").out.splitlines() if "acme.broken" in line)
    assert "broken" in line.split()
