"""The house style (colours, sizes, canvas), time and events, and what charts are drawn with."""

from collections.abc import Callable, Mapping, Sequence
from itertools import permutations, product
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.colors import to_hex, to_rgb, to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Annotation

from tr_analysis.digits import without_noise
from tr_analysis.report.tables import number_text

# Far apart for colour-blind readers too; each at least 4.5:1 against white, so that words can have them.
CRC, NPS, ALL = "#C1490A", "#0068A8", "#3D3D3D"
SECOND, MUTED = "#8A1C7C", "#707070"
WIDE, NARROW = 6.4, 4.0  # inches: on a page, and on a phone
DPI = 180
SMALL = 9.5  # points, of words beside what is drawn
_STYLE = {
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.grid.axis": "y",
    "axes.edgecolor": MUTED,
    "axes.labelcolor": ALL,
    "axes.labelsize": 10,
    "grid.color": "#E6E6E6",
    "grid.linewidth": 0.8,
    "legend.fontsize": 10,
    "text.color": ALL,
    "xtick.color": ALL,
    "text.hinting": "no_hinting",  # words take the same room at any size, and a third less time
    "xtick.labelsize": 10,
    "ytick.color": ALL,
    "ytick.labelsize": 10,
    "ytick.major.pad": 4,
}


def canvas(height: float = 4.4, *, rows: int = 1, **grid: Any) -> tuple[Figure, Any]:
    """Return a figure in house style and its axes, so many rows below each other.

    The height in inches includes the heading; the width is always the page's. ``grid`` is that of matplotlib's
    ``subplots``: ``ncols``, ``sharex``, ``gridspec_kw`` and the like.
    """
    sns.set_theme(context="notebook", style="whitegrid", font="DejaVu Sans", rc=_STYLE)
    figure = Figure(figsize=(WIDE, height), dpi=DPI, layout="constrained")
    return figure, figure.subplots(rows, **grid)


def figure_of(axes: Axes) -> Figure:
    """Return the figure of axes that are in one."""
    figure = axes.get_figure(root=True)
    if figure is None:
        raise ValueError("axes without a figure: take both from charts.canvas")
    return figure


def over(colour: Any, ground: Any = "white", alpha: float | None = None) -> str:
    """Return the colour that one sees when a colour, which may be translucent, lies over a ground."""
    *rgb, own = to_rgba(colour)
    share = own if alpha is None else alpha
    red, green, blue = share * np.array(rgb) + (1 - share) * np.array(to_rgb(ground))
    return to_hex((red, green, blue))


def contrast(colour: Any, ground: Any = "white") -> float:
    """Return the contrast ratio of a colour against its ground, from 1 to 21.

    ``(L1 + 0.05) / (L2 + 0.05)`` of the relative luminances, the lighter above: WCAG 2.2.
    """
    lighter, darker = sorted((_luminance(over(colour, ground)), _luminance(ground)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: Any) -> float:
    part = np.array(to_rgb(colour))
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def pale(colour: str) -> str:
    """Return the palest tint of a colour that is still seen well on white, with a contrast of 3.1."""
    tints = (over(colour, alpha=float(share)) for share in np.linspace(0, 1, 101))
    return next(tint for tint in tints if contrast(tint) >= 3.1)


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
    """Return events of the reform for `mark`, words by date: their ids in the table `events`, with words in `EVENTS`."""
    dates = events.set_index("event_id")["date"]
    if unknown := [name for name in names if name not in dates or name not in EVENTS]:
        raise ValueError(f"no event {unknown[0]!r} to mark; there are: {', '.join(EVENTS)}")
    return {pd.Timestamp(dates[name]): EVENTS[name] for name in names}


class Outside(Annotation):
    """Words that may reach out of their axes, at an offset in points from a place of theirs."""

    def __init__(self, axes: Axes, words: str, place: Any, offset: tuple[float, float], **style: Any):
        super().__init__(
            words, place, xytext=offset, textcoords="offset points", annotation_clip=False, **style
        )
        axes.add_artist(self)
        self.set_clip_on(False)  # else cut off with what is drawn inside


class Flag(Outside):
    """The words of an event, above the axes at the head of its line; `place_flags` finds their place."""

    def __init__(self, axes: Axes, x: Any, words: str):
        self.pole: Line2D = axes.axvline(x, color=MUTED, lw=1, ls=_DASHES, zorder=1)
        looks = {"color": MUTED, "fontsize": SMALL, "va": "bottom"}
        super().__init__(axes, words, (x, 1), (0, 2), xycoords=("data", "axes fraction"), **looks)
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
    taken = [(row, *span[side], pole) for pole, span, (row, side) in zip(poles, spans, way, strict=False)]
    for row, low, high, _ in taken:
        if low < (0 if row else room[0]) or high > room[1]:  # beside the lowest row stands the last number
            return False
    return not any(
        (its_row == row and low < its_high and its_low < high) or (its_row >= row and low < its_pole < high)
        for (row, low, high, _), (its_row, its_low, its_high, its_pole) in permutations(taken, 2)
    )


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


class EndLabel(Outside):
    """The name of a line at its right end; several are moved apart when the size of the figure is known."""


def label_end(axes: Axes, x: Any, y: "pd.Series[Any]", label: str, colour: str) -> None:
    """Write a line's name at its right end, in its colour, instead of a legend; it must have a value."""
    known = y.notna().to_numpy().nonzero()[0]
    if not known.size:
        raise ValueError(
            f"the line {label!r} has no value to draw; leave it out, or say that it is not known"
        )
    end = (pd.Index(x)[known[-1]], float(y.iloc[known[-1]]))
    EndLabel(axes, label, end, (6, 0), va="center", color=colour, fontweight="bold", fontsize=10)


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


def grouped_rows(axes: Axes, frame: pd.DataFrame, *, group: str, label: str) -> npt.NDArray[np.float64]:
    """Write rows from the top down with each group's name above its rows, at the left edge, and a zero line.

    Returns where each row of the frame is; the rows of a group follow each other.
    """
    opens = ~frame[group].duplicated().to_numpy()
    places = -(np.arange(len(frame)) + 1.2 * opens.cumsum())
    heading: dict[str, Any] = {
        "va": "center",
        "fontweight": "bold",
        "xycoords": ("figure fraction", "data"),
        "in_layout": False,
    }
    for place, words in zip(places[opens], frame.loc[opens, group], strict=True):
        note(axes, words, (0.01, float(place) + 1.05), (0, 0), **heading)
    axes.vlines(np.zeros(len(places)), places - 0.5, places + 0.5, color=ALL, lw=1)
    axes.set_yticks(places, frame[label])
    axes.set_ylim(float(places.min()) - 0.6, 0.4)
    return places


def bars(axes: Axes, frame: pd.DataFrame, *, colours: Sequence[str], form: str) -> None:
    """Draw a group of bars for each row, one for each column, with their numbers in a format, and a zero line.

    The names of the columns, which have their ``colours``, are the legend where there are several.
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
    if frame.shape[1] > 1:
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

    ``row`` is the column that says in which row a mark stands, ``words`` gives the words of each row by its value, the
    lowest first, and ``look`` takes a row of the frame and returns ``marker``, ``color``, ``ms`` and the like of
    matplotlib's ``plot``.
    """
    for height, value in enumerate(words):
        for place, mark in enumerate(frame[frame[row] == value].to_dict("records")):
            axes.plot(place, height, linestyle="None", **look({str(k): v for k, v in mark.items()}))
    axes.set_yticks(range(len(words)), list(words.values()))
    axes.set(xticks=[], ylim=(-0.6, len(words) - 0.4))
    axes.grid(visible=False)
