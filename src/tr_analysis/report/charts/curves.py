"""Curves that carry their names: a line with its words beside a point of it, instead of a legend."""

from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from tr_analysis.report.charts.draw import note


def named_line(
    axes: Axes,
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    words: str,
    colour: str,
    *,
    place: float,
    offset: tuple[float, float] = (6, 5),
    markers: bool = False,
    **style: Any,
) -> None:
    """Draw a line and write its name in its colour beside one of its points.

    Parameters
    ----------
    axes
        Where to draw.
    x, y
        Numbers, x in rising order.
    words
        Name of the line.
    colour
        Of line and name.
    place
        Where on x the name belongs; its height is that of the line.
    offset
        Points to the right and up from there.
    markers
        Whether each point has a dot.
    **style
        ``ha``, ``va`` and the like of the words.
    """
    axes.plot(x, y, "o-" if markers else "-", color=colour, lw=1.5 if markers else 2, ms=4)
    height = float(np.interp(place, np.asarray(x, dtype=float), np.asarray(y, dtype=float)))
    note(axes, words, (place, height), offset, colour, fontweight="bold", **style)
