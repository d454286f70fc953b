"""One line per recipe: which runs belong together, what the legend says of them, and the numbers that are drawn."""

from __future__ import annotations

import json

import numpy as np
import pytest
from matplotlib.figure import Figure

from rlchassis.errors import StoredFileError
from rlchassis.plots import draw_learning_curves
from rlchassis.plots.groups import Run, grouped, labels, mean_and_spread, run_directories, shared_title


def run(name="run", **settings):
    return Run(name, {"algorithm": "acme", "env.task": "Own-v0", "config.seed": 1, **settings}, [])


def test_runs_that_differ_in_seed_name_or_what_is_shown_and_stored_are_one_group():
    more = {"config.seed": 2, "name": "b", "config.watch_num_episodes": 3, "config.persistence_base_dir": "x", "logger_factory.0": "csv"}
    assert [len(group) for group in grouped([run(), run(**more), run(names=1), run(**{"params.lr": 1.0})])] == [2, 1, 1]


def test_a_number_and_its_text_are_not_the_same_setting():
    assert len(grouped([run(a=1), run(a="[1]"), run(a=[1]), run(a=1.0)])) == 3


def test_the_legend_says_what_differs_and_nothing_else():
    groups = grouped([run(**{"params.lr": 0.1, "params.gamma": 0.9}), run(**{"params.lr": 0.2, "params.gamma": 0.9, "params.new": None})])
    assert labels(groups) == ["params.lr=0.1, params.new=absent", "params.lr=0.2, params.new=null"]


def test_another_algorithm_is_told_by_its_name_and_not_by_its_settings():
    groups = grouped([run(**{"params.lr": 0.1}), run(**{"params.lr": 0.2}), run(algorithm="own", **{"params.eps": 0.3})])
    assert labels(groups) == ["acme, params.lr=0.1", "acme, params.lr=0.2", "own"]


def test_another_environment_is_told_by_its_name():
    assert labels(grouped([run(), run(**{"env.task": "Other-v0"})])) == ["Own-v0", "Other-v0"]


def test_one_group_needs_no_words():
    assert labels(grouped([run(), run()])) == [""]


def test_of_many_differences_four_are_told_and_equal_labels_get_the_directory(tmp_path):
    settings = [{"s0": i > 1, "s1": i > 1, "s2": i > 1, "s3": i > 1, "t": i} for i in range(3)]
    groups = [[Run(tmp_path / f"r{i}", each, [])] for i, each in enumerate(settings)]
    assert labels(groups) == [
        "s0=false, s1=false, s2=false, s3=false and 1 more (r0)",
        "s0=false, s1=false, s2=false, s3=false and 1 more (r1)",
        "s0=true, s1=true, s2=true, s3=true and 1 more",
    ]


def test_the_title_is_what_all_have_in_common():
    assert shared_title([run(), run()]) == "acme on Own-v0"
    assert shared_title([run(), run(algorithm="own")]) == "Own-v0"
    assert shared_title([run(), run(algorithm="own", **{"env.task": "B"})]) == ""


def test_mean_and_spread_over_runs_at_the_same_steps():
    steps, mean, spread = mean_and_spread([([1, 2], [1.0, 5.0]), ([1, 2], [3.0, 5.0])])
    assert (steps.tolist(), mean.tolist(), spread.tolist()) == ([1, 2], [2, 5], [1, 0])


def test_between_its_tests_a_run_is_a_straight_line_and_nothing_is_told_where_one_has_not_been():
    steps, mean, spread = mean_and_spread([([0, 4], [0.0, 4.0]), ([2, 3, 5], [0.0, 1.0, 5.0])])
    assert (steps.tolist(), mean.tolist(), spread.tolist()) == ([2, 3, 4], [1, 2, 3.5], [1, 1, 0.5])


def test_runs_that_never_overlap_have_no_mean():
    assert [len(each) for each in mean_and_spread([([1], [1.0]), ([2], [1.0])])] == [0, 0, 0]


def write(directory, returns, tag="test/return", **settings):
    directory.mkdir(parents=True)
    (directory / "metrics.jsonl").write_text(
        "".join(json.dumps({"step": i, tag: each}) + "\n" for i, each in enumerate(returns, 1)), "utf-8"
    )
    (directory / "experiment.json").write_text(json.dumps({"format": 1, **settings}), "utf-8")
    return directory


def test_run_directories_are_found_at_any_depth_and_each_once(tmp_path):
    for name in ("log/b", "log/a/2", "log/a/1"):
        write(tmp_path / name, [1.0])
    names = [path.relative_to(tmp_path).as_posix() for path in run_directories([tmp_path / "log", tmp_path / "log" / "b"])]
    assert names == ["log/a/1", "log/a/2", "log/b"]


def test_a_folder_without_runs_is_refused(tmp_path):
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(StoredFileError, match=r"there is no metrics\.jsonl in it\.$"):
            run_directories([folder])


@pytest.fixture
def drawn(monkeypatch):
    figures = []
    monkeypatch.setattr(Figure, "savefig", lambda figure, *_, **__: figures.append(figure))
    return figures


def test_the_picture_has_a_line_per_recipe_with_the_spread_of_its_seeds(tmp_path, drawn):
    for seed, returns in enumerate([[1.0, 2.0], [3.0, 6.0]]):
        write(tmp_path / f"s{seed}", returns, config={"seed": seed}, lr=1)
    write(tmp_path / "alone", [7.0, 8.0], lr=2)
    draw_learning_curves(sorted(path for path in tmp_path.iterdir()), tmp_path / "x.png")
    (figure,) = drawn
    (axes,) = figure.axes
    told = {line.get_label(): line.get_xydata().tolist() for line in axes.lines if not line.get_label().startswith("_")}
    assert told == {"lr=2 (one run)": [[1, 7.0], [2, 8.0]], "lr=1 (2 runs)": [[1, 2.0], [2, 4.0]]}
    (band,) = axes.collections
    assert {tuple(corner) for corner in band.get_paths()[0].vertices.tolist()} >= {(1, 1.0), (1, 3.0), (2, 2.0), (2, 6.0)}
    assert [text.get_text() for text in figure.legends[0].get_texts()] == list(told)
    assert axes.get_ylabel() == "undiscounted return of tests, mean ± standard deviation of runs"


def test_runs_without_a_test_are_left_out_and_told(tmp_path, drawn, caplog):
    write(tmp_path / "a", [1.0])
    write(tmp_path / "b", [1.0], tag="train/return")
    draw_learning_curves([tmp_path / "a", tmp_path / "b"], tmp_path / "x.png")
    assert len(drawn[0].axes[0].lines) == 1
    assert f"{tmp_path / 'b'} holds no undiscounted return of tests" in caplog.text


def test_where_no_run_was_tested_training_is_shown(tmp_path, drawn):
    draw_learning_curves([write(tmp_path / name, [1.0], tag="train/return") for name in "ab"], tmp_path / "x.png")
    assert "while training" in drawn[0].axes[0].get_ylabel()


def test_runs_without_any_return_are_refused_and_no_picture_is_left(tmp_path):
    directories = [write(tmp_path / name, []) for name in "ab"]
    with pytest.raises(StoredFileError, match="none of these runs holds a return"):
        draw_learning_curves(directories, tmp_path / "x.png")
    assert not (tmp_path / "x.png").exists()


def test_more_recipes_than_colours_are_told_apart_by_the_kind_of_line(tmp_path, drawn):
    draw_learning_curves([write(tmp_path / f"r{i}", [1.0, 2.0], lr=i) for i in range(12)], tmp_path / "x.png")
    lines = drawn[0].axes[0].lines
    assert len({(line.get_color(), line.get_linestyle()) for line in lines}) == len(lines) == 12


def test_what_matplotlib_would_take_for_a_formula_is_a_text(tmp_path):
    directories = [write(tmp_path / f"r{i}", [1.0, 2.0], note=f"$\\frac{i}$") for i in range(2)]
    assert draw_learning_curves(directories, tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")
    assert np.all([file.suffix != ".new" for file in tmp_path.iterdir()])
