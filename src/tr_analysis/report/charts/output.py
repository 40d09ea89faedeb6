"""The one way a chapter shows a chart: checked, drawn for page and phone, described, its data beside it."""

import base64
import io
import re

import numpy as np
import pandas as pd
from IPython.display import display, update_display
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Annotation
from PIL import Image

from tr_analysis.digits import settle
from tr_analysis.report import CHART_MIME
from tr_analysis.report.charts.fit import fit, group_thousands, name_upright, words_of, write_heading
from tr_analysis.report.charts.rules import check
from tr_analysis.report.charts.style import DPI, MUTED, NARROW, SMALL
from tr_analysis.report.charts.svg import to_svg
from tr_analysis.report.tables import csv_text
from tr_analysis.simulated import MARK, marked, origin_of


def show(
    figure: Figure,
    name: str,
    *,
    title: str,
    subtitle: str,
    alt: str,
    data: pd.DataFrame,
    origin: str = "",
    display_id: str = "",
) -> None:
    """Show a chart in the notebook with everything a reader and the publisher need.

    The output holds the picture as PNG, twice as sharp as it is wide; the plotted data as CSV; and the
    words with two drawings as SVG: ``svg``, the chart with its heading, which takes ``heading`` points at
    the top, and ``narrow``, the same chart redrawn for a phone, without the heading; sizes are in points.

    Parameters
    ----------
    figure
        From `canvas`; its size is that of ``narrow`` afterwards.
    name
        Name of its files.
    title, subtitle
        The finding, as a sentence; measure, population, period and source.
    alt
        What a reader would see, for those who cannot.
    data
        What is plotted, published beside the picture as CSV.
    origin
        ``findings.origin``: "simulated" puts that before title and alternative text and into every panel of the
        picture, as it does where the data say so themselves.
    display_id
        Of what is already shown and the chart takes the place of; by default it is shown here.

    Raises
    ------
    ValueError
        If title, subtitle or alternative text is empty, there is no data, the name is no file name, or the
        chart breaks a rule of the house: see `tr_analysis.report.charts.rules`.
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
    heading = write_heading(figure, title, subtitle)
    fit(figure, words, heading=heading)
    check(figure, name)
    picture = {"alt": alt, "name": name, "width": round(width * DPI / 2), "height": round(height * DPI / 2)}
    png, svg = _png(figure), to_svg(figure, name, title, alt)
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


def _png(figure: Figure) -> bytes:
    """Draw a figure as PNG with a palette of its own colours, which is a third of the size."""
    canvas, packed = FigureCanvasAgg(figure), io.BytesIO()
    canvas.draw()  # type: ignore[no-untyped-call]
    drawn = np.asarray(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
    picture = Image.fromarray(drawn).convert("RGB")
    picture.quantize(256, dither=Image.Dither.NONE).save(packed, "PNG")
    return packed.getvalue()
