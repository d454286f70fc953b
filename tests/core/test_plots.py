from __future__ import annotations

import json

import pytest

from rlchassis.plots import draw_learning_curve

ROWS = [
    {"step": 1, "train/return": 3.0},
    {"step": 2, "test/return": 5.0, "test/return_std": 1.0},
    {"step": 3, "train/return": None},
    {"step": 4, "test/return": 9.0, "test/return_std": 0.5},
]


def is_drawn(directory, rows):
    (directory / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    path = draw_learning_curve(directory)
    assert path == directory / "learning_curve.png"
    return path.read_bytes()


@pytest.mark.parametrize("rows", [ROWS, ROWS[:1], ROWS[1:2], []], ids=["both", "training", "tests", "nothing"])
def test_a_learning_curve_is_drawn_of_whatever_there_is(tmp_path, rows):
    assert is_drawn(tmp_path, rows).startswith(b"\x89PNG")


def test_every_part_of_the_metrics_is_seen(tmp_path):
    pictures = {is_drawn(tmp_path, rows) for rows in (ROWS, ROWS[:1], ROWS[1:2], [{**row, "test/return_std": 3.0} for row in ROWS[1::2]])}
    assert len(pictures) == 4
