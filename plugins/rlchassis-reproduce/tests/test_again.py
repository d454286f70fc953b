"""Looking at a run while it runs, with a script in its place."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from rlchassis.api import UsageError
from rlchassis_reproduce.again import Again

ROWS = [{"step": step, "train/return": step / 2, "time/fps": 1} for step in (10, 20, 30)]
WRITER = """
import json, pathlib, sys, time
place, rows, then = pathlib.Path(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3]
place.mkdir()
(place / "metrics.jsonl").write_text("".join(json.dumps(row) + chr(10) for row in rows))
if then == "goes on":
    time.sleep(600)
sys.exit(then != "ends" and "it was " + then)
"""


class Script(Again):
    """Writes these rows, and then ends, goes on, or fails."""

    rows_to_write, then = ROWS, "ends"

    def _command(self) -> list[str]:
        return [sys.executable, "-I", "-S", "-c", WRITER, str(self.directory), json.dumps(self.rows_to_write), self.then]


def script(tmp_path: Path, rows: list[dict[str, float]], then: str) -> Script:
    (tmp_path / "experiment.json").write_text('{"logger_factory": {"component": "logger/wandb"}, "name": null}')
    made = Script(tmp_path, tmp_path, ())
    made.rows_to_write, made.then = rows, then
    return made


def test_a_run_with_the_same_rows_is_the_same_whatever_its_times(tmp_path):
    again = script(tmp_path, [{**row, "time/fps": 7} for row in ROWS], "ends")
    assert again.run(ROWS) is None
    assert [row["step"] for row in again.rows] == [10, 20, 30]
    assert json.loads((tmp_path / "again.json").read_text()) == {"logger_factory": None, "name": None}


@pytest.mark.parametrize(
    ("changed", "described"),
    [
        ({"train/return": 9}, "row 2, step 20: train/return 10.0 there, 9 here"),
        ({"learn/loss": 1.5}, "row 2, step 20: learn/loss missing there, 1.5 here"),
        (
            {"step": 21, "a": 1, "b": 2, "c": 3},
            "row 2, step 20: step 20 there, 21 here, a missing there, 1 here, b missing there, 2 here, and 1 more",
        ),
    ],
)
def test_a_run_is_ended_at_the_first_row_that_differs(tmp_path, changed, described):
    again = script(tmp_path, [ROWS[0], {**ROWS[1], **changed}, {"step": 99}], "goes on")
    found = again.run(ROWS)
    assert found is not None
    assert found.described("there", "here") == described


def test_a_run_that_goes_further_than_the_stored_one_is_ended_there(tmp_path):
    assert script(tmp_path, ROWS, "goes on").run(ROWS[:2]) is None


def test_a_run_that_cannot_be_repeated_is_refused_with_its_last_words(tmp_path):
    with pytest.raises(UsageError, match=r"the run cannot be repeated: `rlchassis (?s:.*)` ended with code 1: it was impossible"):
        script(tmp_path, [], "impossible").run(ROWS)
