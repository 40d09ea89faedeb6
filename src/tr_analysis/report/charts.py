"""The house style of the charts, and the one way a chapter shows one."""

import base64
import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.dates as mdates
import pandas as pd
import seaborn as sns
from IPython.display import display
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from tr_analysis.report.headings import write_heading
from tr_analysis.report.tables import number_text

# Far apart for colour-blind readers too; each at least 3:1 against white.
CRC, NPS, ALL = "#C1490A", "#0068A8", "#3D3D3D"
SECOND, MUTED = "#8A1C7C", "#767676"
_WIDTH, _DPI = 6.4, 180  # narrow, so that words stay readable on a phone
_STYLE = {
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.grid.axis": "y",
    "axes.edgecolor": MUTED,
    "axes.labelcolor": ALL,
    "grid.color": "#E2E2E2",
}


def canvas(height: float = 4.4, *, rows: int = 1, **grid: Any) -> tuple[Figure, Any]:
    """Return a figure in house style and its axes.

    Parameters
    ----------
    height
        Height in inches; the width is always the page's.
    rows
        Axes below each other.
    **grid
        ``ncols``, ``sharex``, ``gridspec_kw`` and the like, for matplotlib's ``subplots``.
    """
    sns.set_theme(context="notebook", style="whitegrid", font="DejaVu Sans", font_scale=0.95, rc=_STYLE)
    figure = Figure(figsize=(_WIDTH, height), dpi=_DPI, layout="constrained")
    return figure, figure.subplots(rows, **grid)


def at(periods: "pd.Series[Any] | pd.PeriodIndex") -> pd.DatetimeIndex:
    """Return the middle of each period, where a chart puts its point."""
    index = pd.PeriodIndex(periods)
    return pd.DatetimeIndex(index.start_time + (index.end_time - index.start_time) / 2)


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
    axes.vlines(pd.Index(x)[alone], lower[alone], upper[alone], color=colour, alpha=0.4, lw=5)
    axes.plot(pd.Index(x)[alone], line[alone], "o", color=colour, ms=6)
    label_end(axes, x, frame[y], label, colour)


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
    style = {"va": "center", "fontweight": "bold", "annotation_clip": False}
    _write(axes, label, end, (6, 0), color=colour, **style)


def _write(axes: Axes, words: str, place: tuple[Any, Any], offset: tuple[int, int], **style: Any) -> None:
    """Write words beside a place on the axes, an offset in points away; the rest as in ``annotate``."""
    axes.annotate(words, place, xytext=offset, textcoords="offset points", **style)


def dots(axes: Axes, frame: pd.DataFrame, *, label: str, value: str, form: str) -> None:
    """Draw one dot a row from the top down, with its interval where it has one, its number, and a zero line.

    Parameters
    ----------
    axes
        Where to draw.
    frame
        Columns low, high and colour beside those named; a missing low is no interval.
    label, value
        Columns with each row's words and number.
    form
        Format of the numbers.
    """
    for place, row in enumerate(frame.iloc[::-1].to_dict("records")):
        if pd.notna(row["low"]):
            axes.plot([row["low"], row["high"]], [place, place], color=row["colour"], lw=5, alpha=0.4)
        axes.plot(row[value], place, "o", color=row["colour"], ms=8)
        number = number_text(form, row[value])
        _write(axes, number, (row[value], place), (0, 9), ha="center", color=row["colour"])
    axes.axvline(0, color=ALL, lw=1)
    axes.set_yticks(range(len(frame)), frame[label].iloc[::-1])
    axes.set_ylim(-0.5, len(frame) - 0.3)


def bars(axes: Axes, frame: pd.DataFrame, *, colours: Sequence[str], form: str) -> None:
    """Draw a group of bars for each row, one for each column, with their numbers, a zero line and a legend.

    Parameters
    ----------
    axes
        Where to draw.
    frame
        One row a group, one column a series; the column names are the legend.
    colours
        Colour of each column.
    form
        Format of the numbers.
    """
    width = 0.76 / frame.shape[1]
    for column, (name, colour) in enumerate(zip(frame.columns, colours, strict=True)):
        for place, value in enumerate(frame[name]):
            x = place + (column - (frame.shape[1] - 1) / 2) * width
            axes.bar(x, value, 0.9 * width, color=colour, label=name if place == 0 else None)
            rise, side = (4, "bottom") if value >= 0 else (-4, "top")
            number = number_text(form, value)
            _write(axes, number, (x, value), (0, rise), ha="center", va=side, color=colour)
    axes.axhline(0, color=ALL, lw=1)
    axes.set_xticks(range(len(frame)), list(frame.index))
    axes.margins(y=0.18)
    axes.figure.legend(*axes.get_legend_handles_labels(), frameon=False, loc="outside lower left", ncols=1)


def mark(axes: Axes, dates: Mapping[str, str], *, top: float = 1.0) -> None:
    """Mark dated events alike in every chart: a thin line and a word at its head.

    Parameters
    ----------
    axes
        Axes with dates on x, and their limits set.
    dates
        Words by date, such as ``{"2015-02-01": "new owners"}``.
    top
        Height of the words, as a share of the axes.
    """
    left, right = axes.get_xlim()
    places = [float(mdates.date2num(pd.Timestamp(date))) for date in sorted(dates)]  # type: ignore[no-untyped-call]
    for x, after, date in zip(places, [*places[1:], float("inf")], sorted(dates), strict=True):
        crowded = after - x < 0.12 * (right - left)  # then its words go to the left of its line
        axes.axvline(x, color=MUTED, lw=1, ls=(0, (4, 3)), zorder=1)
        across, side = (-4, "right") if crowded else (4, "left")
        style = {"ha": side, "va": "top", "color": MUTED, "fontsize": "small"}
        _write(axes, dates[date], (x, top), (across, -2), xycoords=("data", "axes fraction"), **style)


def show(figure: Figure, name: str, *, title: str, subtitle: str, alt: str, data: pd.DataFrame) -> None:
    """Show a chart in the notebook with everything a reader and the publisher need.

    Parameters
    ----------
    figure
        From `canvas`.
    name
        Name of its files.
    title
        The finding, as a sentence.
    subtitle
        Measure, population, period and source.
    alt
        What a reader would see, for those who cannot.
    data
        What is plotted, published beside the picture as CSV.

    Raises
    ------
    ValueError
        If title, subtitle or alternative text is empty, there is no data, or the name is no file name.
    """
    if not re.fullmatch(r"[\w-]+", name):
        raise ValueError(f"chart {name!r} names its files: use letters, digits and dashes")
    for what, words in {"title": title, "subtitle": subtitle, "alternative text": alt}.items():
        if not words.strip():
            raise ValueError(f"chart {name!r} has no {what}; write one")
    if data.empty:
        raise ValueError(f"chart {name!r} has no data to publish beside it")
    for axes in figure.axes:
        if isinstance(axes.xaxis.get_major_locator(), mdates.AutoDateLocator):
            axes.xaxis.set_major_locator(mdates.AutoDateLocator(minticks=3, maxticks=7))  # type: ignore[no-untyped-call]
    heading = write_heading(figure, title, subtitle)
    figure.set_layout_engine("constrained", rect=(0, 0, 1, 1 - heading))
    bundle = {
        "image/png": base64.b64encode(_png(figure)).decode(),
        "text/csv": data.to_csv(index=False, lineterminator="\n", float_format="%.6g"),
        "text/plain": f"Chart: {title}",
    }
    width, height = (round(side * _DPI / 2) for side in figure.get_size_inches())
    display(  # type: ignore[no-untyped-call]
        bundle, raw=True, metadata={"image/png": {"alt": alt, "name": name, "width": width, "height": height}}
    )


def _png(figure: Figure) -> bytes:
    """Draw a figure as PNG with a palette of its own colours, which is a third of the size."""
    drawn, packed = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png", dpi=_DPI)
    Image.open(drawn).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(
        packed, "PNG", optimize=True
    )
    return packed.getvalue()
