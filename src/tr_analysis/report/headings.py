"""Title and subtitle of a chart, broken into lines by measuring."""

from collections.abc import Callable

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties

Width = Callable[[str], float]


def write_heading(figure: Figure, title: str, subtitle: str) -> float:
    """Write title and subtitle at the top of a figure; return the share of the height they take.

    Lines break where the words, as the font draws them, come to the end of the figure.
    """
    renderer = FigureCanvasAgg(figure).get_renderer()  # type: ignore[no-untyped-call]
    height = 72 * figure.get_size_inches()[1]
    down = 4.0
    for words, size, weight, colour in (
        (title, 13.0, "bold", "#3D3D3D"),
        (subtitle, 10.0, "normal", "#555555"),
    ):
        font = FontProperties(size=size, weight=weight)

        def width(line: str, font: FontProperties = font) -> float:
            return float(renderer.get_text_width_height_descent(line, font, False)[0])

        for line in balanced_lines(words, 0.98 * figure.bbox.width, width):
            figure.text(0.01, 1 - down / height, line, fontproperties=font, color=colour, va="top")
            down += 1.35 * size
    return float((down + 9) / height)


def balanced_lines(words: str, room: float, width: Width) -> list[str]:
    """Break words into as few lines as fit the room, of about equal length.

    Parameters
    ----------
    words
        The text.
    room
        Width of a line, in the unit of ``width``.
    width
        Measures a line.
    """
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
