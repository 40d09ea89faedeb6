from itertools import combinations

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from tr_analysis.report import charts
from tr_analysis.report.charts import style
from tr_analysis.report.charts.style import over

PALETTE = {name: getattr(charts, name) for name in ("CRC", "NPS", "ALL", "SECOND", "MUTED")}
# Linear RGB as seen without the cones for red, or for green: Viénot, Brettel and Mollon 1999.
SEEN = {
    "all cones": np.eye(3),
    "protanopia": [[0.1124, 0.8876, 0], [0.1124, 0.8876, 0], [0.0040, -0.0040, 1]],
    "deuteranopia": [[0.2927, 0.7073, 0], [0.2927, 0.7073, 0], [-0.0223, 0.0223, 1]],
}


def linear(colour):
    part = np.array(to_rgb(colour))
    return np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    """CIE 1976 L*a*b* of linear sRGB, white point D65."""
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    x, y, z = np.cbrt(to_xyz @ rgb / to_xyz.sum(axis=1))  # no colour here is dark enough for the linear part
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("name", PALETTE)
def test_each_colour_stands_out_from_the_page(name):
    assert style.contrast(PALETTE[name]) >= 4.5  # enough for words
    assert style.contrast(charts.pale(PALETTE[name])) == pytest.approx(3.1, abs=0.1)


@pytest.mark.parametrize("eyes", SEEN)
def test_colours_differ_for_every_eye(eyes):
    seen = {name: lab(np.array(SEEN[eyes]) @ linear(colour)) for name, colour in PALETTE.items()}
    distance = {pair: np.linalg.norm(seen[pair[0]] - seen[pair[1]]) for pair in combinations(PALETTE, 2)}
    assert min(distance.values()) > 15, distance


def test_contrast_is_that_of_the_guidelines():
    assert style.contrast("black") == pytest.approx(21)
    assert style.contrast("#777777") == pytest.approx(4.48, abs=0.005)  # the guidelines' own example
    assert style.contrast("white", "#0000FF") == pytest.approx(8.59, abs=0.005)
    assert over("#FF000080", "blue") == "#80007f"  # what is translucent shows its ground
