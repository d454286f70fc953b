"""Learning curves as a picture: a panel per environment, a line per label, the legend and a caption below."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rlchassis_plots.aggregate import FEWEST_RUNS, Stretch
from rlchassis_plots.canvas import add_below, create_panels, drawing, save
from rlchassis_plots.groups import RETURN, Group, Panel

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Style = dict[str, Any]
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Okabe and Ito's, which colour-blind readers tell apart, without yellow: https://jfly.uni-koeln.de/color/."""
LINES = ("-", "--", "-.", ":")
MARKERS = ("", "o", "s", "^", "D", "v")
BACKGROUND: Style = {"color": "0.6", "linewidth": 1}


def draw(panels: Sequence[Panel], caption: str, path: Path, metric: str = RETURN) -> None:
    """Write the picture to a path."""
    from matplotlib.lines import Line2D

    groups = {group.label: group for panel in panels for group in panel.groups}
    foreground = [label for label, group in groups.items() if not group.background]
    styles = {label: style_of(foreground.index(label)) if label in foreground else BACKGROUND for label in groups}
    with drawing():
        figure, axes = create_panels([panel.title for panel in panels], max(len(panel.groups) for panel in panels), metric)
        for each, panel in zip(axes, panels, strict=True):
            for group in panel.groups:
                _draw_group(each, group, styles[group.label], band=0.2 * min(1, 5 / len(panel.groups)))
            each.set_xlim(left=min(0, each.dataLim.x0))
        handles = [Line2D([], [], **style) for style in styles.values()]
        add_below(figure, handles, [_counted(label, panels) for label in groups], caption)
        save(figure, path)


def style_of(i: int) -> Style:
    """Style of the i-th line: neighbours differ in colour and in kind, for prints without colours; no two of 168 are alike."""
    return {
        "color": COLOURS[i % len(COLOURS)],
        "linestyle": LINES[i % len(LINES)],
        "marker": MARKERS[i // (len(COLOURS) * len(LINES)) % len(MARKERS)],
        "markersize": 4,
        "markevery": 0.1,
        "linewidth": 1.6,
    }


def _draw_group(axes: Axes, group: Group, style: Style, band: float) -> None:
    if 1 < len(group.curves) < FEWEST_RUNS:
        for each in group.curves:
            axes.plot(each.steps, each.values, **{**style, "linewidth": 0.7, "alpha": 0.6})
    for stretch in group.stretches:
        if stretch.runs == len(group.curves):
            _draw_stretch(axes, stretch, style, band)
        elif len(group.curves) >= FEWEST_RUNS:
            _draw_stretch(axes, stretch, {**style, "linewidth": 0.9, "alpha": 0.5}, band)


def _draw_stretch(axes: Axes, stretch: Stretch, style: Style, band: float) -> None:
    alone = {"marker": "o", "markersize": 3, "markevery": None} if len(stretch.steps) == 1 else {}
    axes.plot(stretch.steps, stretch.centre, **{**style, **alone})
    if stretch.low is None or stretch.high is None:
        return
    if alone:
        axes.vlines(stretch.steps, stretch.low, stretch.high, color=style["color"], alpha=0.4)
    axes.fill_between(stretch.steps, stretch.low, stretch.high, color=style["color"], alpha=band, linewidth=0)


def _counted(label: str, panels: Sequence[Panel]) -> str:
    """With the number of runs, or the lowest and highest over panels; without it where a picture is of one run."""
    groups = [group for panel in panels for group in panel.groups]
    if all(len(group.curves) == 1 for group in groups) and len({group.runs[0].directory for group in groups}) == 1:
        return label
    counts = sorted({len(group.curves) for group in groups if group.label == label})
    text = "–".join(str(count) for count in dict.fromkeys((counts[0], counts[-1])))
    return f"{label} ({text} {'run' if counts[-1] == 1 else 'runs'})".strip()
