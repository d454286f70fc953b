from __future__ import annotations

import os
import subprocess
import sys

import pytest

PNG = b"\x89PNG"


def test_one_run_gets_its_picture_in_its_directory(rlchassis, write_run):
    directory = write_run(trained=[(1, 2.0)])
    done = rlchassis("plot", directory)
    assert (done.code, done.out, done.err) == (0, f"learning curve: {directory / 'learning_curve.png'}\n", "")
    assert (directory / "learning_curve.png").read_bytes().startswith(PNG)


def test_several_runs_get_one_picture_here(rlchassis, write_run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    runs = [write_run(f"log/{seed}", seed=seed) for seed in range(2)]
    done = rlchassis("plot", *runs)
    assert (done.code, done.out) == (0, "learning curve: learning_curve.png\n")
    assert (tmp_path / "learning_curve.png").read_bytes().startswith(PNG)
    assert not (runs[0] / "learning_curve.png").exists()


@pytest.mark.parametrize(("name", "begins"), [("x.png", PNG), ("x.SVG", b"<?xml"), ("x.pdf", b"%PDF")])
def test_a_folder_of_runs_is_drawn_into_the_file_that_is_named(rlchassis, write_run, tmp_path, name, begins):
    for seed in range(2):
        write_run(f"log/{seed}", seed=seed)
    done = rlchassis("plot", tmp_path / "log", "--out", tmp_path / name)
    assert (done.code, done.err) == (0, "")
    assert (tmp_path / name).read_bytes().startswith(begins)


def is_refused(done, hint):
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1), done
    assert hint in done.err


@pytest.mark.parametrize(
    ("out", "hint"),
    [
        ("x.txt", "ends with one of .png"),
        ("x", "ends with"),
        ("no/x.png", "no file can be written at"),
        ("d.png", "no file can be written at"),
    ],
)
def test_a_picture_that_has_no_place_is_refused(rlchassis, write_run, tmp_path, out, hint):
    directory = write_run()
    (tmp_path / "d.png").mkdir()
    is_refused(rlchassis("plot", directory, "--out", tmp_path / out), hint)
    assert list((tmp_path / "d.png").iterdir()) == []


@pytest.mark.parametrize(
    ("text", "hint"),
    [("", "expected a path, got none"), ("x" * 300, "File name too long"), ("a\0b", "embedded null"), ("loop/x", "symbolic links")],
)
def test_impossible_file_names_are_refused_wherever_a_path_is_typed(rlchassis, write_run, tmp_path, monkeypatch, text, hint):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "loop").symlink_to("loop")
    directory = write_run()
    for words in (["plot", text], ["plot", directory, "--out", text], ["plot", directory, "--csv", text]):
        is_refused(rlchassis(*words), hint)


def test_plot_refuses_a_directory_that_is_no_run(rlchassis, tmp_path):
    is_refused(rlchassis("plot", tmp_path), "there is no metrics.jsonl in it")


def test_a_run_without_any_return_is_refused_and_gets_no_picture(rlchassis, write_run):
    directory = write_run()
    (directory / "metrics.jsonl").write_text('{"step": 1, "learn/loss": 0.5}\n')
    is_refused(rlchassis("plot", directory), "holds no return yet")
    assert not (directory / "learning_curve.png").exists()


@pytest.mark.parametrize("content", [b"{\n", b'{"step": "1"}\n', b"\xff\n"])
@pytest.mark.parametrize("several", [False, True])
def test_damaged_metrics_are_refused_and_an_older_picture_stays(rlchassis, write_run, tmp_path, content, several):
    runs = [write_run(f"{seed}", seed=seed) for seed in range(1 + several)]
    (runs[-1] / "metrics.jsonl").write_bytes(content)
    (tmp_path / "x.png").write_bytes(b"precious")
    is_refused(rlchassis("plot", *runs, "--out", tmp_path / "x.png"), "is damaged" if b"step" not in content else "finite numbers")
    assert (tmp_path / "x.png").read_bytes() == b"precious"


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"format": 2}'])
def test_a_damaged_recipe_among_several_is_refused(rlchassis, write_run, tmp_path, content):
    runs = [write_run(f"{seed}", seed=seed) for seed in range(2)]
    (runs[1] / "experiment.json").write_bytes(content)
    is_refused(rlchassis("plot", *runs, "--out", tmp_path / "x.png"), str(runs[1]))
    assert not (tmp_path / "x.png").exists()


def test_a_disk_that_is_full_midway_leaves_the_older_picture(rlchassis, write_run, monkeypatch):
    def full(_):
        raise OSError(28, "No space left on device")

    directory = write_run()
    (directory / "learning_curve.png").write_bytes(b"precious")
    monkeypatch.setattr("os.fsync", full)
    is_refused(rlchassis("plot", directory), "learning_curve.png cannot be written (No space left on device)")
    assert (directory / "learning_curve.png").read_bytes() == b"precious"
    assert [file.name for file in directory.iterdir() if "new" in file.name] == []


def test_labels_smoothing_and_numbers_are_as_they_are_asked_for(rlchassis, write_run, tmp_path):
    for name, lr in (("b", 1), ("a", 2)):
        write_run(f"log/{name}", lr=lr)
    picture, table = tmp_path / "x.svg", tmp_path / "x.csv"
    words = ("--label", "first", "--label", "second", "--smooth", 3, "--iqm", "--csv", table, "--out", picture)
    done = rlchassis("plot", tmp_path / "log/b", tmp_path / "log/a", *words)
    assert (done.code, done.out) == (0, f"learning curve: {picture}\nnumbers: {table}\n")
    assert "fewer than 4 runs is their mean, as of first, second here" in done.err
    rows = [line.split(",") for line in table.read_text().splitlines()]
    assert {tuple(row[1:3]) for row in rows[1:] if row[2]} == {("first", str(tmp_path / "log/b")), ("second", str(tmp_path / "log/a"))}
    assert [row[4] for row in rows if row[1:3] == ["first", str(tmp_path / "log/b")]] == ["10", "20", "20"]


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["--label", "a"], "expected 2 labels, one per directory or one per line of the legend, got 1"),
        (["--label", "a", "--label", "a", "--label", "a"], "expected 2 labels, one per directory or one per line of the legend, got 3"),
        (["--label", " "], "expected a text, got none"),
        (["--smooth", "0"], "expected a whole number of points from 1 on, got '0'"),
        (["--smooth", "x"], "got 'x'"),
        (["--csv", "x.png"], "--out and --csv are both x.png"),
        (["--csv", "no/x.csv"], "no file can be written at"),
    ],
)
def test_options_that_cannot_be_met_are_refused_before_anything_is_written(rlchassis, write_run, tmp_path, monkeypatch, words, hint):
    monkeypatch.chdir(tmp_path)
    runs = [write_run(f"{lr}", lr=lr) for lr in range(2)]
    is_refused(rlchassis("plot", *runs, "--out", "x.png", *words), hint)
    assert [file.name for file in tmp_path.iterdir() if file.is_file()] == []


def test_training_in_which_no_episode_ended_draws_no_picture_and_says_so(write_run, caplog):
    from rlchassis.cli.train import after_train  # with torch, which no other test of this file needs

    directory = write_run(tests={})
    with caplog.at_level("INFO"):
        after_train(directory)
    ((_, level, message),) = caplog.record_tuples
    assert (level, message) == (20, f"plot: {directory} holds no return yet; plot it once an episode of it has ended.")
    assert not (directory / "learning_curve.png").exists()


def test_nothing_to_plot_is_refused(rlchassis):
    is_refused(rlchassis("plot"), "required: DIR")


def test_without_a_display_or_a_place_for_matplotlibs_cache_a_picture_is_drawn_and_until_then_matplotlib_not_imported(write_run, tmp_path):
    directory = write_run()
    (tmp_path / "file").touch()
    code = (
        "import sys, rlchassis_plots, rlchassis.cli as cli; assert 'matplotlib' not in sys.modules and 'torch' not in sys.modules;"
        f"sys.exit(cli.main(['plot', {str(directory)!r}]))"
    )
    bare = {key: value for key, value in os.environ.items() if key != "DISPLAY"}
    environment = {**bare, "MPLBACKEND": "TkAgg", "MPLCONFIGDIR": str(tmp_path / "file" / "x")}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, timeout=100)
    assert (directory / "learning_curve.png").read_bytes().startswith(PNG)
