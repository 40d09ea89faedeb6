"""The specification curve as a chart: sorted estimates with intervals above, the choices behind each below."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from tr_analysis.report import charts

Words = Mapping[str, Mapping[Any, str]]
"""Words of each option by choice, both in the order in which they are drawn from the top."""


def specification_curve(
    top: Axes, bottom: Axes, results: pd.DataFrame, words: Words, *, main: str = "", main_words: str = ""
) -> pd.DataFrame:
    """Draw the results of a run of specifications.

    Estimates rise from left to right. A colour says whether the interval lies above 0, below it, or
    includes it; the marks below, one row an option, repeat it. What failed is not drawn.

    Parameters
    ----------
    top, bottom
        Axes below each other that share x, such as ``canvas(7, rows=2, sharex=True)`` gives.
    results
        From `run_specifications`.
    words
        The choices drawn; an option that is not in the results gets no row.
    main
        Id of a specification to point out, such as that of another chapter.
    main_words
        What to write beside it.

    Returns
    -------
    pandas.DataFrame
        What is drawn, in the order drawn: the data to publish beside the chart.

    Raises
    ------
    ValueError
        If nothing was estimated, a choice is not in the results, or one of its options has no words.
    """
    drawn = results[results["failure"] == ""].sort_values(["estimate", "id"], ignore_index=True)
    if drawn.empty:
        raise ValueError("every specification failed: there is no curve to draw")
    colours = np.select([drawn["low"] > 0, drawn["high"] < 0], [charts.CRC, charts.NPS], charts.MUTED)
    top.vlines(
        drawn.index, drawn["low"], drawn["high"], color=colours, alpha=0.35, lw=_width(len(drawn), 0.8)
    )
    top.scatter(drawn.index, drawn["estimate"], color=colours, s=_width(len(drawn), 1.6) ** 2, zorder=3)
    top.axhline(0, color=charts.ALL, lw=1)
    _marks(bottom, drawn, words, colours)
    for place in drawn.index[drawn["id"] == main]:
        _point_out(top, bottom, place, main_words, left=place > len(drawn) / 2)
    top.set_xlim(-0.02 * len(drawn) - 0.5, 1.02 * len(drawn) - 0.5)
    return drawn


def _point_out(top: Axes, bottom: Axes, place: int, words: str, *, left: bool) -> None:
    """Draw a dashed line through both axes, with its words at the foot of the upper ones, clear of the curve."""
    for axes in (top, bottom):
        axes.axvline(place, color=charts.ALL, lw=1, ls=(0, (4, 3)), zorder=1)
    style: dict[str, Any] = {"ha": "right" if left else "left", "va": "bottom", "color": charts.ALL}
    side, foot = (-4 if left else 4), ("data", "axes fraction")
    top.annotate(words, (place, 0), xycoords=foot, xytext=(side, 3), textcoords="offset points", **style)


def _width(specifications: int, most: float) -> float:
    """Return a width in points, of few specifications more than of many: the axes are 260 points wide."""
    return min(5.0, max(most, 0.6 * 260 / specifications))


def _marks(axes: Axes, drawn: pd.DataFrame, words: Words, colours: Any) -> None:
    """Draw one row of marks for each option; every other choice on a grey ground."""
    labels: list[str] = []
    for number, (choice, options) in enumerate(words.items()):
        if choice not in drawn:
            raise ValueError(f"no choice {choice!r} in the results to draw")
        if bare := set(drawn[choice]) - set(options):
            raise ValueError(f"{choice}={sorted(map(str, bare))[0]} has no words: give each option its own")
        first = len(labels)
        for option in (option for option in options if (drawn[choice] == option).any()):
            chosen = drawn.index[drawn[choice] == option]
            ends = (len(labels) - 0.36, len(labels) + 0.36)
            width = _width(len(drawn), 1.0)
            axes.vlines(chosen, *ends, color=colours[chosen], lw=width)
            labels.append(options[option])
        if number % 2 == 0:
            axes.axhspan(first - 0.5, len(labels) - 0.5, color="#F0F0F0", lw=0, zorder=0)
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.grid(visible=False)
    axes.set_xticks([])
