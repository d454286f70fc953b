"""Pictures of runs, drawn from their metrics without a window; matplotlib is imported when one is drawn."""

from __future__ import annotations

from rlchassis.plots.one_run import LEARNING_CURVE_FILENAME, draw_learning_curve
from rlchassis.plots.several_runs import draw_learning_curves

__all__ = ["LEARNING_CURVE_FILENAME", "draw_learning_curve", "draw_learning_curves"]
