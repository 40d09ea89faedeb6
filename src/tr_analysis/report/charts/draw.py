"""What charts are drawn with: lines with their intervals, dots, bars, single marks, and the words beside them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.text import Annotation

from tr_analysis.digits import without_noise
from tr_analysis.report.charts.style import ALL, SMALL, figure_of
from tr_analysis.report.tables import number_text


def line_with_interval(
    axes: Axes,
    frame: pd.DataFrame,
    x: Any,
    *,
    y: str,
    low: str,
    high: str,
    colour: str,
    label: str,
    dashed: bool = False,
) -> None:
    """Draw a line with its interval and its label at the right end.

    A missing value is a gap; a value between two gaps is a dot with a bar.
    """
    line, lower, upper = (frame[c].to_numpy(float, na_value=float("nan")) for c in (y, low, high))
    axes.plot(x, line, color=colour, lw=2, ls="--" if dashed else "-")
    axes.fill_between(x, lower, upper, color=colour, alpha=0.18, lw=0)
    known = pd.Series(line).notna()
    alone = (known & ~known.shift(fill_value=False) & ~known.shift(-1, fill_value=False)).to_numpy()
    axes.vlines(pd.Index(x)[alone], lower[alone], upper[alone], color=colour, lw=2)
    axes.plot(pd.Index(x)[alone], line[alone], "o", color=colour, ms=6)
    label_end(axes, x, frame[y], label, colour)


def broken_line(axes: Axes, x: "pd.Series[Any]", y: "pd.Series[Any]", *, colour: str, longest: str) -> None:
    """Draw dots at rising dates, joined by a line where no more than the ``longest`` time (``"550D"``) lies between."""
    begins = (x.diff() > pd.Timedelta(longest)).to_numpy().nonzero()[0]
    dates = np.insert(x.to_numpy(), begins, x.to_numpy()[begins])
    values = np.insert(y.to_numpy(float), begins, np.nan)
    axes.plot(dates, values, "o-", color=colour, ms=6, lw=1.5)


class EndLabel(Annotation):
    """The name of a line at its right end; several are moved apart when the size of the figure is known."""


def label_end(axes: Axes, x: Any, y: "pd.Series[Any]", label: str, colour: str) -> None:
    """Write a line's name at its right end, in its colour, instead of a legend.

    Raises
    ------
    ValueError
        If the line has no value at all.
    """
    known = y.notna().to_numpy().nonzero()[0]
    if not known.size:
        raise ValueError(
            f"the line {label!r} has no value to draw; leave it out, or say that it is not known"
        )
    end = (pd.Index(x)[known[-1]], float(y.iloc[known[-1]]))
    style: dict[str, Any] = {"va": "center", "color": colour, "fontweight": "bold", "fontsize": 10}
    named = EndLabel(label, end, xytext=(6, 0), textcoords="offset points", annotation_clip=False, **style)
    axes.add_artist(named)
    named.set_clip_on(False)  # else cut off with what is drawn inside


def note(
    axes: Axes,
    words: str,
    place: tuple[Any, Any],
    offset: tuple[float, float] = (7, 0),
    colour: str = ALL,
    **style: Any,
) -> None:
    """Write words beside a place in the axes' units, offset by points to the right and up.

    ``style`` is that of matplotlib's ``annotate``: ``ha``, ``va``, ``fontweight`` and the like.
    """
    looks = {"fontsize": 10, "annotation_clip": False, **style}
    axes.annotate(words, place, xytext=offset, textcoords="offset points", color=colour, **looks)


def dots(axes: Axes, frame: pd.DataFrame, *, label: str, value: str, form: str) -> None:
    """Draw one dot a row from the top down, with its interval, its number in a format, and a zero line.

    The frame has columns low, high (missing where there is no interval) and colour beside those that are named as
    the words and the number of each row.
    """
    for place, row in enumerate(frame.iloc[::-1].to_dict("records")):
        if pd.notna(row["low"]):
            axes.plot([row["low"], row["high"]], [place, place], color=row["colour"], lw=2)
        axes.plot(row[value], place, "o", color=row["colour"], ms=8)
        number = number_text(form, row[value])
        note(axes, number, (row[value], place), (0, 9), row["colour"], ha="center")
    axes.axvline(0, color=ALL, lw=1)
    axes.set_yticks(range(len(frame)), frame[label].iloc[::-1])
    axes.set_ylim(-0.5, len(frame) - 0.3)


def bars(axes: Axes, frame: pd.DataFrame, *, colours: Sequence[str], form: str) -> None:
    """Draw a group of bars for each row, one for each column, with their numbers in a format, and a zero line.

    The names of the columns, which have their ``colours``, are the legend.
    """
    height = 0.78 / frame.shape[1]
    for column, (name, colour) in enumerate(zip(frame.columns, colours, strict=True)):
        places = np.arange(len(frame)) + (column - (frame.shape[1] - 1) / 2) * height
        axes.barh(places, frame[name], 0.88 * height, color=colour, label=name)
        for value, place in zip(without_noise(frame[name]), places, strict=True):
            away, side = (5, "left") if value >= 0 else (-5, "right")
            number = number_text(form, value)
            note(axes, number, (value, float(place)), (away, 0), colour, ha=side, va="center", fontsize=SMALL)
    axes.axvline(0, color=ALL, lw=1)
    axes.set_yticks(range(len(frame)), list(frame.index))
    axes.set_ylim(len(frame) - 0.5, -0.5)
    axes.margins(x=0.3)  # for the numbers, on a phone too
    axes.grid(axis="x")
    axes.grid(visible=False, axis="y")
    legend_below(axes, ncols=1)


def legend_below(axes: Axes, *, ncols: int = 2) -> None:
    """Write a legend of what has a label below the axes, where a direct label would stand in the way."""
    figure_of(axes).legend(
        *axes.get_legend_handles_labels(), frameon=False, loc="outside lower left", ncols=ncols
    )


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
    """Draw a line over rising numbers and write its name in its colour beside its point above ``place``; see `note`."""
    axes.plot(x, y, "o-" if markers else "-", color=colour, lw=1.5 if markers else 2, ms=4)
    height = float(np.interp(place, np.asarray(x, dtype=float), np.asarray(y, dtype=float)))
    note(axes, words, (place, height), offset, colour, fontweight="bold", **style)


def unit_chart(
    axes: Axes,
    frame: pd.DataFrame,
    row: str,
    words: Mapping[Any, str],
    look: Callable[[dict[str, Any]], dict[str, Any]],
) -> None:
    """Draw one mark for each row of a frame, side by side from the left, in named rows from the bottom up.

    Parameters
    ----------
    row
        Column that says in which row a mark stands.
    words
        Words of each row, by the value of that column, the lowest first.
    look
        Takes a row of the frame; returns ``marker``, ``color``, ``ms`` and the like of matplotlib's ``plot``.
    """
    for height, value in enumerate(words):
        for place, mark in enumerate(frame[frame[row] == value].to_dict("records")):
            axes.plot(place, height, linestyle="None", **look({str(k): v for k, v in mark.items()}))
    axes.set_yticks(range(len(words)), list(words.values()))
    axes.set(xticks=[], ylim=(-0.6, len(words) - 0.4))
    axes.grid(visible=False)
