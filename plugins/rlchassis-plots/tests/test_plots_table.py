"""The numbers of a picture as CSV, tidy: a row per point of a run, and a row per step of their mean."""

from __future__ import annotations

import csv

from rlchassis_plots import draw_learning_curves, find_runs

COLUMNS = ["env", "label", "run", "step", "value", "mean", "low", "high", "runs", "metric"]


def table(folders, path, **options):
    draw_learning_curves(find_runs(folders), path.with_suffix(".png"), table=path, **options)
    with path.open(encoding="utf-8", newline="") as file:
        columns, *rows = csv.reader(file)
    return columns, [row[2:-1] for row in rows], {(row[0], row[1], row[-1]) for row in rows}


def with_tests(*points):
    return [{"step": step, "test/return": value} for step, value in points]


def test_points_of_runs_and_then_their_mean_and_interval(synthetic, tmp_path, drawn):
    folders = [synthetic(f"{i}", seed=i, rows=with_tests((1, value))) for i, value in enumerate((0.0, 0.0, 9.0))]
    folders.append(synthetic("3", seed=3, rows=with_tests((2, 0.1))))
    columns, rows, same = table(folders, tmp_path / "x.csv", labels=["a\n$"])
    assert columns == COLUMNS
    assert same == {("CartPole-v1", r"a\n$", "test/return")}
    assert rows[:4] == [
        [str(folder), step, value, "", "", "", ""] for folder, step, value in zip(folders, "1112", ("0", "0", "9", "0.1"), strict=True)
    ]
    assert rows[4:] == [["", "1", "", "3", "0", "9", "3"], ["", "2", "", "0.1", "", "", "1"]]


def test_an_interquartile_mean_is_called_so(synthetic, tmp_path, drawn):
    folders = [synthetic(f"{i}", seed=i, rows=with_tests((1, value))) for i, value in enumerate((0.0, 1.0, 3.0, 1000.0))]
    columns, rows, _ = table(folders, tmp_path / "x.csv", iqm=True)
    assert columns == ["iqm" if name == "mean" else name for name in COLUMNS]
    assert rows[-1][3] == "2"


def test_of_one_run_training_and_tests_with_the_spread_of_their_episodes(synthetic, tmp_path, drawn):
    metrics = [{"step": 1, "train/return": 3.0}, {"step": 2, "test/return": 5.0, "test/return_std": 1.0}]
    folder = synthetic("one", rows=metrics)
    _, rows, kinds = table([folder], tmp_path / "x.csv")
    assert kinds == {("CartPole-v1", "training episodes", "train/return"), ("CartPole-v1", "test episodes", "test/return")}
    assert [row for row in rows if row[0]] == [[str(folder), "1", "3", "", "", "", ""], [str(folder), "2", "5", "", "", "", ""]]
    assert rows[-1] == ["", "2", "", "5", "4", "6", "1"]


def test_smoothed_numbers_are_those_that_are_drawn(synthetic, tmp_path, drawn):
    _, rows, _ = table([synthetic("one", rows=with_tests((1, 1.0), (2, 2.0)))], tmp_path / "x.csv", smooth=2)
    assert [row[2] for row in rows if row[0]] == ["1", "1.5"]
