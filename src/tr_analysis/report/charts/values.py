"""The values of a chart's points: where each stands in the drawing, and what a reader hears there.

They go into the drawing itself, as circles that are not seen, each with its words: a browser shows these over a drawing
that is opened alone, and the script of the pages on hover and by keyboard.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from html import escape
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.collections import PathCollection
from matplotlib.colors import to_hex
from matplotlib.container import BarContainer
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from tr_analysis.data.periods import financial_year
from tr_analysis.digits import settle, without_noise
from tr_analysis.report.charts.draw import EndLabel, at
from tr_analysis.report.charts.fit import is_dated
from tr_analysis.report.tables import number_text

MOST = 24  # points of a line without markers that have words; the data beside the chart have all
# Matplotlib's own names; any other that begins with an underscore is a name of ours that stays out of the legend.
_UNNAMED = ("_child", "_container", "_nolegend_")
_NUMBER = re.compile(r"[+−-]?[\d,]*\.?\d+")
_PERIODS: dict[str, Callable[[pd.Period], str]] = {
    "Q-DEC": lambda period: f"{period.start_time:%B} to {period.end_time:%B %Y}",
    "M": lambda period: period.strftime("%B %Y"),
    "Y-DEC": str,
    "Y-MAR": lambda period: financial_year(period).replace("/", "-"),
}


def circles(figure: Figure) -> str:
    """Write the points of a fitted figure as circles of SVG, each with its words as its title."""
    drawn = "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}"><title>{escape(words)}</title></circle>'
        for x, y, words in points(figure)
    )
    return f'<g class="values" fill="none" pointer-events="all">{drawn}</g>' if drawn else ""


def points(figure: Figure) -> Iterator[tuple[float, float, str]]:
    """Yield the points of a fitted figure, in points of print from its left and its top, and what stands there.

    These are every marker and bar, and of a line without markers at most `MOST`. What lies outside its axes, or
    between the ticks of an axis of words, is left out.
    """
    for axes in figure.axes:
        scales = _Scale(axes.xaxis), _Scale(axes.yaxis)
        for name, places, seen, measured in _marks(axes):
            words = [s.words(places[:, i], measured=i == measured) for i, s in enumerate(scales)]
            for (x, y), *said in zip(axes.transData.transform(seen), *words, strict=True):
                text = _sentence(name, scales, said)
                if text and axes.bbox.padded(1).contains(x, y):
                    yield *settle([72 * x / figure.dpi, 72 * (figure.bbox.height - y) / figure.dpi]), text


def _sentence(name: str, scales: "tuple[_Scale, _Scale]", said: Sequence[str]) -> str:
    """Say a point: a number after the date or words of the other axis; two numbers by the names of their axes."""
    (across, up), (x, y) = scales, said
    if (across.ticks and not x) or (up.ticks and not y):
        return ""
    if across.numbers and up.numbers:
        return ", ".join(filter(None, (name, f"{across.name}: {x}; {up.name}: {y}")))
    numbers = [words for scale, words in zip(scales, said, strict=True) if scale.numbers or not scale.ticks]
    number = next(filter(None, numbers), "")
    what = ", ".join(part for part in (name, y, x) if part and part is not number)
    if not number:  # a row alone says nothing of a mark in it
        return what if name or (x and y) else ""
    return f"{what}{', ' if ':' in what else ': '}{number}" if what else number


class _Scale:
    """How an axis says a place on it: as a date, as the words of its tick, or as a number with its unit."""

    def __init__(self, axis: Axis):
        places = [float(tick) for tick in axis.get_ticklocs()]
        written = axis.get_major_formatter().format_ticks(places)  # also where the axes below have the labels
        self.ticks = [(at, " ".join(w.split())) for at, w in zip(places, written, strict=True) if w.strip()]
        self.name = " ".join(axis.label.get_text().split())
        self.dated, self.log = is_dated(axis), axis.get_scale() == "log"
        numbers = [
            (at, found[0], words) for at, words in self.ticks if at and (found := _NUMBER.search(words))
        ]
        forms = [words.replace(number, "{}", 1) for at, number, words in numbers if _is(number, at)]
        powers = any("$" in words for _, words in self.ticks)
        self.numbers = not self.dated and (powers or 2 * len(forms) > sum(at != 0 for at in places))
        self.form = "{}" if powers or not forms else Counter(forms).most_common(1)[0][0]
        low, high = sorted(axis.get_view_interval())
        self.decimals = max(0, int(np.ceil(-np.log10((high - low) / 500))))

    def words(self, places: Sequence[float], *, measured: bool) -> list[str]:
        """Say each of these places, or lengths if ``measured``; nothing where the axis has no words for it."""
        if self.dated:
            return _dates(places)
        if self.numbers or (measured and not self.ticks):
            return [self._number(value) for value in places]
        return [self._tick(value) for value in places]

    def _number(self, value: float) -> str:
        if self.log:
            return self.form.format(f"{float(f'{value:.3g}'):,.7g}")
        rounded = round(settle(value), self.decimals) + 0.0  # without the sign of a zero
        text = number_text(f"{{:,.{self.decimals}f}}", rounded)
        return self.form.format(text.rstrip("0").rstrip(".") if "." in text else text)

    def _tick(self, value: float) -> str:
        distance, words = min(((abs(tick - value), words) for tick, words in self.ticks), default=(1, ""))
        return words if distance < 0.5 else ""


def _is(text: str, value: float) -> bool:
    return bool(np.isclose(float(text.replace("−", "-").replace(",", "")), value, rtol=1e-3))


def _dates(days: Sequence[float]) -> list[str]:
    """Say dates: as periods if each stands in the middle of one, where `at` puts it, else by the day."""
    dates = pd.DatetimeIndex([pd.Timestamp(0) + pd.Timedelta(day, "D") for day in days])
    for frequency, form in _PERIODS.items():
        periods = dates.to_period(frequency)
        # The middle of a quarter is that of its second month, so that one date alone is of the month.
        alone = frequency == "Q-DEC" and len(dates) == 1
        if not alone and ((at(periods) - dates).round("min") == pd.Timedelta(0)).all():
            return [form(period) for period in periods]
    return [f"{date.day} {date:%B %Y}" for date in dates]


def _marks(axes: Axes) -> Iterator[tuple[str, Any, Any, int | None]]:
    """Yield what is drawn from data: its name, its points, where each is pointed at, and the side of a bar's length."""
    for line in axes.lines:
        places = np.column_stack(line.get_data(orig=False)).astype(float)
        places = places[np.isfinite(places).all(axis=1)]
        marked = line.get_marker() not in ("None", None, "")
        # A line of two points is an interval, and one with blunt ends a bar of time.
        drawn = marked or (len(places) > 2 and line.get_solid_capstyle() != "butt")
        if drawn and len(places) and line.get_transform() == axes.transData:
            some = places if marked else places[_spread(len(places))]
            yield _name(axes, line, places), some, some, None
    for many in axes.collections:
        if isinstance(many, PathCollection):
            places = np.asarray(many.get_offsets(), dtype=float)
            yield _labelled(many), places, places, None
    for bars in axes.containers:
        if isinstance(bars, BarContainer) and len(bars):
            boxes = [(bar.get_x(), bar.get_y(), bar.get_width(), bar.get_height()) for bar in bars.patches]
            x, y, wide, high = np.array(boxes, dtype=float).T
            wide, high = without_noise(wide), without_noise(high)
            middle, upright = np.column_stack([x + wide / 2, y + high / 2]), bars.orientation == "vertical"
            length = np.column_stack([middle[:, 0], high] if upright else [wide, middle[:, 1]])
            there = (wide != 0) & (high != 0)
            yield _labelled(bars), length[there], middle[there], int(upright)


def _spread(many: int) -> Any:
    """Return the places of at most `MOST` of so many points, the first and the last among them."""
    return np.unique(np.linspace(0, many - 1, min(many, MOST)).round().astype(int))


def _labelled(drawn: Any) -> str:
    label = str(drawn.get_label())
    return "" if label.startswith(_UNNAMED) else " ".join(label.removeprefix("_").split())


def _name(axes: Axes, line: Line2D, places: Any) -> str:
    """Return the name of a line: its label, or the words at its end, or the only ones of its colour."""
    colour = to_hex(line.get_color())
    ends = [text for text in axes.texts if isinstance(text, EndLabel)]
    alike = [text for text in ends if to_hex(text.get_color()) == colour]
    near = [text for text in alike if np.isclose(text.xy[1], places[-1, 1])] or alike
    return _labelled(line) or (" ".join(near[0].get_text().split()) if len(near) == 1 else "")
