"""Pictures of runs: every word is where it can be read, and every line shows what was measured."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import combinations

import matplotlib as mpl
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from rlchassis.errors import StoredFileError, UsageError
from rlchassis_plots import draw_learning_curve, draw_learning_curves, find_runs
from rlchassis_plots.picture import style_of

EIGHTY = "a-name-of-eighty-characters-that-somebody-gave-to-the-runs-of-an-experiment-"
SPACES = "CartPole-v1", "Acrobot-v1", "an-environment/whose-name-is-longer-than-its-panel-is-wide-v4"


def written_texts(figure):
    """Every text but the labels of ticks beyond an axis, which matplotlib keeps but does not draw."""
    beyond = []
    for axis in (axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)):
        low, high = axis.get_view_interval()
        beyond += [tick.label1 for tick in axis.get_major_ticks() if not low <= tick.get_loc() <= high]
    return [text for text in figure.findobj(Text) if text.get_text() and text.get_visible() and text not in beyond]


def assert_legible(figure):
    """No text is cut by the edge of the picture, lies on another or covers a panel."""
    boxes = [(text.get_text(), text.get_window_extent().padded(-1)) for text in written_texts(figure)]
    edge = figure.bbox
    assert [text for text, box in boxes if min(box.x0, box.y0) < 0 or box.x1 > edge.x1 or box.y1 > edge.y1] == []
    assert [(one, other) for (one, box), (other, its_box) in combinations(boxes, 2) if box.overlaps(its_box)] == []
    panels = [axes.get_window_extent().padded(-1) for axes in figure.axes]
    assert [text for text, box in boxes if any(box.overlaps(panel) for panel in panels)] == []


def one_run(write):
    return [write("one")]


def ten_seeds(write):
    return [write(f"s{seed}", seed=seed) for seed in range(10)]


def four_configurations_of_different_length(write):
    return [write(f"{i}-{seed}", seed=seed, tests=3 + 2 * i, params={"lr": i}) for i in range(4) for seed in range(2)]


def three_environments(write):
    return [write(f"{i}-{name}", env=env, algorithm=name) for i, env in enumerate(SPACES) for name in ("ppo", "sac")]


def names_of_eighty_characters(write):
    return [write(f"{EIGHTY}{i}", env=EIGHTY + "env", params={**dict.fromkeys("abcd", i > 5), "e": i}) for i in range(7)]


def twenty_configurations(write):
    return [write(f"{i}", seed=i, tests=2, params={"lr": i / 1000, "gae_lambda": 1 - i / 100}) for i in range(20)]


PICTURES = (
    one_run,
    ten_seeds,
    four_configurations_of_different_length,
    three_environments,
    names_of_eighty_characters,
    twenty_configurations,
)


@pytest.mark.parametrize("write_runs", PICTURES, ids=lambda function: function.__name__)
def test_no_word_is_cut_or_covered_or_covers_a_panel_in_the_picture_of(write_runs, synthetic, tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(Figure, "savefig", lambda figure, *_, **__: drawn.append(figure) or figure.canvas.draw())
    draw_learning_curves(find_runs(write_runs(synthetic)), tmp_path / "x.png")
    (figure,) = drawn
    assert_legible(figure)
    assert figure.dpi >= 150
    assert all(axes.get_window_extent().height > 1.5 * figure.dpi for axes in figure.axes)


def picture(drawn, folders, path, **options):
    draw_learning_curves(find_runs(folders), path, **options)
    return drawn[-1]


def lines(axes):
    return [line.get_xydata().tolist() for line in axes.lines]


def corners(band):
    return {tuple(corner) for corner in band.get_paths()[0].vertices.tolist()}


def legend(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def caption(figure):
    return figure.texts[0].get_text().replace("\n", " ")


def with_tests(*points):
    return [{"step": step, "test/return": value} for step, value in points]


def test_three_runs_are_their_mean_with_an_interval_around_it(synthetic, tmp_path, drawn):
    folders = [synthetic(f"{i}", seed=i, rows=with_tests((1, value), (2, 4.0))) for i, value in enumerate((0.0, 0.0, 9.0))]
    figure = picture(drawn, folders, tmp_path / "x.png")
    (axes,) = figure.axes
    (band,) = axes.collections
    assert lines(axes) == [[[1, 3], [2, 4]]]
    assert corners(band) == {(1, 0), (1, 9), (2, 4)}
    assert legend(figure) == ["ppo (3 runs)"]
    assert (axes.get_title(), axes.get_xlabel(), axes.get_ylabel()) == ("CartPole-v1", "environment steps", "return")
    assert caption(figure) == "Undiscounted return of test episodes; mean of runs with its 95 % bootstrap confidence interval."


def test_two_runs_are_shown_themselves_with_their_mean_and_without_an_interval(synthetic, tmp_path, drawn):
    folders = [synthetic("a", rows=with_tests((1, 0.0), (2, 2.0), (3, 9.0))), synthetic("b", rows=with_tests((1, 4.0), (2, 6.0)))]
    figure = picture(drawn, folders, tmp_path / "x.png")
    (axes,) = figure.axes
    assert lines(axes) == [[[1, 0], [2, 2], [3, 9]], [[1, 4], [2, 6]], [[1, 2], [2, 4]]]
    assert [line.get_linewidth() for line in axes.lines] == [0.7, 0.7, 1.6]
    assert list(axes.collections) == []
    assert caption(figure) == "Undiscounted return of test episodes; mean of runs; thin: the runs themselves, where they are two."


def test_where_runs_have_ended_the_others_go_on_faintly_and_no_line_joins_the_two(synthetic, tmp_path, drawn):
    ends = [synthetic(f"{i}", seed=i, rows=with_tests((1, 9.0), (2, 9.0))) for i in range(2)]
    longer = [synthetic(f"{i}", seed=i, rows=with_tests((1, 0.0), (2, 0.0), (3, 0.0))) for i in range(2, 4)]
    figure = picture(drawn, [*ends, *longer], tmp_path / "x.png")
    whole, rest = figure.axes[0].lines
    assert (whole.get_xydata().tolist(), rest.get_xydata().tolist()) == ([[1, 4.5], [2, 4.5]], [[3, 0]])
    assert rest.get_alpha() == 0.5
    assert rest.get_marker() == "o"
    assert caption(figure).endswith("; faint: where some runs have no data.")


def test_each_environment_has_a_panel_and_each_label_one_style_in_all(synthetic, tmp_path, drawn):
    figure = picture(drawn, three_environments(synthetic), tmp_path / "x.png")
    assert [axes.get_title().replace("\n", "") for axes in figure.axes] == list(SPACES)
    assert len({tuple(line.get_color() for line in axes.lines) for axes in figure.axes}) == 1
    assert legend(figure) == ["ppo (1 run)", "sac (1 run)"]


def test_a_legend_counts_the_runs_of_all_panels(synthetic, tmp_path, drawn):
    folders = [synthetic("a"), *(synthetic(f"b{i}", env="B", seed=i) for i in range(2))]
    assert legend(picture(drawn, folders, tmp_path / "x.png")) == ["ppo (1–2 runs)"]


def test_no_two_lines_of_168_look_alike():
    assert len({(each["color"], each["linestyle"], each["marker"]) for each in map(style_of, range(168))}) == 168


def test_the_caption_says_what_the_labels_leave_out(synthetic, tmp_path, drawn):
    folders = [synthetic("a", rows=[{"step": 1, "train/return": 1.0}]), synthetic("b", params={"lr": 1}, env="B")]
    folders.append(synthetic("c", params={"lr": 2}, env="B"))
    figure = picture(drawn, folders[1:], tmp_path / "x.png", smooth=3)
    assert caption(figure) == "ppo: undiscounted return of test episodes; running mean of the last 3 points."
    figure = picture(drawn, folders, tmp_path / "x.png")
    assert caption(figure) == "Undiscounted return of test episodes (of training episodes on CartPole-v1)."


def test_the_interquartile_mean_is_drawn_and_named_where_it_is_asked_for(synthetic, tmp_path, drawn, caplog):
    folders = [synthetic(f"{i}", seed=i, rows=with_tests((1, value))) for i, value in enumerate((0.0, 1.0, 3.0, 1000.0))]
    figure = picture(drawn, folders, tmp_path / "x.png", iqm=True)
    assert lines(figure.axes[0]) == [[[1, 2]]]
    assert "interquartile mean (IQM) of runs with its 95 %" in caption(figure)
    assert not caplog.text
    picture(drawn, folders[:3], tmp_path / "x.png", iqm=True)
    assert "The interquartile mean of fewer than 4 runs is their mean, as of ppo here." in caplog.text


ONE = [
    {"step": 1, "train/return": 3.0},
    {"step": 2, "test/return": 5.0, "test/return_std": 1.0},
    {"step": 3, "train/return": None},
    {"step": 4, "test/return": 9.0, "test/return_std": 2.0},
]
EXTREMES = {2: {"test/return_min": 3.0, "test/return_max": 5.5}, 4: {"test/return_min": 8.5, "test/return_max": 12.0}}


def test_one_run_shows_training_and_tests_with_the_spread_of_their_episodes(synthetic, drawn):
    directory = synthetic("one", rows=ONE)
    assert draw_learning_curve(directory) == directory / "learning_curve.png"
    (figure,) = drawn
    (axes,) = figure.axes
    (band,) = axes.collections
    assert lines(axes) == [[[1, 3]], [[2, 5], [4, 9]]]
    assert corners(band) == {(2, 4), (2, 6), (4, 7), (4, 11)}
    assert legend(figure) == ["training episodes", "test episodes"]
    assert caption(figure).startswith(
        "ppo, one: undiscounted returns; band: ± one standard deviation of the test episodes, which may exceed"
    )


def test_the_spread_of_episodes_ends_at_their_lowest_and_highest_return_where_these_are_stored(synthetic, drawn):
    draw_learning_curve(synthetic("one", rows=[row | EXTREMES.get(row["step"], {}) for row in ONE]))
    (band,) = drawn[0].axes[0].collections
    assert corners(band) == {(2, 4), (2, 5.5), (4, 8.5), (4, 11)}
    assert caption(drawn[0]).endswith("within their lowest and highest return.")


@pytest.mark.parametrize("rows", [ONE[:1], ONE[1:2]], ids=["training", "one test"])
def test_one_run_is_drawn_of_whatever_there_is(synthetic, drawn, rows):
    draw_learning_curve(synthetic("one", rows=rows))
    (line,) = drawn[0].axes[0].lines
    assert line.get_marker() == "o"


def test_one_run_is_called_by_its_label(synthetic, tmp_path, drawn):
    figure = picture(drawn, [synthetic("one")], tmp_path / "x.png", labels=["mine"], smooth=2)
    assert caption(figure).startswith("mine: undiscounted returns; ")
    assert caption(figure).endswith("; running mean of the last 2 points.")
    with pytest.raises(UsageError, match=r"^expected one label for one run, got 2\.$"):
        picture(drawn, [tmp_path / "one"], tmp_path / "x.png", labels=["a", "b"])


def test_one_run_without_a_return_gets_no_picture(synthetic):
    directory = synthetic("one", rows=[{"step": 1, "learn/loss": 1.0}])
    with pytest.raises(StoredFileError, match="one holds no return yet; plot it once an episode of it has ended"):
        draw_learning_curve(directory)
    assert not (directory / "learning_curve.png").exists()


def test_one_run_whose_configuration_cannot_be_read_is_drawn_under_the_name_of_its_directory(synthetic, drawn, caplog):
    directory = synthetic("one")
    (directory / "experiment.json").unlink()
    draw_learning_curve(directory)
    assert drawn[0].axes[0].get_title() == "one"
    assert "The picture names no environment" in caplog.text


def test_metrics_are_read_once(synthetic, monkeypatch, drawn):
    read, opened = [], "rlchassis_plots.runs.read_metrics"
    monkeypatch.setattr(opened, lambda directory: read.append(directory) or ONE)
    draw_learning_curve(synthetic("one"))
    assert len(read) == 1


def test_numbers_that_no_run_has_written_are_refused(synthetic, tmp_path):
    folders = [synthetic(f"{i}", rows=with_tests((1, 1e308))) for i in range(2)]
    with pytest.raises(StoredFileError, match=r"something other than nulls and finite numbers up to ±3\.4e\+38"):
        draw_learning_curves(find_runs(folders), tmp_path / "x.png")


def test_formulas_and_control_characters_are_drawn_as_text(synthetic, tmp_path, drawn):
    folders = [synthetic(f"{i}", env="$\\frac\n你", params={"note": f"${i}$"}) for i in range(2)]
    figure = picture(drawn, folders, tmp_path / "x.png")
    assert figure.axes[0].get_title() == r"$\frac\n\u4f60"
    assert legend(figure) == ["note=$0$ (1 run)", "note=$1$ (1 run)"]
    assert not any(text.get_parse_math() for text in (figure.axes[0].title, *figure.legends[0].get_texts(), *figure.texts))


@pytest.mark.parametrize("suffix", ["png", "svg"])
def test_threads_and_a_matplotlibrc_of_ones_own_make_no_other_picture(synthetic, tmp_path, suffix, monkeypatch):
    found = find_runs([synthetic("a"), synthetic("b", params={"lr": 1})])
    draw_learning_curves(found, tmp_path / f"x.{suffix}")
    own = {"text.usetex": True, "figure.facecolor": "red", "savefig.bbox": "tight", "font.size": 30.0}
    for key, value in own.items():
        monkeypatch.setitem(mpl.rcParams, key, value)
    with ThreadPoolExecutor(2) as threads:
        paths = [tmp_path / f"{i}.{suffix}" for i in range(2)]
        list(threads.map(lambda path: draw_learning_curves(found, path), paths))
    assert len({path.read_bytes() for path in (*paths, tmp_path / f"x.{suffix}")}) == 1
    assert {key: mpl.rcParams[key] for key in own} == own
