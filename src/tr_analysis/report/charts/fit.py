"""Fitting a chart to a width: words broken into lines, axes laid out, labels moved out of each other."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import matplotlib.dates as mdates
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.text import Annotation, Text
from matplotlib.ticker import ScalarFormatter

from tr_analysis.digits import settle
from tr_analysis.report.charts.draw import EndLabel
from tr_analysis.report.charts.marks import ROW, place_flags
from tr_analysis.report.charts.style import figure_of
from tr_analysis.report.headings import balanced_lines

_LEFT, _END = 0.36, 0.25  # shares of the width, at most: words at the left, and at the ends of lines


class Breakable(NamedTuple):
    """Words that can be broken into lines, as the author wrote them."""

    owner: Any  # a text, or an axis with its tick labels
    words: Any
    share: float  # of the figure's width, at most


def words_of(figure: Figure) -> list[Breakable]:
    """Return the words of a figure that can be broken into lines."""
    found = []
    for axes in figure.axes:
        across, up = axes.xaxis, axes.yaxis
        if rows := _words_on(up):
            found.append(Breakable(up, rows, _LEFT))
        if columns := _words_on(across):
            found.append(Breakable(across, columns, 0.8 / len(columns)))
        found.append(Breakable(across.label, across.label.get_text(), 0.6 if rows else 0.85))
        shares = {EndLabel: _END, AxisName: 0.98}
        found += [Breakable(t, t.get_text(), shares[type(t)]) for t in axes.texts if type(t) in shares]
    return found


def _words_on(axis: Axis) -> list[str]:
    """Return the tick labels of an axis that carries words."""
    labels = [label.get_text() for label in axis.get_ticklabels()]
    shown = "".join(labels).replace("mathdefault", "")
    return labels if any(map(str.isalpha, shown)) and not is_dated(axis) else []


def is_dated(axis: Axis) -> bool:
    """Tell whether an axis shows dates."""
    return isinstance(axis.get_major_locator(), mdates.DateLocator)


class AxisName(Annotation):
    """The name of a y axis, upright at its head, where it is read without turning the head."""

    def __init__(self, axes: Axes):
        label, spec = axes.yaxis.label, axes.get_subplotspec()
        begin = "figure fraction" if spec is None or spec.is_first_col() else "axes fraction"
        looks = {"fontsize": label.get_fontsize(), "color": label.get_color(), "va": "bottom"}
        where = {"xycoords": (begin, "axes fraction"), "textcoords": "offset points"}
        super().__init__(label.get_text(), (0.01, 1), xytext=(0, 7), **where, **looks, annotation_clip=False)  # type: ignore[arg-type]
        axes.add_artist(self)
        self.set_clip_on(False)
        label.set_visible(False)


def name_upright(figure: Figure) -> None:
    """Write the name of each y axis at its head instead of its side."""
    for axes in figure.axes:
        if axes.get_ylabel() and axes.yaxis.label.get_visible():
            AxisName(axes)


def group_thousands(figure: Figure) -> None:
    """Write the numbers of each axis that reaches a thousand with commas, unless it has a form of its own."""
    for axis in (axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)):
        if (
            type(axis.get_major_formatter()) is ScalarFormatter
            and max(map(abs, axis.get_view_interval())) >= 1000
        ):
            axis.set_major_formatter("{x:,.0f}")


def fit(figure: Figure, words: Sequence[Breakable], *, heading: float = 0.0) -> None:
    """Fit a chart to its figure's size, and fix it so.

    Parameters
    ----------
    figure
        The figure, at the size wanted.
    words
        From `words_of`.
    heading
        Share of the height that its heading takes.
    """
    renderer = FigureCanvasAgg(figure).get_renderer()  # type: ignore[no-untyped-call]
    for each in words:
        _break(each, figure.bbox.width * each.share, renderer)
    for axes in figure.axes:
        _space_years(axes, 1 + int(figure.get_figwidth()))
    for legend in figure.legends:
        if legend.get_window_extent(renderer).width > figure.bbox.width:
            _one_column(figure, legend)
    _lay_out(figure, heading)
    if not heading:
        for axes in figure.axes:
            _make_room(figure, axes, renderer)
    _write_above(figure, heading, renderer)
    for axes in figure.axes:
        _spread(axes, renderer)
    figure.set_layout_engine("none")
    for axes in figure.axes:
        axes.set_position(
            settle(axes.get_position().bounds)
        )  # what follows from it would else fall by chance
        axes.set_in_layout(True)


def _space_years(axes: Axes, most: int) -> None:
    """Write no more years below the axes than have room."""
    if is_dated(axes.xaxis):
        axes.xaxis.set_major_locator(mdates.AutoDateLocator(minticks=2, maxticks=most))  # type: ignore[no-untyped-call]


def _write_above(figure: Figure, heading: float, renderer: RendererBase) -> None:
    """Place what is written above the axes; it takes height, which can move what is beside it, so again."""
    placed: list[float] = []
    for _ in range(4):
        before, placed = placed, [_place_words(axes, renderer) for axes in figure.axes]
        if placed == before:
            return
        _lay_out(figure, heading)


def _one_column(figure: Figure, legend: Legend) -> None:
    """Write a legend that is too wide for the figure with one entry a line."""
    handles, labels = legend.legend_handles, [text.get_text() for text in legend.get_texts()]
    legend.remove()
    figure.legend(
        [handle for handle in handles if handle], labels, frameon=False, loc="outside lower left", ncols=1
    )


def _lay_out(figure: Figure, heading: float) -> None:
    figure.set_layout_engine("constrained", rect=(0, 0, 1, 1 - heading), h_pad=0.05, w_pad=0.05)
    figure.get_layout_engine().execute(figure)  # type: ignore[union-attr]


def _break(found: Breakable, room: float, renderer: RendererBase) -> None:
    """Break words into lines that fit a room in pixels."""
    owner = found.owner
    if isinstance(owner, Axis):
        text = owner.get_ticklabels()[0]
        owner.set_ticks(owner.get_ticklocs(), [_lines(label, room, text, renderer) for label in found.words])
    else:
        owner.set_text(_lines(found.words, room, owner, renderer))


def _lines(words: str, room: float, text: Text, renderer: RendererBase) -> str:
    """Break words into lines that fit; a line break of the author stays."""

    def width(line: str) -> float:
        return float(renderer.get_text_width_height_descent(line, text.get_fontproperties(), False)[0])

    return "\n".join("\n".join(balanced_lines(part, room, width)) for part in words.split("\n"))


def _make_room(figure: Figure, axes: Axes, renderer: RendererBase) -> None:
    """Make a figure higher if the words of its rows do not fit beside each other."""
    labels = [label for label in axes.get_yticklabels() if label.get_text()]
    if is_dated(axes.yaxis) or len(labels) < 2:
        return
    boxes = sorted((label.get_window_extent(renderer) for label in labels), key=lambda box: float(box.y0))
    middles = [(box.y0 + box.y1) / 2 for box in boxes]
    factor = max(
        0.5 * (one.height + other.height + 0.16 * figure.dpi) / max(1.0, above - below)
        for (one, other), (below, above) in zip(pairwise(boxes), pairwise(middles), strict=True)
    )
    if factor > 1:
        width, height = figure.get_size_inches()
        more = (factor - 1) * axes.bbox.height / figure.dpi
        figure.set_size_inches(width, round(height + more, 3))
        _lay_out(figure, 0)


def _place_words(axes: Axes, renderer: RendererBase) -> float:
    """Place the words of events above the axes, and the name of the y axis beside or above them.

    Returns the height in points that they take.
    """
    rows, left = place_flags(axes, renderer)
    up = 0.0
    for name in axes.texts:
        if isinstance(name, AxisName):
            beside = name.get_window_extent(renderer).x1 + 0.02 * figure_of(axes).bbox.width < left
            up = 7.0 if beside else 7 + rows * ROW  # clear of a number at the top of the axis
            name.set_position((0, up))
    return rows + up


def _spread(axes: Axes, renderer: RendererBase) -> None:
    """Move the names at the ends of lines up or down until none lies on another."""
    ends = [text for text in axes.texts if isinstance(text, EndLabel)]
    for end in ends:
        end.set_position((6, 0))
    boxes = {end: end.get_window_extent(renderer) for end in ends}
    ends.sort(key=lambda end: float(boxes[end].y0 + boxes[end].y1))
    for _ in range(20):
        for low, high in pairwise(ends):
            below, above = boxes[low], boxes[high]
            overlap = below.y1 - above.y0
            if overlap > 0 and below.x0 < above.x1 and above.x0 < below.x1:
                boxes[low] = below.translated(0, -overlap / 2)
                boxes[high] = above.translated(0, overlap / 2)
    point = figure_of(axes).dpi / 72
    for end in ends:
        end.set_position((6, (boxes[end].y0 - end.get_window_extent(renderer).y0) / point))
