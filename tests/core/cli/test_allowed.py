from __future__ import annotations

import sys

import pytest

from rlchassis.cli.allowed import allowed, asking_to_allow
from rlchassis.errors import NotAllowedError, UsageError

IN_PYTHON = "pass it in allow: evaluate('log/x', allow=[A])"


def asked_for(*names):
    with pytest.raises(NotAllowedError) as refusal, asking_to_allow():
        raise NotAllowedError("the configuration in log/x", names, IN_PYTHON)
    return str(refusal.value)


def test_on_the_command_line_code_is_asked_for_by_its_option():
    assert asked_for("mine:A", "mine:b") == (
        "the configuration in log/x uses mine:A, mine:b, which no plugin registers; "
        "if you trust this code, add --allow mine:A --allow mine:b"
    )


def test_code_that_only_python_can_name_is_asked_for_in_python():
    assert asked_for("mine:make.<locals>.A").endswith(IN_PYTHON)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("x = 1\ny ==\n", "SyntaxError: invalid syntax in {file}, line 2."),
        ("import json\njson.loads('{')\n", "JSONDecodeError: Expecting property name enclosed in double quotes"),
        ("import json\njson.loads('{')\n", " in {file}, line 2."),
        ("Mine = 3\n", "AttributeError: module 'own_to_allow' has no attribute 'Yours'."),
    ],
)
def test_an_error_on_importing_own_code_is_reported_with_file_and_line(tmp_path, monkeypatch, code, said):
    file = tmp_path / "own_to_allow.py"
    file.write_text(code, "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UsageError) as refusal:
        allowed(["own_to_allow:Yours"])
    sys.modules.pop("own_to_allow", None)
    assert str(refusal.value).startswith("--allow own_to_allow:Yours cannot be imported: ")
    assert said.format(file=file) in str(refusal.value)
