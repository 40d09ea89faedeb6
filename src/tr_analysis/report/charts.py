"""The house style of the charts, and the one way a chapter shows one."""

import base64
import io
import textwrap
from collections.abc import Mapping
from typing import Any

import matplotlib.dates as mdates
import pandas as pd
import seaborn as sns
from IPython.display import display
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# Safe for colour-blind readers; each at least 3:1 against white.
CRC, NPS, ALL = "#C1490A", "#0068A8", "#3D3D3D"
SECOND, MUTED = "#00734F", "#767676"
_WIDTH, _DPI = 8.0, 144
_STYLE = {
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.grid.axis": "y",
    "axes.edgecolor": MUTED,
    "axes.labelcolor": ALL,
    "grid.color": "#E2E2E2",
}


def canvas(height: float = 4.4, *, rows: int = 1, columns: int = 1, **shared: Any) -> tuple[Figure, Any]:
    """Return a figure in house style and its axes.

    Parameters
    ----------
    height
        Height in inches; the width is always the page's.
    rows, columns
        Grid of axes.
    **shared
        ``sharex``, ``sharey``, ``gridspec_kw`` and the like, for matplotlib's ``subplots``.
    """
    sns.set_theme(context="notebook", style="whitegrid", font="DejaVu Sans", font_scale=0.85, rc=_STYLE)
    figure = Figure(figsize=(_WIDTH, height), dpi=_DPI, layout="constrained")
    return figure, figure.subplots(rows, columns, **shared)


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
    """Draw a line with its interval and its label at the right end; a missing value is a gap."""
    axes.plot(x, frame[y], color=colour, lw=2, ls="--" if dashed else "-")
    axes.fill_between(x, frame[low].astype(float), frame[high].astype(float), color=colour, alpha=0.18, lw=0)
    label_end(axes, x, frame[y], label, colour)


def label_end(axes: Axes, x: Any, y: "pd.Series[Any]", label: str, colour: str, *, shift: float = 0) -> None:
    """Write a line's name at its right end, in its colour, instead of a legend."""
    last = y.last_valid_index()
    position = list(y.index).index(last)
    axes.annotate(
        label,
        (x[position], float(y.loc[last])),
        xytext=(6, shift),
        textcoords="offset points",
        color=colour,
        va="center",
        fontweight="bold",
        annotation_clip=False,
    )


def mark(axes: Axes, dates: Mapping[str, str], *, top: float = 1.0) -> None:
    """Mark dated events alike in every chart: a thin line and a word at its head.

    Parameters
    ----------
    axes
        Axes with dates on x.
    dates
        Words by date, such as ``{"2015-02-01": "new owners"}``.
    top
        Height of the words, as a share of the axes.
    """
    for date, words in dates.items():
        axes.axvline(
            mdates.date2num(pd.Timestamp(date)),  # type: ignore[no-untyped-call]
            color=MUTED,
            lw=1,
            ls=(0, (4, 3)),
            zorder=1,
        )
        axes.annotate(
            words,
            (pd.Timestamp(date), top),
            xycoords=("data", "axes fraction"),
            xytext=(4, -2),
            textcoords="offset points",
            va="top",
            ha="left",
            color=MUTED,
            fontsize="small",
        )


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
        If title, subtitle or alternative text is empty, or there is no data.
    """
    for what, words in {"title": title, "subtitle": subtitle, "alternative text": alt}.items():
        if not words.strip():
            raise ValueError(f"chart {name!r} needs a {what}")
    if data.empty:
        raise ValueError(f"chart {name!r} has no data to publish beside it")
    heading = _heading(figure, title, subtitle)
    figure.set_layout_engine("constrained", rect=(0, 0, 1, 1 - heading))
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=_DPI, metadata={"Software": None})
    bundle = {
        "image/png": base64.b64encode(picture.getvalue()).decode(),
        "text/csv": data.to_csv(index=False, lineterminator="\n", float_format="%.6g"),
        "text/plain": f"Chart: {title}",
    }
    width, height = (round(side * _DPI / 2) for side in figure.get_size_inches())
    display(  # type: ignore[no-untyped-call]
        bundle, raw=True, metadata={"image/png": {"alt": alt, "name": name, "width": width, "height": height}}
    )


def _heading(figure: Figure, title: str, subtitle: str) -> float:
    """Write title and subtitle above the axes; return the share of the height they take."""
    points = float(figure.get_size_inches()[1]) * 72
    lines = [(line, 13.0, "bold", ALL) for line in textwrap.wrap(title, 72)]
    lines += [(line, 9.5, "normal", "#555555") for line in textwrap.wrap(subtitle, 104)]
    down = 4.0
    for line, size, weight, colour in lines:
        figure.text(0.01, 1 - down / points, line, fontsize=size, fontweight=weight, color=colour, va="top")
        down += size * 1.35
    return (down + 6) / points
