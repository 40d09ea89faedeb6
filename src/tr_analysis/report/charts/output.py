"""The one way a chapter shows a chart: checked, drawn for page and phone, described, its data beside it."""

import base64
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from html import escape
from itertools import combinations
from typing import Any, cast

import matplotlib as mpl
import numpy as np
import pandas as pd
from IPython.display import display, update_display
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.container import BarContainer
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Annotation, Text
from PIL import Image

from tr_analysis.digits import settle
from tr_analysis.report import CHART_MIME
from tr_analysis.report.charts.draw import DPI, MUTED, NARROW, SMALL, contrast, over
from tr_analysis.report.charts.fit import (
    fit,
    group_thousands,
    is_dated,
    name_upright,
    tick_text,
    words_of,
    write_heading,
)
from tr_analysis.report.charts.values import circles
from tr_analysis.report.tables import csv_text
from tr_analysis.simulated import MARK, marked, origin_of

LINES, TEXT = 3.0, 4.5
"""Least contrast against the ground, by WCAG 2.2: of lines, markers and bars; of words."""


def check(figure: Figure, name: str) -> None:
    """Refuse a fitted figure that breaks a rule of the house: a `ValueError` names the chart, the fault and its remedy.

    Axes do not share a place with other axes, bars begin at zero, an axis of numbers says what they are,
    and lines, markers, bars and words stand out from their ground. Areas (bands, spans, contours) and the
    grid are grounds and may be pale: what they say, a line, a border or words say too.
    """
    for one, other in combinations(figure.axes, 2):
        if np.allclose(one.get_position().bounds, other.get_position().bounds):
            raise ValueError(f"chart {name!r} has two axes in one place; draw two panels, each with its own")
    for axes in figure.axes:
        if any(type(child).__name__ == "SecondaryAxis" for child in axes.child_axes):
            raise ValueError(f"chart {name!r} has a second axis; draw two panels, or convert the numbers")
        _bars_from_zero(axes, name)
        for axis in (axes.xaxis, axes.yaxis):
            if _has_numbers(axis) and not axis.label.get_text().strip():
                raise ValueError(
                    f"chart {name!r} has numbers without a name on the {axis.axis_name} axis; "
                    f"say what they are and their unit: axes.set_{axis.axis_name}label(...)"
                )
        for colour, ground, least, what in (*_drawn(axes), *_written(axes)):
            if (ratio := contrast(colour, ground)) < least:
                raise ValueError(
                    f"chart {name!r} has {what} of contrast {ratio:.1f}:1, which is hard to see; "
                    f"take a colour with {least:g}:1, such as those of charts"
                )


def _bars_from_zero(axes: Axes, name: str) -> None:
    for bars in axes.containers:
        if not isinstance(bars, BarContainer) or not len(bars):
            continue
        upright = bars.orientation == "vertical"
        low, high = sorted(axes.get_ylim() if upright else axes.get_xlim())
        if not low <= 0 <= high:
            raise ValueError(
                f"chart {name!r} has bars on an axis from {low:g} to {high:g}: their length would mislead; "
                "include zero, or draw dots"
            )


def _has_numbers(axis: Axis) -> bool:
    """Tell whether an axis carries numbers, and not dates or words."""
    shown = tick_text(axis)
    return not is_dated(axis) and any(map(str.isdigit, shown)) and not any(map(str.isalpha, shown))


Seen = Iterator[tuple[Any, Any, float, str]]
"""Colour, its ground, the least contrast, and what has it."""


def _drawn(axes: Axes) -> Seen:
    """Yield the colours of lines, markers and bars; of a marker with an edge the one that stands out more."""
    for line in axes.lines:
        if line.get_linestyle() != "None" and np.size(line.get_xdata()):
            yield over(line.get_color(), alpha=line.get_alpha()), "white", LINES, "a line"
        if line.get_marker() not in ("None", None, ""):
            faces = (line.get_markerfacecolor(), line.get_markeredgecolor())
            yield _clearer([over(face, alpha=line.get_alpha()) for face in faces]), "white", LINES, "a marker"
    for drawn in axes.collections:
        if isinstance(drawn, LineCollection):
            for colour in np.unique(drawn.get_colors(), axis=0):
                yield over(colour), "white", LINES, "a line"
        elif isinstance(drawn, PathCollection):
            edges = [over(edge) for edge in np.atleast_2d(drawn.get_edgecolor())]
            for face in np.unique(np.atleast_2d(drawn.get_facecolor()), axis=0):
                yield _clearer([over(face), *edges]), "white", LINES, "a marker"
    for bar in _bars(axes):
        edge = bar.get_edgecolor() if bar.get_linewidth() else bar.get_facecolor()
        yield _clearer([over(bar.get_facecolor()), over(edge)]), "white", LINES, "a bar"


def _written(axes: Axes) -> Seen:
    """Yield the colours of words, each with the bar under it as its ground if there is one."""
    bars = [(bar.get_window_extent(), bar) for bar in _bars(axes)]
    ticks = (label for axis in (axes.xaxis, axes.yaxis) for label in (axis.label, *axis.get_ticklabels()[:1]))
    for text in (*axes.texts, *ticks, axes.title):
        if text.get_text() and text.get_visible():
            ground = _ground(text, bars)
            yield over(text.get_color(), ground, text.get_alpha()), ground, TEXT, f"words {text.get_text()!r}"


def _ground(text: Text, bars: list[tuple[Any, Rectangle]]) -> str:
    """Return the colour of the bar in which words stand, else white."""
    box = text.get_window_extent() if bars else None
    for extent, bar in bars:
        if box and extent.contains((box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2):
            return over(bar.get_facecolor())
    return "white"


def _bars(axes: Axes) -> list[Rectangle]:
    return [bar for bars in axes.containers if isinstance(bars, BarContainer) for bar in bars.patches]


def _clearer(colours: list[str]) -> str:
    return max(colours, key=contrast)


_FONTS = "'DejaVu Sans', Verdana, sans-serif"
_NO_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))
_USELESS = re.compile(r'<!--.*?-->|(?<=<g) id="[^"]*"| transform="rotate\(-0 [^"]*"|\n\s*(?=<)', re.DOTALL)
_PLACES = re.compile(r'(?<= )(d|x|y|width|height|points)="([^"]*)"')
_MOVED = re.compile(r"(?<=translate\()[^)]*")
_ID = re.compile(r'(?<= id=")[^"]*')
_LONG = re.compile(r"-?\d+\.\d{3,}")
_STEP = re.compile(r"([MLz])(?: (-?[\d.]+) (-?[\d.]+))?")


def to_svg(figure: Figure, name: str, title: str, alt: str) -> str:
    """Draw a fitted figure as SVG; its ids begin with the name, title and alternative text are for screen readers."""
    drawn = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        FigureCanvasSVG(figure).print_svg(drawn, metadata=_NO_METADATA)  # type: ignore[no-untyped-call]
    text = drawn.getvalue()
    text = _USELESS.sub("", text[text.index("<svg") :])
    text = _PLACES.sub(lambda found: f'{found[1]}="{_shorter(found[2])}"', text)
    text = _MOVED.sub(lambda found: _shorter(found[0]), text)
    for number, old in enumerate(dict.fromkeys(_ID.findall(text))):  # hashes of unrounded places
        text = re.sub(rf'(?<=id="){old}(?=")|(?<=#){old}\b', f"{name}-{number}", text)
    text = text.replace("font-family: 'DejaVu Sans'; ", "").replace("'DejaVu Sans'", _FONTS)
    text = text.replace("</style>", f" text{{font-family: {_FONTS}}} .values circle{{r: 7px}}</style>", 1)
    words = f"<title>{escape(title)}</title><desc>{escape(alt)}</desc>"
    text = text.removesuffix("</svg>\n") + circles(figure) + "</svg>\n"
    return re.sub(r"<svg([^>]*)>", rf'<svg role="img"\1>{words}', text, count=1)


def _shorter(places: str) -> str:
    """Return the same places to a hundredth of a point; straight lines by steps."""
    if places.startswith("M") and "C" not in places and "Q" not in places:
        return _by_steps(places)
    rounded = _LONG.sub(lambda found: f"{float(found[0]):.2f}".rstrip("0").rstrip("."), places)
    return " ".join(rounded.split())


def _by_steps(path: str) -> str:
    """Write straight lines as steps from point to point, counted in whole hundredths lest errors add up."""
    written, here, start = [], (0, 0), (0, 0)
    for command, x, y in _STEP.findall(path):
        if command == "z":
            written.append("z")
            here = start
            continue
        there = (round(100 * float(x)), round(100 * float(y)))
        across, down = there[0] - here[0], there[1] - here[1]
        if command == "M":
            written.append(f"m{_point(across)} {_point(down)}")
            start = there
        elif not down:
            written.append(f"h{_point(across)}")
        elif not across:
            written.append(f"v{_point(down)}")
        else:
            written.append(f"l{_point(across)} {_point(down)}")
        here = there
    return "".join(written).replace(" -", "-")


def _point(hundredths: int) -> str:
    """Write hundredths of a point as shortly as SVG allows."""
    text = f"{hundredths / 100:.7g}"
    return text.replace("0.", ".", 1) if abs(hundredths) < 100 else text


def show(
    figure: Figure,
    name: str,
    *,
    title: str,
    subtitle: str,
    alt: str,
    data: pd.DataFrame,
    origin: str = "",
    publishers: str = "",
    display_id: str = "",
) -> None:
    """Show a chart in the notebook with everything a reader and the publisher need.

    The output holds the picture as PNG, twice as sharp as it is wide; the plotted data as CSV; and the
    words with two drawings as SVG: ``svg``, the chart with its heading, which takes ``heading`` points at
    the top, and ``narrow``, the same chart redrawn for a phone, without the heading; sizes are in points.

    Parameters
    ----------
    figure, name
        From `canvas`, its size that of ``narrow`` afterwards; and the name of its files.
    title, subtitle, alt
        The finding, as a sentence; measure, population, period and source; what those see who cannot see it.
    data
        What is plotted, published beside the picture as CSV.
    origin
        ``findings.origin``: "simulated", as the data may say themselves, is put before title and alternative text and
        into every panel of the picture.
    publishers
        Of the sources, under the heading of a picture that is seen without its page.
    display_id
        Of what is already shown and the chart takes the place of; by default it is shown here.

    Raises
    ------
    ValueError
        If a word or the data is missing, the name is no file name, or the chart breaks a rule of the house: see `check`.
    """
    _complete(name, {"title": title, "subtitle": subtitle, "alternative text": alt}, data)
    if origin := origin or origin_of(data):
        title, alt = marked(title, origin), marked(alt, origin)
        for axes in figure.axes:  # in the drawing itself, which is also seen without its heading
            axes.set_title(MARK, loc="right", fontsize=SMALL, fontweight="bold", color=MUTED)
    _settle(figure)
    name_upright(figure)
    group_thousands(figure)
    words, (width, height) = words_of(figure), figure.get_size_inches()
    heading = write_heading(figure, title, subtitle, publishers and f"Published by: {publishers}")
    fit(figure, words, heading=heading)
    check(figure, name)
    picture = {"alt": alt, "name": name, "width": round(width * DPI / 2), "height": round(height * DPI / 2)}
    png, svg = _png(figure) if _pictures.get() else b"", to_svg(figure, name, title, alt)
    for line in list(figure.texts):
        line.remove()
    figure.set_size_inches(NARROW, height * (1 - heading))
    fit(figure, words)
    chart = {
        **{"name": name, "title": title, "subtitle": subtitle, "alt": alt, "svg": svg},
        **{"heading": _points(heading * height), "width": _points(width), "height": _points(height)},
        **{"narrow": to_svg(figure, f"{name}-narrow", title, alt), "narrow_width": _points(NARROW)},
        "narrow_height": _points(figure.get_size_inches()[1]),
    }
    bundle = {
        "image/png": base64.b64encode(png).decode(),
        CHART_MIME: chart,
        "text/csv": csv_text(data),
        "text/plain": f"Chart: {title}",
    }
    how = {"raw": True, "metadata": {"image/png": picture}}
    if display_id:
        update_display(bundle, display_id=display_id, **how)  # type: ignore[no-untyped-call]
    else:
        display(bundle, **how)  # type: ignore[no-untyped-call]


_pictures = ContextVar("pictures", default=True)


@contextmanager
def drawings_only() -> Iterator[None]:
    """Show charts without their PNG, which takes as long as all the rest."""
    token = _pictures.set(False)
    try:
        yield
    finally:
        _pictures.reset(token)


def _settle(figure: Figure) -> None:
    """Draw what is drawn from settled numbers, so that noise decides nothing: a pixel, a tick, whether a line closes."""
    for axes in figure.axes:
        for line in axes.lines:
            line.set_data(*(settle(values) for values in line.get_data(orig=False)))
        for bar in (patch for patch in axes.patches if isinstance(patch, Rectangle)):
            bar.set_bounds(*settle([*bar.get_xy(), bar.get_width(), bar.get_height()]))
        for many in axes.collections:
            many.set_offsets(settle(many.get_offsets()))
            for path in many.get_paths():
                path.vertices = settle(path.vertices)
        for annotation in (text for text in axes.texts if isinstance(text, Annotation)):
            annotation.xy = tuple(settle(at) if isinstance(at, float) else at for at in annotation.xy)
        axes.set(xlim=settle(axes.get_xlim()), ylim=settle(axes.get_ylim()))


def _complete(name: str, words: dict[str, str], data: pd.DataFrame) -> None:
    """Refuse a chart that lacks words, data or a name for its files."""
    if not re.fullmatch(r"[\w-]+", name):
        raise ValueError(f"chart {name!r} names its files: use letters, digits and dashes")
    for what, said in words.items():
        if not said.strip():
            raise ValueError(f"chart {name!r} has no {what}; write one")
    if data.empty:
        raise ValueError(f"chart {name!r} has no data to publish beside it")


def _points(inches: float) -> float:
    return round(72 * float(inches), 2)


# A picture with no more colours has its palette counted here; a chart has some hundreds, a photograph more.
_MOST_COLOURS = 4096


def _png(figure: Figure) -> bytes:
    """Draw a fitted figure as PNG with a palette of its own colours, which is a third of the size."""
    canvas, packed = cast(FigureCanvasAgg, figure.canvas), io.BytesIO()  # by which it was fitted
    canvas.draw()  # type: ignore[no-untyped-call]
    drawn = np.asarray(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
    _with_palette(drawn).save(packed, "PNG")
    return packed.getvalue()


def _with_palette(drawn: Any) -> Image.Image:
    """Return a picture, opaque and in RGBA, with its 256 commonest colours; each other becomes the nearest of them.

    Pillow's own median cut does as well for charts, in seven times the time.
    """
    picture = Image.fromarray(drawn).convert("RGB")
    counted = picture.getcolors(_MOST_COLOURS)
    if counted is None:
        return picture.quantize(256, dither=Image.Dither.NONE)
    colours = np.array([rgb for _, rgb in sorted(counted, key=lambda each: (-each[0], each[1]))])
    kept = colours[:256]
    red, green, blue = colours.T
    places = np.zeros(1 << 24, np.uint8)  # of all colours among those kept
    distances = ((colours[:, None] - kept) ** 2).sum(axis=2)
    nearest = (256 * distances + np.arange(len(kept))).min(axis=1) % 256  # the first of several as near
    places[red | green << 8 | blue << 16] = nearest
    packed = Image.fromarray(places[drawn.view("<u4")[..., 0] & 0xFFFFFF])
    packed.putpalette(kept.astype(np.uint8).tobytes())
    return packed
