"""Commands typed in this very process, and what became of them."""

from __future__ import annotations

import attrs
import pytest

from rlchassis.cli import main
from rlchassis.registry import forget
from rlchassis_testkit.written_runs import write_run

__all__ = ["write_run"]


@attrs.frozen
class Outcome:
    code: int
    out: str
    err: str


@pytest.fixture
def rlchassis(capsys):
    def run(*words: object) -> Outcome:
        capsys.readouterr()
        return Outcome(main([str(word) for word in words]), *capsys.readouterr())

    return run


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Installs a distribution with one entry point, by writing what an installer would write."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(distribution: str, kind: str, name: str, target: str, **files: str) -> None:
        info = tmp_path / f"{distribution.replace('-', '_')}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n", "utf-8")
        (info / "entry_points.txt").write_text(f"[rlchassis.{kind}]\n{name} = {target}\n", "utf-8")
        for module, code in files.items():
            (tmp_path / f"{module}.py").write_text(code, "utf-8")
        forget()

    yield write
    monkeypatch.undo()
    forget()
