"""The cells of an executed chapter into HTML, through nbconvert and the project's own template."""

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tr_analysis.errors import ChapterError, plain
from tr_analysis.report import CHART_MIME, FINDINGS_MIME
from tr_analysis.report.prose import headings
from tr_analysis.site.downloads import table_name

if TYPE_CHECKING:
    from nbformat import NotebookNode

TEMPLATES = Path(__file__).parent / "templates"
_SHOWN = ["image/png", "text/html", "text/markdown", "text/plain"]  # the first of these that an output has
_ROOT = re.compile(r"<svg\b[^>]*>")
_VIEW = re.compile(r'viewBox="0 0 ([\d.]+) ([\d.]+)"')
_SOURCE = re.compile(r'<a href="[^"]*"( title="[^"]*")?>(S\d{3})</a>')


def to_html(source: str) -> str:
    """Turn markdown into HTML; a heading's id is its own words, so that links to it can be guessed."""
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

    class Renderer(IPythonRenderer):
        def heading(self, text: str, level: int, **_: Any) -> str:
            slug = plain(re.sub("<[^>]*>", "", text)).strip("-")
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
    """Copy a notebook with marks for the template: where sections and runs of silent cells begin and end.

    A silent cell is code that shows nothing; several in a row are folded together.
    """
    notebook = copy(notebook)
    notebook.cells = [copy(cell) for cell in notebook.cells if cell.source.strip() or cell.get("outputs")]
    for cell in notebook.cells:
        cell.metadata = {"silent": cell.cell_type == "code" and not cell.outputs, "opens": "", "names": ()}
        tables = 0
        for output in cell.get("outputs", []):
            if "text/csv" in output.get("data", {}) and "image/png" not in output.data:
                tables += 1
                output.metadata["table"] = table_name(cell.id, tables)
    _mark_silent(notebook.cells)
    _mark_sections(notebook.cells)
    return notebook


def _mark_silent(cells: Sequence["NotebookNode"]) -> None:
    """Give the first of several silent cells in a row the names of all, and mark the last."""
    for silent, run in groupby(cells, lambda cell: cell.metadata["silent"]):
        row = list(run)
        if silent:
            row[0].metadata["names"] = [cell.id for cell in row]
            row[-1].metadata["last"] = True


def _mark_sections(cells: Sequence["NotebookNode"]) -> None:
    """Mark the cell that opens the section Answer, which stands in a box, and the one that follows it."""
    inside = False
    for cell in cells:
        seconds = [line for line in headings(cell.source) if line.startswith("## ")]
        if cell.cell_type == "markdown" and seconds:
            if inside:
                cell.metadata["closes"] = True
            if inside := seconds[0] == "## Answer":
                cell.metadata["opens"] = "answer"


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
    """Lead the ids of sources to the page that lists them, which leads on to the printed source."""
    return _SOURCE.sub(r'<a href="sources.html#\2"\1>\2</a>', html)
