from __future__ import annotations

import pytest

from rlchassis.cli.allowed import asking_to_allow
from rlchassis.errors import NotAllowedError

IN_PYTHON = "hand it over: evaluate('log/x', allow=[A])"


def asked_for(*names):
    with pytest.raises(NotAllowedError) as refusal, asking_to_allow():
        raise NotAllowedError("the recipe in log/x", names, IN_PYTHON)
    return str(refusal.value)


def test_on_the_command_line_code_is_asked_for_by_its_option():
    assert asked_for("mine:A", "mine:b") == (
        "the recipe in log/x uses mine:A, mine:b, which no plugin registers; if you trust this code, add --allow mine:A --allow mine:b"
    )


def test_code_that_only_python_can_name_is_asked_for_in_python():
    assert asked_for("mine:make.<locals>.A").endswith(IN_PYTHON)
