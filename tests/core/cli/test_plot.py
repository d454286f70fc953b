from __future__ import annotations

import pytest
from matplotlib.figure import Figure

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
    ("out", "hint"), [("x.txt", "end with one of .png"), ("x", "end with"), ("no/x.png", "no place"), ("d.png", "no place")]
)
def test_a_picture_that_has_no_place_is_refused(rlchassis, write_run, tmp_path, out, hint):
    directory = write_run()
    (tmp_path / "d.png").mkdir()
    is_refused(rlchassis("plot", directory, "--out", tmp_path / out), hint)
    assert list((tmp_path / "d.png").iterdir()) == []


def test_what_is_no_run_is_refused(rlchassis, tmp_path):
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


def test_a_disk_that_is_full_midway_leaves_the_older_picture(rlchassis, write_run, tmp_path, monkeypatch):
    def savefig(figure, file, **_):
        with file if hasattr(file, "write") else open(file, "wb") as opened:  # noqa: PTH123  a path or a file, as savefig takes them
            opened.write(PNG)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Figure, "savefig", savefig)
    directory = write_run()
    (directory / "learning_curve.png").write_bytes(b"precious")
    is_refused(rlchassis("plot", directory), "No space left on device")
    assert (directory / "learning_curve.png").read_bytes() == b"precious"
    assert [file.name for file in directory.iterdir() if "new" in file.name] == []
