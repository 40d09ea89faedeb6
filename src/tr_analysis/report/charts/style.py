"""The house style: colours, sizes, and the canvas that every chart is drawn on."""

from typing import Any

import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb, to_rgba
from matplotlib.figure import Figure

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
