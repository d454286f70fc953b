"""The numbers of learning curves, each of which can be checked on paper."""

from __future__ import annotations

import numpy as np
import pytest

from rlchassis_plots.aggregate import MOST_POINTS, Curve, aggregate, bootstrap_interval, centre, curve, running_mean, shared_grid


def rows_of(*points):
    return [{"step": step, "return": value} for step, value in points]


def test_a_curve_goes_by_steps_and_has_one_value_at_each_the_last_that_was_logged():
    own = curve([*rows_of((5, 1.0), (2, 2.0), (5, 3.0), (7, None)), {"step": 9, "loss": 1.0}], "return")
    assert (own.steps.tolist(), own.values.tolist()) == ([2, 5], [2, 3])


@pytest.mark.parametrize(("window", "means"), [(1, [1, 2, 3, 6]), (2, [1, 1.5, 2.5, 4.5]), (9, [1, 1.5, 2, 3])])
def test_a_running_mean_is_that_of_the_last_points_or_of_as_many_as_there_are(window, means):
    assert running_mean([1.0, 2.0, 3.0, 6.0], window) == pytest.approx(means)


def test_smoothing_looks_only_back():
    assert curve(rows_of((1, 0.0), (2, 0.0), (3, 9.0)), "return", 3).values.tolist() == [0, 0, 3]


def stretches(*curves, **options):
    parts = aggregate([Curve(*each) for each in curves], **options)
    return [(part.runs, part.steps.tolist(), part.centre.tolist()) for part in parts]


def test_the_mean_is_that_of_runs_at_the_same_steps():
    assert stretches(([1, 2], [1, 5]), ([1, 2], [3, 5])) == [(2, [1, 2], [2, 5])]


def test_a_run_counts_between_its_own_ends_on_straight_lines_and_nowhere_else():
    assert stretches(([0, 4], [0, 4]), ([2, 3, 5], [0, 1, 5])) == [(1, [0], [0]), (2, [2, 3, 4], [1, 2, 3.5]), (1, [5], [5])]


def test_where_the_best_run_ends_first_the_others_go_on_as_a_stretch_of_their_own():
    low, high = ([1, 2, 3], [0, 0, 0]), ([1, 2], [9, 9])
    assert stretches(low, low, high) == [(3, [1, 2], [3, 3]), (2, [3], [0])]


def test_runs_that_never_overlap_are_never_averaged():
    assert stretches(([1], [1]), ([2], [3])) == [(1, [1], [1]), (1, [2], [3])]


def test_an_interval_is_computed_of_three_runs_but_not_of_two():
    long, short = Curve([1, 2], [0, 0]), Curve([1], [3])
    three, two = aggregate([long, long, short])
    assert three.low is not None
    assert (two.runs, two.low, two.high) == (2, None, None)


def test_the_interval_of_one_high_run_among_three_reaches_from_none_to_all_of_it():
    """It is left out of 8/27 of all resamples and fills 1/27 of them, both more than 2.5 %."""
    low, high = bootstrap_interval(np.array([[0.0, 4.0], [0.0, 4.0], [9.0, 4.0]]))
    assert (low.tolist(), high.tolist()) == ([0, 4], [9, 4])


def test_the_interval_of_many_runs_is_that_of_the_normal_distribution():
    """Of 100 runs, half 0 and half 1, the mean has the standard error 0.05."""
    (low,), (high,) = bootstrap_interval(np.arange(100.0)[:, None] % 2)
    assert (low, high) == (pytest.approx(0.5 - 1.96 * 0.05, abs=0.015), pytest.approx(0.5 + 1.96 * 0.05, abs=0.015))


def test_the_interval_is_the_same_each_time_and_however_many_steps_are_resampled_at_once(monkeypatch):
    values = np.random.default_rng(1).normal(size=(5, 7))
    before = bootstrap_interval(values)
    monkeypatch.setattr("rlchassis_plots.aggregate.CHUNK", 1)
    np.testing.assert_array_equal(before, bootstrap_interval(values))


@pytest.mark.parametrize("iqm", [False, True])
def test_no_interval_goes_beyond_the_runs(iqm):
    values = np.array([[500.0], [500.0], [500.0], [100.0], [480.0]])
    (low,), (high,) = bootstrap_interval(values, iqm)
    assert 100 <= low <= centre(values, iqm)[0] <= high <= 500


@pytest.mark.parametrize(
    ("values", "mean"), [([0, 10, 2, 3, 4, 5, 8, 1000], 5), ([1, 2, 3, 4, 100], 3), ([1, 2, 6], 3)], ids=["8", "5", "3"]
)
def test_the_interquartile_mean_leaves_out_a_quarter_at_either_end_rounded_down(values, mean):
    assert centre(np.array(values, float)[:, None], iqm=True).tolist() == [mean]


def test_the_interquartile_mean_is_drawn_where_it_is_asked_for():
    runs = [([1], [value]) for value in (0, 1, 3, 1000)]
    assert stretches(*runs, iqm=True) == [(4, [1], [2])]


def test_a_grid_of_too_many_steps_is_thinned_but_keeps_where_runs_begin_and_end():
    dense = [Curve(np.arange(first, last), np.zeros(last - first)) for first, last in ((3, 5001), (0, 4990))]
    grid = shared_grid(dense)
    assert len(grid) <= MOST_POINTS + 4
    assert {0, 3, 4989, 5000} <= set(grid)
