"""Commands typed in this very process, and what became of them."""

from __future__ import annotations

import pytest

from rlchassis.registry import forget
from rlchassis_testkit.command_line import rlchassis
from rlchassis_testkit.written_runs import write_run

__all__ = ["rlchassis", "write_run"]


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
