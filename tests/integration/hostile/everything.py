"""`everything.py [FOLDER [SHARE]]`: opens the corpus in child processes, which an audit hook, a hang or a crash spoils; and counts."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

MOST_CHILDREN = 10


def opened(folder: Path, share: int = 1) -> list[dict[str, Any]]:
    """The lines of the report; a child that dies has failed the case it was at, and the next begins after that one."""
    report = folder / "report.jsonl"
    for _ in range(MOST_CHILDREN):
        lines = _lines(report)
        if lines and "naive" in lines[-1]:
            return lines
        command = [sys.executable, str(Path(__file__).with_name("open_all.py")), str(folder), str(share), str(len(lines))]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode:
            problem, case = f"the process ended with {done.returncode}: {done.stderr[-300:]}", f"case {len(_lines(report))}"
            with report.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"family": "(died)", "name": case, "doors": {"any": [problem]}}) + "\n")
    raise AssertionError(f"{MOST_CHILDREN} processes did not get to the end: {_lines(report)[-1:]}")


def _lines(report: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in report.read_text("utf-8").splitlines()] if report.exists() else []


def problems(lines: list[dict[str, Any]]) -> list[str]:
    """A line for each door that is not as it should be."""
    cases = ((f"{line['family']}, {line['name'][:80]}", line["doors"]) for line in lines if "family" in line)
    return [f"{case} | {door}: {each}" for case, doors in cases for door, found in doors.items() for each in found]


def table(lines: list[dict[str, Any]]) -> str:
    """Family, tried, good."""
    cases = [line for line in lines if "family" in line]
    tried, good = Counter(case["family"] for case in cases), Counter(case["family"] for case in cases if not any(case["doors"].values()))
    rows = [(family, count, good[family]) for family, count in tried.items()]
    rows += [("directories", len(cases), sum(good.values()))]
    openings = [found for case in cases for found in case["doors"].values()]
    rows += [("openings", len(openings), sum(not found for found in openings))]
    return "\n".join(f"{family:<32}{count:>7}{fine:>7}" for family, count, fine in [("family", "tried", "good"), *rows])


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as empty:
        found = opened(Path(sys.argv[1] if len(sys.argv) > 1 else empty), int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    sys.stdout.write("\n".join([table(found), *problems(found), ""]))
    sys.exit(bool(problems(found)))
