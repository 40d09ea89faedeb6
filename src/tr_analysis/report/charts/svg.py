"""A chart as SVG: text as text, small, described for screen readers, and the same bytes every time."""

import io
import re
from html import escape

import matplotlib as mpl
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

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
    text = text.replace("</style>", f" text{{font-family: {_FONTS}}}</style>", 1)
    words = f"<title>{escape(title)}</title><desc>{escape(alt)}</desc>"
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
