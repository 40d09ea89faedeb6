"""The cells of an executed chapter into HTML, through nbconvert and the project's own template."""

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tr_analysis.errors import ChapterError
from tr_analysis.report import CHART_MIME, FINDINGS_MIME
from tr_analysis.report.prose import headings
from tr_analysis.site.downloads import cell_tables
from tr_analysis.text import slugify

if TYPE_CHECKING:
    from nbformat import NotebookNode

TEMPLATES = Path(__file__).parent / "templates"
_ANSWER = "## Answer"
_SHOWN = ["image/png", "text/html", "text/markdown", "text/plain"]  # the first of these that an output has
_ROOT = re.compile(r"<svg\b[^>]*>")
_VIEW = re.compile(r'viewBox="0 0 ([\d.]+) ([\d.]+)"')
_SOURCE = re.compile(r'<a href="([^"]*)"( title="[^"]*")?>(S\d{3})</a>')
_HEADING = re.compile(r'<h([23]) id="([^"]+)"[^>]*>(.*?)</h\1>', re.DOTALL)
_CAPTION = re.compile(r"<caption[^>]*>(.*?)</caption>", re.DOTALL)


def to_html(source: str) -> str:
    """Turn markdown into HTML; a heading's id is its own words, so that links to it can be guessed."""
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

    class Renderer(IPythonRenderer):
        def heading(self, text: str, level: int, **_: Any) -> str:
            slug = slugify(re.sub("<[^>]*>", "", text)).strip("-")
            return f'<h{level} id="{slug}">{text}</h{level}>\n'

    return str(MarkdownWithMath(renderer=Renderer(escape=False)).render(source))


def cell_renderer(*, linked: bool) -> Callable[["NotebookNode", str], str]:
    """Return the function that turns a notebook and the name of its run into HTML.

    nbconvert is imported here, because it costs 0.7 s that no other command should pay. Its own exporter to
    HTML reads every page once more for pictures without alternative text, which `audit` does as well.

    Parameters
    ----------
    linked
        Whether the page stands among the others, with the sources' page and the downloads beside it.
    """
    from nbconvert.exporters.templateexporter import TemplateExporter
    from nbconvert.filters.highlight import Highlight2HTML
    from traitlets.config import Config

    plain_cells = {
        "NbConvertBase": {"display_data_priority": _SHOWN},
        "Exporter": {"default_preprocessors": []},
    }
    exporter = TemplateExporter(  # type: ignore[no-untyped-call]
        config=Config(plain_cells),
        template_name="cells",
        template_file="index.html.j2",
        extra_template_basedirs=[str(TEMPLATES)],
    )
    highlight = Highlight2HTML(pygments_lexer="ipython3", parent=exporter)  # type: ignore[no-untyped-call]
    filters: dict[str, Callable[..., Any]] = {
        "highlight_code": cache(lambda source: highlight(source)),  # the providers' pages share their code
        "markdown2html": to_html,
        "caption": caption,
        "drawing": drawing,
        "with_sources": with_sources if linked else lambda html: html,
    }
    for name, function in filters.items():
        exporter.register_filter(name, function)  # type: ignore[no-untyped-call]

    def render(notebook: "NotebookNode", run: str) -> str:
        about = {"run": run, "linked": linked, "chart_mime": CHART_MIME, "findings_mime": FINDINGS_MIME}
        return str(exporter.from_notebook_node(_arranged(notebook), about)[0])

    return render


def _arranged(notebook: "NotebookNode") -> "NotebookNode":
    """Copy a notebook with marks for the template: its tables' files, its answer, and the code of each section.

    The code of a section stands folded at its end, that of the cells before the answer with the answer's.
    """
    notebook = copy(notebook)
    notebook.cells = [copy(cell) for cell in notebook.cells]
    code: list[tuple[str, str]] = []
    for cell, following in zip(notebook.cells, [*notebook.cells[1:], None], strict=False):
        cell.metadata = {"opens": _heads(cell) == _ANSWER}
        for name, output in cell_tables(cell):
            output.metadata["table"] = name
        if cell.cell_type == "code" and cell.source.strip():
            code.append((cell.id.replace("-", " "), cell.source))
        if code and (following is None or _heads(following) not in ("", _ANSWER)):
            cell.metadata["code"], code = code, []
    _mark_answer(notebook.cells)
    return notebook


def _heads(cell: "NotebookNode") -> str:
    """Return the first heading of a markdown cell, or nothing."""
    return next(iter(headings(cell.source)), "") if cell.cell_type == "markdown" else ""


def _mark_answer(cells: Sequence["NotebookNode"]) -> None:
    """Mark the last cell of the answer, which stands in a box."""
    inside = [cell.metadata["opens"] for cell in cells]
    if True in inside:
        start = inside.index(True)
        after = (place for place, cell in enumerate(cells) if place > start and _heads(cell))
        cells[next(after, len(cells)) - 1].metadata["closes"] = True


def drawing(chart: Mapping[str, Any], which: str) -> dict[str, Any]:
    """Return a chart's drawing as the page shows it: its address as data, and its size in CSS pixels.

    The page writes title and subtitle as text of its own, so they are cut off the top of the wide drawing.

    Parameters
    ----------
    chart
        What `charts.show` left: ``svg``, ``narrow`` and ``heading``, in points.
    which
        ``"svg"`` or ``"narrow"``.
    """
    svg, cut = chart[which], chart["heading"] if which == "svg" else 0.0
    root, view = _ROOT.search(svg), _VIEW.search(svg)
    if not (root and view):
        raise ChapterError(f"the chart {chart['name']} is no drawing of charts.show; show it with that")
    width, height = float(view[1]), float(view[2]) - cut
    shown = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'viewBox="0 {cut:g} {width:g} {height:g}" width="{width:g}" height="{height:g}">{svg[root.end() :]}'
    )
    return {
        "address": "data:image/svg+xml;base64," + base64.b64encode(shown.encode()).decode(),
        "width": round(width * 4 / 3),
        "height": round(height * 4 / 3),
    }


def with_sources(html: str) -> str:
    """Lead the ids of sources to the page that lists them, and keep the addresses for paper."""
    return _SOURCE.sub(r'<a href="sources.html#\3" data-address="\1"\2>\3</a>', html)


def caption(html: str) -> str:
    """Return the caption of a table, as HTML without marks, or what it is."""
    found = _CAPTION.search(html)
    return re.sub('<[^>]+>|"', "", found[1]) if found else "Table"


def contents(body: str) -> list[tuple[int, str, str]]:
    """Return level, place and words of the headings of the second and third level, in order."""
    return [
        (int(level), place, re.sub("<[^>]+>", "", words)) for level, place, words in _HEADING.findall(body)
    ]
