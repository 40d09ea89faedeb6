"""The unit chart: one mark for each thing counted, side by side in named rows."""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes


def unit_chart(
    axes: Axes,
    frame: pd.DataFrame,
    row: str,
    words: Mapping[Any, str],
    look: Callable[[dict[str, Any]], dict[str, Any]],
) -> None:
    """Draw one mark for each row of a frame, in rows from the bottom up.

    Parameters
    ----------
    axes
        Where to draw.
    frame
        One row a mark, in the order in which the marks of a row stand from the left.
    row
        Column that says in which row a mark stands.
    words
        Words of each row, by the value of that column, the lowest first.
    look
        Takes a row of the frame as a dictionary; returns ``marker``, ``color``, ``ms`` and the like of matplotlib's
        ``plot``.
    """
    for height, value in enumerate(words):
        for place, mark in enumerate(frame[frame[row] == value].to_dict("records")):
            axes.plot(place, height, linestyle="None", **look({str(k): v for k, v in mark.items()}))
    axes.set_yticks(range(len(words)), list(words.values()))
    axes.set(xticks=[], ylim=(-0.6, len(words) - 0.4))
    axes.grid(visible=False)
