"""Time in charts: where a period's point stands, and the dated events, alike in every chart."""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any, Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.lines import Line2D
from matplotlib.text import Annotation

from tr_analysis.report.charts.style import MUTED, SMALL, figure_of

EVENTS = {
    "split": "NPS/CRC split",
    "ownership": "new owners, new act",
    "first_cohort": "payment by results",
    "contract_changes": "contract changes",
    "early_end": "early end announced",
    "pandemic": "pandemic",
    "reunified": "reunified",
    "recall_rules": "recall rules",
}
"""The words of each event of the reform in a chart, by its ``event_id`` in the table `events`."""
FOLLOW_UP = "follow-up in pandemic"
"""The words where the twelve months after a cohort begin to reach into the pandemic."""
Side = Literal["left", "right"]
"""The side at which words begin, seen from themselves: ``left`` stands to the right of its line."""
Way = Sequence[tuple[int, Side]]
"""Row and side of each of several words."""
Span = Mapping[Side, tuple[float, float]]
"""From where to where words reach in pixels, by their side."""
_DASHES = (0, (4, 3))
ROW = 1.4 * SMALL  # points
_AIR = 5.0  # points between words side by side


def at(periods: "pd.Series[Any] | pd.PeriodIndex") -> pd.DatetimeIndex:
    """Return the middle of each period, where a chart puts its point."""
    index = pd.PeriodIndex(periods)
    return pd.DatetimeIndex(index.start_time + (index.end_time - index.start_time) / 2)


def reform(events: pd.DataFrame, *names: str) -> dict[Any, str]:
    """Return events of the reform for `mark`, words by date: their ids in the table `events`, with words in `EVENTS`.

    Raises
    ------
    ValueError
        If an event is not in the table or has no words.
    """
    dates = events.set_index("event_id")["date"]
    if unknown := [name for name in names if name not in dates or name not in EVENTS]:
        raise ValueError(f"no event {unknown[0]!r} to mark; there are: {', '.join(EVENTS)}")
    return {pd.Timestamp(dates[name]): EVENTS[name] for name in names}


class Flag(Annotation):
    """The words of an event, above the axes at the head of its line; `place_flags` finds their place."""

    def __init__(self, axes: Axes, x: Any, words: str):
        self.pole: Line2D = axes.axvline(x, color=MUTED, lw=1, ls=_DASHES, zorder=1)
        where = {"xycoords": ("data", "axes fraction"), "textcoords": "offset points"}
        looks = {"color": MUTED, "fontsize": SMALL, "va": "bottom", "annotation_clip": False}
        super().__init__(words, (x, 1), xytext=(0, 2), **where, **looks)  # type: ignore[arg-type]
        axes.add_artist(self)
        self.set_clip_on(False)  # else cut off with what is drawn inside
        self.set_in_layout(False)  # its line takes the room above the axes; beside them it needs none

    def place(self, row: int, side: Side, height: float) -> None:
        """Put the words in a row above axes of a height in points, to the right or left of the line."""
        self.set_position((3 if side == "left" else -3, 2 + row * ROW))
        self.set_horizontalalignment(side)
        self.pole.set_ydata([0, 1 + (1 + (row + 0.9) * ROW) / height])
        self.pole.set_clip_on(False)


def mark(axes: Axes | Sequence[Axes], places: Mapping[Any, str]) -> None:
    """Mark events, or values of note, alike in every chart: a dashed line with its words at the head.

    ``places`` gives words by place on x: dates such as ``{"2015-02-01": "new owners"}``, or numbers. Of several axes
    below each other the words stand above the first.
    """
    first, *others = [axes] if isinstance(axes, Axes) else list(axes)
    for place, words in places.items():
        x: Any = pd.Timestamp(place) if isinstance(place, str) else place
        Flag(first, x, words)
        for axes_below in others:
            axes_below.axvline(x, color=MUTED, lw=1, ls=_DASHES, zorder=1)


def place_flags(axes: Axes, renderer: RendererBase) -> tuple[int, float]:
    """Place the words of events in as few rows as hold them clear of each other and of the lines.

    Returns the rows used, and the left-most point that they touch, in pixels.
    """
    flags = [text for text in axes.texts if isinstance(text, Flag)]
    if not flags:
        return 0, float("inf")
    point = figure_of(axes).dpi / 72
    dated = [float(np.ravel(flag.pole.get_xdata(orig=False))[0]) for flag in flags]  # numbers, of dates too
    poles = [float(axes.transData.transform((x, 0))[0]) for x in dated]
    widths = [flag.get_window_extent(renderer).width + (3 + _AIR) * point for flag in flags]
    spans: list[Span] = [
        {"left": (pole, pole + width), "right": (pole - width, pole)}
        for pole, width in zip(poles, widths, strict=True)
    ]
    room = (axes.bbox.x0, figure_of(axes).bbox.width + _AIR * point)
    tried = (_find(poles, spans, room, rows) for rows in range(1, 5))
    stairs: Way = [(row, "left") for row in reversed(range(len(flags)))]  # always go: the first highest
    way = next((way for way in tried if way), stairs)
    for flag, (row, side) in zip(flags, way, strict=True):
        flag.place(row, side, axes.bbox.height / point)
    chosen = [span[side] for span, (_, side) in zip(spans, way, strict=True)]
    return 1 + max(row for row, _ in way), min(low for low, _ in chosen)


def _find(
    poles: Sequence[float], spans: Sequence[Span], room: tuple[float, float], rows: int, begun: Way = ()
) -> Way | None:
    """Return the first way to place words in so many rows that is clear, or none."""
    if len(begun) == len(poles):
        return begun
    sides: tuple[Side, Side] = ("left", "right")
    for choice in product(range(rows), sides):
        way = (*begun, choice)
        if _clear(way, poles, spans, room) and (found := _find(poles, spans, room, rows, way)):
            return found
    return None


def _clear(way: Way, poles: Sequence[float], spans: Sequence[Span], room: tuple[float, float]) -> bool:
    """Tell whether the words placed so far are inside a room, and clear of other words and of lines to higher rows."""
    taken = [(row, *span[side]) for span, (row, side) in zip(spans, way, strict=False)]
    for number, (row, low, high) in enumerate(taken):
        if low < (0 if row else room[0]) or high > room[1]:  # beside the lowest row stands the last number
            return False
        for other, (its_row, its_low, its_high) in enumerate(taken):
            if other == number:
                continue
            if its_row == row and low < its_high and its_low < high:
                return False
            if its_row >= row and low < poles[other] < high:
                return False
    return True
