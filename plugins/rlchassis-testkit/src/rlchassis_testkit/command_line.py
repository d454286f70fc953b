"""Commands of the command line, run in this very process."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import entry_points

import attrs
import pytest


@attrs.frozen
class Outcome:
    """Exit code and output of a command."""

    code: int
    out: str
    err: str


@pytest.fixture
def rlchassis(capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Runs the words of a command as the installed script does."""
    (script,) = entry_points(group="console_scripts", name="rlchassis")
    main = script.load()

    def run(*words: object) -> Outcome:
        capsys.readouterr()
        return Outcome(main([str(word) for word in words]), *capsys.readouterr())

    return run
