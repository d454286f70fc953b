"""The matplotlib figure: a grid of panels, the legend and the caption below, sized to fit their texts."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rlchassis_plots.files import write_file
from rlchassis_plots.texts import balanced, legible, shortened, steps_text, wrapped

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DOTS_PER_INCH = 150
PAD = 0.1
"""Inches around the legend and the caption."""
PANELS = {1: (7.0, 4.0), 2: (4.0, 3.2)}
SMALL_PANEL = (3.5, 2.9)
"""Width and height in inches of one of a row of more."""
TITLE_SIZE, LEGEND_SIZE, CAPTION_SIZE = 10, 9, 8
MOST_COLUMNS, LONGEST_LABEL = 6, 300
STYLE: dict[Any, Any] = {
    "axes.formatter.useoffset": False,
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": TITLE_SIZE,
    "font.size": LEGEND_SIZE,
    "grid.alpha": 0.3,
    "legend.fontsize": LEGEND_SIZE,
    "pdf.fonttype": 42,
    "svg.hashsalt": "rlchassis",
    "text.parse_math": False,
}
"""Fonts in PDFs are TrueType, as conferences ask; SVGs of the same data are the same file."""
FAMILIES: tuple[Any, ...] = ("font.family", "font.sans-serif", "font.serif", "font.monospace")
UNDATED: dict[str, dict[str, Any]] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
_drawing_one = threading.Lock()


@contextmanager
def drawing() -> Iterator[None]:
    """Within it one thread at a time draws, as matplotlib asks, and matplotlibrc decides about nothing but fonts."""
    import matplotlib as mpl

    with _drawing_one, mpl.rc_context():
        families = {key: mpl.rcParams[key] for key in FAMILIES}
        mpl.rcdefaults()
        mpl.rcParams.update(families | STYLE)
        yield


def create_panels(titles: Sequence[str], most_lines: int, metric: str) -> tuple[Figure, list[Axes]]:
    """Axes of a metric over environment steps under each title, in a grid as wide as high from four on; higher for many lines."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    columns = len(titles) if len(titles) <= 3 else math.ceil(math.sqrt(len(titles)))
    rows = math.ceil(len(titles) / columns)
    width, height = PANELS.get(columns, SMALL_PANEL)
    figure = Figure(dpi=DOTS_PER_INCH)
    FigureCanvasAgg(figure)
    lines = [fitted(figure, title, TITLE_SIZE, width - 0.8) for title in titles]
    height += max(text.count("\n") for text in lines) * TITLE_SIZE * 1.2 / 72 + min(2, max(0, most_lines - 8) / 8)
    figure.set_size_inches(columns * width, rows * height)
    grid = figure.add_gridspec(rows, columns)
    axes = [figure.add_subplot(grid[divmod(i, columns)]) for i in range(len(titles))]
    for i, (each, title) in enumerate(zip(axes, lines, strict=True)):
        _prepare(each, title, metric if i % columns == 0 else "", "environment steps" if i + columns >= len(titles) else "")
    return figure, axes


def _prepare(axes: Axes, title: str, ylabel: str, xlabel: str) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.set_title(title)
    axes.set(xlabel=xlabel, ylabel=ylabel)
    axes.margins(x=0.02)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda step, _: steps_text(step)))


def add_below(figure: Figure, handles: Sequence[Artist], labels: Sequence[str], caption: str) -> None:
    """The legend, with as many rows as it needs, and a caption below the panels; the figure grows by both."""
    width, panels = figure.get_size_inches()
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]  # Agg's has one
    lines = balanced(width - 2 * PAD, lambda inches: fitted(figure, caption, CAPTION_SIZE, inches))
    note = figure.text(0.5, 0, lines, size=CAPTION_SIZE, color="0.3", ha="center")
    texts = [fitted(figure, shortened(label, LONGEST_LABEL), LEGEND_SIZE, width - 2 * PAD - 0.6) for label in labels]
    for columns in sorted({math.ceil(len(texts) / rows) for rows in range(1, len(texts) + 1)}, reverse=True):
        if columns <= MOST_COLUMNS:
            legend = figure.legend(handles, texts, loc="lower center", ncols=columns, frameon=False, borderaxespad=0, borderpad=0)
            if columns == 1 or legend.get_window_extent(renderer).width <= (width - 2 * PAD) * figure.dpi:
                break
            legend.remove()
    below = PAD + note.get_window_extent(renderer).height / figure.dpi
    under_panels = below + 2 * PAD + legend.get_window_extent(renderer).height / figure.dpi
    height = panels + under_panels
    figure.set_size_inches(width, height)
    note.set_y(PAD / height)
    legend.set_bbox_to_anchor((0.5, (below + PAD) / height), transform=figure.transFigure)
    figure.set_layout_engine("constrained", w_pad=PAD, h_pad=PAD, rect=(0, under_panels / height, 1, panels / height))


def fitted(figure: Figure, text: str, size: float, inches: float) -> str:
    """The text, legible in the figure's font, in lines of at most so many inches."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    font = FontProperties(size=size)
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]  # Agg's has one

    def fits(part: str) -> bool:
        return bool(renderer.get_text_width_height_descent(part, font, ismath=False)[0] <= inches * figure.dpi)

    return wrapped(legible(text, get_font(findfont(font)).get_charmap()), fits)


def save(figure: Figure, path: Path) -> None:
    """Write the picture in the format that the file's name ends with; it is drawn whole before anything is written."""
    kind = path.suffix.removeprefix(".").lower()
    drawn = BytesIO()
    figure.savefig(drawn, format=kind, dpi=DOTS_PER_INCH, metadata=UNDATED.get(kind))
    write_file(path, drawn.getvalue())
