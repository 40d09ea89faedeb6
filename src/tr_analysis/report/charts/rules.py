"""What the house refuses to show: each rule raises a ``ValueError`` that says what to do."""

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.container import BarContainer
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from tr_analysis.report.charts.fit import is_dated, tick_text
from tr_analysis.report.charts.style import contrast, over

LINES, TEXT = 3.0, 4.5
"""Least contrast against the ground, by WCAG 2.2: of lines, markers and bars; of words."""


def check(figure: Figure, name: str) -> None:
    """Refuse a fitted figure that breaks a rule of the house: a `ValueError` names the chart, the fault and its remedy.

    Axes do not share a place with other axes, bars begin at zero, an axis of numbers says what they are,
    and lines, markers, bars and words stand out from their ground. Areas (bands, spans, contours) and the
    grid are grounds and may be pale: what they say, a line, a border or words say too.
    """
    for one, other in combinations(figure.axes, 2):
        if np.allclose(one.get_position().bounds, other.get_position().bounds):
            raise ValueError(f"chart {name!r} has two axes in one place; draw two panels, each with its own")
    for axes in figure.axes:
        if any(type(child).__name__ == "SecondaryAxis" for child in axes.child_axes):
            raise ValueError(f"chart {name!r} has a second axis; draw two panels, or convert the numbers")
        _bars_from_zero(axes, name)
        for axis in (axes.xaxis, axes.yaxis):
            if _has_numbers(axis) and not axis.label.get_text().strip():
                raise ValueError(
                    f"chart {name!r} has numbers without a name on the {axis.axis_name} axis; "
                    f"say what they are and their unit: axes.set_{axis.axis_name}label(...)"
                )
        for colour, ground, least, what in (*_drawn(axes), *_written(axes)):
            if (ratio := contrast(colour, ground)) < least:
                raise ValueError(
                    f"chart {name!r} has {what} of contrast {ratio:.1f}:1, which is hard to see; "
                    f"take a colour with {least:g}:1, such as those of charts"
                )


def _bars_from_zero(axes: Axes, name: str) -> None:
    for bars in axes.containers:
        if not isinstance(bars, BarContainer) or not len(bars):
            continue
        upright = bars.orientation == "vertical"
        low, high = sorted(axes.get_ylim() if upright else axes.get_xlim())
        if not low <= 0 <= high:
            raise ValueError(
                f"chart {name!r} has bars on an axis from {low:g} to {high:g}: their length would mislead; "
                "include zero, or draw dots"
            )


def _has_numbers(axis: Axis) -> bool:
    """Tell whether an axis carries numbers, and not dates or words."""
    shown = tick_text(axis)
    return not is_dated(axis) and any(map(str.isdigit, shown)) and not any(map(str.isalpha, shown))


Seen = Iterator[tuple[Any, Any, float, str]]
"""Colour, its ground, the least contrast, and what has it."""


def _drawn(axes: Axes) -> Seen:
    """Yield the colours of lines, markers and bars; of a marker with an edge the one that stands out more."""
    for line in axes.lines:
        if line.get_linestyle() != "None" and np.size(line.get_xdata()):
            yield over(line.get_color(), alpha=line.get_alpha()), "white", LINES, "a line"
        if line.get_marker() not in ("None", None, ""):
            faces = (line.get_markerfacecolor(), line.get_markeredgecolor())
            yield _clearer([over(face, alpha=line.get_alpha()) for face in faces]), "white", LINES, "a marker"
    for drawn in axes.collections:
        if isinstance(drawn, LineCollection):
            for colour in np.unique(drawn.get_colors(), axis=0):
                yield over(colour), "white", LINES, "a line"
        elif isinstance(drawn, PathCollection):
            edges = [over(edge) for edge in np.atleast_2d(drawn.get_edgecolor())]
            for face in np.unique(np.atleast_2d(drawn.get_facecolor()), axis=0):
                yield _clearer([over(face), *edges]), "white", LINES, "a marker"
    for bar in _bars(axes):
        edge = bar.get_edgecolor() if bar.get_linewidth() else bar.get_facecolor()
        yield _clearer([over(bar.get_facecolor()), over(edge)]), "white", LINES, "a bar"


def _written(axes: Axes) -> Seen:
    """Yield the colours of words, each with the bar under it as its ground if there is one."""
    bars = [(bar.get_window_extent(), bar) for bar in _bars(axes)]
    ticks = (label for axis in (axes.xaxis, axes.yaxis) for label in (axis.label, *axis.get_ticklabels()[:1]))
    for text in (*axes.texts, *ticks, axes.title):
        if text.get_text() and text.get_visible():
            ground = _ground(text, bars)
            yield over(text.get_color(), ground, text.get_alpha()), ground, TEXT, f"words {text.get_text()!r}"


def _ground(text: Text, bars: list[tuple[Any, Rectangle]]) -> str:
    """Return the colour of the bar in which words stand, else white."""
    box = text.get_window_extent() if bars else None
    for extent, bar in bars:
        if box and extent.contains((box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2):
            return over(bar.get_facecolor())
    return "white"


def _bars(axes: Axes) -> list[Rectangle]:
    return [bar for bars in axes.containers if isinstance(bars, BarContainer) for bar in bars.patches]


def _clearer(colours: list[str]) -> str:
    return max(colours, key=contrast)
