"""Fitting a chart to a width: words broken into lines, axes laid out, labels moved out of each other."""

from collections.abc import Callable, Sequence
from functools import cache, partial
from itertools import pairwise
from typing import Any, NamedTuple

import matplotlib.dates as mdates
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.legend import Legend
from matplotlib.ticker import ScalarFormatter

from tr_analysis.digits import settle
from tr_analysis.report.charts.draw import ROW, EndLabel, Outside, figure_of, place_flags

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
    return labels if any(map(str.isalpha, tick_text(axis))) and not is_dated(axis) else []


def tick_text(axis: Axis) -> str:
    """Return what the visible tick labels of an axis say, in one."""
    shown = [label.get_text() for label in axis.get_ticklabels() if label.get_visible()]
    return "".join(shown).replace("mathdefault", "")


def is_dated(axis: Axis) -> bool:
    """Tell whether an axis shows dates."""
    return isinstance(axis.get_major_locator(), mdates.DateLocator)


class AxisName(Outside):
    """The name of a y axis, upright at its head, where it is read without turning the head."""

    def __init__(self, axes: Axes):
        label, spec = axes.yaxis.label, axes.get_subplotspec()
        begin = "figure fraction" if spec is None or spec.is_first_col() else "axes fraction"
        looks = {"fontsize": label.get_fontsize(), "color": label.get_color(), "va": "bottom"}
        place = {"xycoords": (begin, "axes fraction")}
        super().__init__(axes, label.get_text(), (0.01, 1), (0, 7), **place, **looks)
        label.set_visible(False)


def name_upright(figure: Figure) -> None:
    """Write the name of each y axis at its head instead of its side."""
    for axes in figure.axes:
        if axes.get_ylabel() and axes.yaxis.label.get_visible():
            AxisName(axes)


def group_thousands(figure: Figure) -> None:
    """Write the numbers of each axis that reaches a thousand with commas, unless it has a form of its own."""
    for axis in (axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)):
        plain = type(axis.get_major_formatter()) is ScalarFormatter
        if plain and max(map(abs, axis.get_view_interval())) >= 1000:
            axis.set_major_formatter("{x:,.0f}")


def fit(figure: Figure, words: Sequence[Breakable], *, heading: float = 0.0) -> None:
    """Fit a chart with the words of `words_of` to its figure's size, and fix it so.

    ``heading`` is the share of the height that its heading takes.
    """
    renderer = FigureCanvasAgg(figure).get_renderer()  # type: ignore[no-untyped-call]
    for each in words:
        _break(each, figure)
    years = 1 + int(figure.get_figwidth())  # no more than have room
    for axes in (axes for axes in figure.axes if is_dated(axes.xaxis)):
        axes.xaxis.set_major_locator(mdates.AutoDateLocator(minticks=2, maxticks=years))  # type: ignore[no-untyped-call]
    for legend in figure.legends:
        if legend.get_window_extent(renderer).width > figure.bbox.width:
            _one_column(figure, legend)
    # Words begin close to their final places, so that mostly one layout is enough.
    placed = [_place_words(axes, renderer) for axes in figure.axes]
    _lay_out(figure, heading)
    if not heading:
        for axes in figure.axes:
            _make_room(figure, axes, renderer)
    _write_above(figure, heading, renderer, placed)
    for axes in figure.axes:
        _spread(axes, renderer)
    figure.set_layout_engine("none")
    for axes in figure.axes:  # settled: what follows from its place would else fall by chance
        axes.set_position(settle(axes.get_position().bounds))
        axes.set_in_layout(True)


def _write_above(figure: Figure, heading: float, renderer: RendererBase, placed: list[float]) -> None:
    """Place what is written above the axes anew; where it takes another height, what is beside it moves, so again."""
    for _ in range(4):
        before, placed = placed, [_place_words(axes, renderer) for axes in figure.axes]
        if placed == before:
            return
        _lay_out(figure, heading)


def _one_column(figure: Figure, legend: Legend) -> None:
    """Write a legend that is too wide for the figure with one entry a line."""
    handles = [handle for handle in legend.legend_handles if handle]
    labels = [text.get_text() for text in legend.get_texts()]
    legend.remove()
    figure.legend(handles, labels, frameon=False, loc="outside lower left", ncols=1)


def _lay_out(figure: Figure, heading: float) -> None:
    figure.set_layout_engine("constrained", rect=(0, 0, 1, 1 - heading), h_pad=0.05, w_pad=0.05)
    figure.get_layout_engine().execute(figure)  # type: ignore[union-attr]


def _break(found: Breakable, figure: Figure) -> None:
    """Break words into lines that fit their share of a figure's width; a line break of the author stays."""
    owner, room = found.owner, found.share * figure.bbox.width
    text = owner.get_ticklabels()[0] if isinstance(owner, Axis) else owner
    width = _measure(figure, text.get_fontproperties())

    def lines(words: str) -> str:
        return "\n".join("\n".join(balanced_lines(part, room, width)) for part in words.split("\n"))

    if isinstance(owner, Axis):
        owner.set_ticks(owner.get_ticklocs(), [lines(label) for label in found.words])
    else:
        owner.set_text(lines(found.words))


def _measure(figure: Figure, font: FontProperties) -> Callable[[str], float]:
    """Return what measures a line of words in pixels."""
    return partial(_width, font.copy(), figure.dpi)


@cache
def _width(font: FontProperties, dpi: float, line: str) -> float:
    renderer: RendererBase = RendererAgg(1, 1, dpi)  # type: ignore[no-untyped-call]
    return float(renderer.get_text_width_height_descent(line, font, False)[0])


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
    """Place the words of events above the axes, the name of the y axis beside or above; return their height in points."""
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


def write_heading(figure: Figure, title: str, subtitle: str, below: str = "") -> float:
    """Write title, subtitle and a small line below at the top of a figure; return the share of the height they take."""
    height = 72 * figure.get_size_inches()[1]
    down = 4.0
    for words, size, weight, colour in (
        (title, 13.0, "bold", "#3D3D3D"),
        (subtitle, 10.0, "normal", "#555555"),
        (below, 8.5, "normal", "#555555"),
    ):
        font = FontProperties(size=size, weight=weight)
        for line in balanced_lines(words, 0.98 * figure.bbox.width, _measure(figure, font)):
            figure.text(0.01, 1 - down / height, line, fontproperties=font, color=colour, va="top")
            down += 1.35 * size
    return float((down + 9) / height)


def balanced_lines(words: str, room: float, width: Callable[[str], float]) -> list[str]:
    """Break words into as few lines as fit the room, of about equal length; ``width`` measures a line."""
    sizes = [(word, width(word)) for word in words.split()]
    space = width("n n") - 2 * width("n")
    lines = narrower = _fill(sizes, room, space)
    while len(narrower) == len(lines) and 1 < len(lines) < len(sizes):
        lines, room = narrower, 0.95 * room
        narrower = _fill(sizes, room, space)
    return lines


def _fill(sizes: list[tuple[str, float]], room: float, space: float) -> list[str]:
    """Fill lines one after the other; a word that is wider than the room gets its own."""
    lines: list[str] = []
    used = 0.0
    for word, size in sizes:
        if lines and used + space + size <= room:
            lines[-1] = f"{lines[-1]} {word}"
            used += space + size
        else:
            lines.append(word)
            used = size
    return lines
