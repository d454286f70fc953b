"""A stranger's run directory: whatever is in it, every door refuses it in one sentence, and nothing of it is run, imported or written."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

REFUSED = "StoredFileError: one sentence"
PLANTED = "an import", "exec by protocol 0", "EXT2", "OBJ", "STACK_GLOBAL"


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What became of every artefact, found out in a process of its own, since an audit hook stays for good."""
    folder = tmp_path_factory.mktemp("hostile")
    command = [sys.executable, str(Path(__file__).with_name("open_all.py")), str(folder)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=500, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads((folder / "report.json").read_text("utf-8"))


def outcomes(told, key):
    return {f"{name} | {door}": one[key] for name, doors in told["report"].items() for door, one in doors.items()}


def test_the_corpus_is_large(told):
    for kind, least in (("pickle", 60), ("recipe", 90), ("policy", 80)):
        assert sum(name.startswith(kind) for name in told["report"]) >= least


def test_every_door_refuses_every_artefact_in_one_sentence(told):
    opened = {door: outcome for door, outcome in outcomes(told, "outcome").items() if outcome != REFUSED}
    shown = {door for door, outcome in opened.items() if door.endswith("which may show it") and outcome.startswith("opened: 'exit code 0,")}
    assert {door: outcome for door, outcome in opened.items() if door not in shown} == {}


def test_nothing_is_run_imported_or_written(told):
    assert {door: events for door, events in outcomes(told, "events").items() if events} == {}
    assert [door for door, changed in outcomes(told, "changed").items() if changed] == []
    assert not told["planted"]


@pytest.mark.parametrize("name", PLANTED)
def test_the_watchman_would_have_seen_it(told, name):
    assert told["naive"][name]
