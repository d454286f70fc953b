"""Learning curves of runs, as pictures and as numbers, from their metrics; matplotlib is imported when one is drawn."""

from __future__ import annotations

from rlchassis_plots.learning_curves import LEARNING_CURVE_FILENAME, draw_learning_curve, draw_learning_curves
from rlchassis_plots.runs import find_runs

__all__ = ["LEARNING_CURVE_FILENAME", "draw_learning_curve", "draw_learning_curves", "find_runs"]
