from __future__ import annotations

import json

import pytest
from matplotlib.figure import Figure

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


def test_the_curve_shows_training_tests_and_the_spread_of_tests(tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(Figure, "savefig", lambda figure, *_, **__: drawn.append(figure))
    (tmp_path / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS), "utf-8")
    draw_learning_curve(tmp_path)
    axes = drawn[0].axes[0]
    training, tests = (line.get_xydata().tolist() for line in axes.lines)
    (band,) = axes.collections
    assert training == [[1, 3.0]]
    assert tests == [[2, 5.0], [4, 9.0]]
    assert {tuple(corner) for corner in band.get_paths()[0].vertices.tolist()} >= {(2, 4.0), (2, 6.0), (4, 8.5), (4, 9.5)}
    assert band.get_alpha() > 0
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["training episodes", "test", "± one standard deviation"]
