"""Title and subtitle of a chart, broken into lines by measuring."""

from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath


def write_heading(figure: Figure, title: str, subtitle: str) -> float:
    """Write title and subtitle at the top of a figure; return the share of the height they take.

    Lines break where the words, as the font draws them, come to the end of the figure.
    """
    width, height = 72 * figure.get_size_inches()
    down = 4.0
    for words, size, weight, colour in (
        (title, 13.0, "bold", "#3D3D3D"),
        (subtitle, 10.0, "normal", "#555555"),
    ):
        font = FontProperties(size=size, weight=weight)
        for line in _lines(words, 0.98 * width, font):
            figure.text(0.01, 1 - down / height, line, fontproperties=font, color=colour, va="top")
            down += 1.35 * size
    return float((down + 6) / height)


def _lines(words: str, width: float, font: FontProperties) -> list[str]:
    """Break words into lines of about equal length that fit the width, in points."""
    lines = narrower = _fill(words, width, font)
    while len(narrower) == len(lines) and 1 < len(lines) < len(words.split()):
        lines, width = narrower, 0.95 * width
        narrower = _fill(words, width, font)
    return lines


def _fill(words: str, width: float, font: FontProperties) -> list[str]:
    """Fill lines one after the other; a word that is wider than the page gets its own."""
    lines: list[str] = []
    for word in words.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and TextPath((0, 0), longer, prop=font).get_extents().width <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines
