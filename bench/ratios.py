"""ratios.toml: the ratios of rows that were timed to be shown, round by round. Holds for one kind of machine as for another, about."""

from __future__ import annotations

import tomllib
from pathlib import Path

FILE = Path(__file__).parent / "ratios.toml"
Ratios = dict[str, list[float]]
"""Of one row: "eager" and "compiled", a ratio to the faster peer per round."""


def record(measured: dict[str, Ratios], file: Path = FILE) -> None:
    """Replace the rows that were measured and keep the others, and the comment at the top."""
    text = file.read_text(encoding="utf-8")
    rows: dict[str, Ratios] = tomllib.loads(text) | measured
    comment = [line for line in text.splitlines() if line.startswith("#")]
    tables = [f"\n[{name}]\n{_lines(rows[name])}" for name in sorted(rows)]
    file.write_text("\n".join([*comment, *tables]) + "\n", encoding="utf-8")


def _lines(ratios: Ratios) -> str:
    return "\n".join(f"{mode} = [{', '.join(f'{ratio:.2f}' for ratio in rounds)}]" for mode, rounds in ratios.items())
