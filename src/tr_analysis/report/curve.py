"""The specification curve as a chart: sorted estimates with intervals above, the choices behind each below."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from tr_analysis.order import in_order
from tr_analysis.report import charts

Words = Mapping[str, Mapping[Any, str]]
"""Words of each option by choice, both in the order in which they are drawn from the top."""
_MOST = 60  # estimates that are drawn as dots of their own; more make a line


def specification_curve(
    top: Axes, bottom: Axes, results: pd.DataFrame, words: Words, *, main: str = "", main_words: str = ""
) -> pd.DataFrame:
    """Draw the results of a run of specifications.

    Estimates rise from left to right. The colour of an interval says whether it lies above 0, below it, or
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
    drawn = in_order(results[results["failure"] == ""], "estimate", "id").reset_index(drop=True)
    if drawn.empty:
        raise ValueError("every specification failed: there is no curve to draw")
    colours = np.select([drawn["low"] > 0, drawn["high"] < 0], [charts.CRC, charts.NPS], charts.MUTED)
    many, width = len(drawn) > _MOST, min(5.0, 200 / len(drawn))
    for colour in dict.fromkeys(colours):
        of = drawn[colours == colour]
        tint = charts.pale(colour) if many else colour
        top.plot(*_segments(of.index, of["low"], of["high"]), color=tint, lw=max(0.8, 0.4 * width))
    style = {"lw": 1.8} if many else {"ls": "none", "marker": "o", "ms": width, "mec": "white", "mew": 0.6}
    top.plot(drawn.index, drawn["estimate"], color=charts.ALL, zorder=3, **style)
    top.axhline(0, color=charts.ALL, lw=1)
    _marks(bottom, drawn, words, colours)
    for place in drawn.index[drawn["id"] == main]:
        charts.mark([top, bottom], {place: main_words})
    top.set_xlim(-0.02 * len(drawn) - 0.5, 1.02 * len(drawn) - 0.5)
    return drawn


def _segments(x: Any, low: Any, high: Any) -> tuple[Any, Any]:
    """Return places of upright segments as one line with gaps: a hundredth of the size of as many lines."""
    gaps = np.full(len(x), np.nan)
    return np.column_stack([x, x, gaps]).ravel(), np.column_stack([low, high, gaps]).ravel()


def _runs(places: Any) -> tuple[Any, Any]:
    """Return the first and last of each run of neighbours among whole numbers in rising order."""
    ends = np.flatnonzero(np.diff(places) > 1)
    return places[np.r_[0, ends + 1]], places[np.r_[ends, len(places) - 1]]


def _marks(axes: Axes, drawn: pd.DataFrame, words: Words, colours: Any) -> None:
    """Draw one row of marks for each option; every other choice on a grey ground.

    Of many specifications neighbours of a colour are one mark: the eye could not part them.
    """
    labels: list[str] = []
    marked: dict[str, list[tuple[Any, Any, Any]]] = {colour: [] for colour in dict.fromkeys(colours)}
    for number, (choice, options) in enumerate(words.items()):
        if choice not in drawn:
            raise ValueError(f"no choice {choice!r} in the results to draw")
        if bare := set(drawn[choice]) - set(options):
            raise ValueError(f"{choice}={sorted(map(str, bare))[0]} has no words: give each option its own")
        first = len(labels)
        for option in (option for option in options if (drawn[choice] == option).any()):
            for colour, parts in marked.items():
                chosen = np.flatnonzero((drawn[choice] == option).to_numpy() & (colours == colour))
                if len(chosen):
                    begin, end = _runs(chosen) if len(drawn) > _MOST else (chosen, chosen)
                    parts.append((begin - 0.4, end + 0.4, np.full(len(begin), len(labels))))
            labels.append(options[option])
        if number % 2 == 0:
            axes.axhspan(first - 0.5, len(labels) - 0.5, color="#F0F0F0", lw=0, zorder=0)
    for colour, parts in marked.items():
        begin, end, row = map(np.concatenate, zip(*parts, strict=True))
        y, x = _segments(row, begin, end)
        axes.plot(x, y, color=colour, lw=7, solid_capstyle="butt")
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.grid(visible=False)
    axes.set_xticks([])
