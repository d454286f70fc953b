"""The page on faults has the exit codes, errors, limits and families of faults of the code."""

from __future__ import annotations

import ast
import inspect
import re
import signal
from pathlib import Path

import attrs
import pytest

from rlchassis import errors
from rlchassis.cli import dispatch
from rlchassis.experiment import EnvFactoryRegistered
from rlchassis.run.interruption import TERMINATING

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def families() -> tuple[str, ...]:
    tree = ast.parse((ROOT / "tests" / "faults" / "__main__.py").read_text(encoding="utf-8"))
    (value,) = (node.value for node in tree.body if isinstance(node, ast.Assign) and node.targets[0].id == "FAMILIES")
    return ast.literal_eval(value)


def test_the_exit_codes_of_the_page_are_those_of_the_command_line():
    rows = re.findall(r"^\| (\d+) \| (.*?) \|", section("Exit codes"), re.MULTILINE)
    signals = {128 + number: number.name for number in (signal.SIGINT, *map(signal.Signals, TERMINATING))}
    assert [int(code) for code, _ in rows] == sorted({dispatch.DONE, dispatch.FAILED, dispatch.MISUSED, dispatch.INTERRUPTED, *signals})
    for code, meaning in rows:
        assert re.findall(r"SIG\w+", meaning) == [name for number, name in signals.items() if number == int(code)]


def test_the_families_of_the_page_are_those_that_are_tried():
    listed = re.findall(r"^\| \*\*(\w+)\*\* \|", section("What survives"), re.MULTILINE)
    assert sorted(listed) == sorted(families())


def test_every_family_is_a_file_of_trials():
    files = {file.stem for file in (ROOT / "tests" / "faults").glob("*.py") if "\ndef trials(" in file.read_text(encoding="utf-8")}
    assert files == set(families())


def test_contributing_lists_every_family():
    (row,) = re.findall(r"^\| `nox -s faults` \| .*", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(re.search(r"every family \((.*?)\)", row)[1].split(", ")) == set(families())


def test_the_errors_of_the_page_are_all_errors_with_their_exit_codes(capsys):
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", section("Errors in Python"), re.MULTILINE))
    known = {name: each for name, each in vars(errors).items() if inspect.isclass(each) and issubclass(each, BaseException)}
    assert set(rows) == set(known)
    assert rows.pop("Interrupted") == "128 + n"
    for name, code in rows.items():
        assert dispatch._failed(known[name].__new__(known[name]), []) == int(code), name
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("name", ["step_timeout", "constructor_timeout"])
def test_the_timeouts_of_the_page_are_the_defaults(name):
    (seconds,) = re.findall(rf"`{name}` \((\d+) s\)", PAGE)
    assert float(seconds) == attrs.fields_dict(EnvFactoryRegistered)[name].default


def test_each_promise_of_the_page_has_a_test():
    rows = re.findall(r"^\| .* \|$", section("Each promise and its test"), re.MULTILINE)[2:]
    for row in rows:
        named = re.findall(r"\]\(\.\./(tests/\S+\.py)\): ((?:test_\w+(?:, )?)+)", row)
        assert named, row
        for file, tests in named:
            text = (ROOT / file).read_text(encoding="utf-8")
            assert all(f"def {test}(" in text for test in tests.split(", ")), row
    assert rows


def test_errors_named_in_the_table_of_faults_exist():
    assert all(hasattr(errors, name) for name in re.findall(r"`(\w+(?:Failure|Error))`", section("What survives")))
