"""A stranger's run directory: whatever is in it, every door answers in a sentence, and nothing of it is run, imported or written."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

SHARE = 4
"""Of the directories that are made by multiplication, one of so many; `nox -s faults -- hostile` opens all of them by all doors."""
FAMILIES = {
    "experiment.pkl": 60,
    "experiment.json as text": 30,
    "meaning of experiment.json": 70,
    "policy.pt as a file": 45,
    "content of policy.pt": 20,
    "archive of policy.pt": 35,
    "pickle of policy.pt": 75,
    "record of policy.pt": 20,
    "wishes": 45,
    "imports": 14,
    "one strange value": 140,
    "metrics.jsonl": 30,
    "provenance.json": 20,
    "run.lock": 15,
    "no regular file": 80,
    "no directory": 5,
    "planted": 9,
    "files of a checkpoint": 45,
    "chunks of a checkpoint": 12,
    "content of a checkpoint": 45,
    "no checkpoint": 6,
    "one strange value in a checkpoint": 28,
}
NAIVE = ("an import", "exec by protocol 0", "EXT2", "OBJ", "STACK_GLOBAL", "a gibibyte")


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What became of every directory, found out in a process of its own, since an audit hook stays for good; and the table of it."""
    folder = tmp_path_factory.mktemp("hostile")
    command = [sys.executable, str(Path(__file__).with_name("everything.py")), str(folder), str(SHARE)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1800, check=False)
    sys.stdout.write(done.stdout)
    lines = [json.loads(line) for line in (folder / "report.jsonl").read_text("utf-8").splitlines()]
    return done.stdout + done.stderr, lines


def test_the_corpus_holds_hundreds_of_directories_of_each_kind_of_fault(found):
    count = Counter(line["family"] for line in found[1] if "family" in line)
    assert {family: least for family, least in FAMILIES.items() if count[family] < least} == {}
    assert sum(count.values()) >= 850


def test_every_door_answers_in_a_sentence_and_nothing_is_run_imported_written_or_used_up(found):
    text, lines = found
    wrong = {f"{line['family']}: {line['name'][:80]}": line["doors"] for line in lines if any(line.get("doors", {}).values())}
    assert wrong == {}, text[:3000]


@pytest.mark.parametrize("name", NAIVE)
def test_payloads_that_a_naive_reader_executes_are_detected(found, name):
    assert found[1][-1]["naive"][name]
