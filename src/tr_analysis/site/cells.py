"""The cells of an executed chapter into HTML, through nbconvert and the project's own template."""

import base64
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pygments
from jinja2 import Environment, FileSystemLoader, Template
from nbconvert.exporters.templateexporter import TemplateExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode
from nbformat.v4 import new_raw_cell
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer
from traitlets.config import Config

from tr_analysis.errors import ChapterError
from tr_analysis.report import ANSWER
from tr_analysis.site.links import Numbers, link_numbers, linker, with_sources
from tr_analysis.text import headings, slugify

TEMPLATES = Path(__file__).parent / "templates"
SCRIPT = (TEMPLATES / "site.js").read_text(encoding="utf-8")
"""The pages' one script; its hash in each page's policy lets the browser run no other."""
_PYTHON, _COLOURED = PythonLexer(), HtmlFormatter(cssclass=" highlight hl-ipython3")
_SHOWN = ["image/png", "text/html", "text/markdown", "text/plain"]  # the first of these that an output has
_EVERYTHING = dict.fromkeys(("include_code", "include_markdown", "include_raw", "include_output"), True)
_ROOT = re.compile(r"<svg\b[^>]*>")
_VIEW = re.compile(r'viewBox="0 0 ([\d.]+) ([\d.]+)"')
_SOURCE = re.compile(r'<a href="([^"]*)"( title="[^"]*")?>(S\d{3})</a>')
_CAPTION = re.compile(r"<caption[^>]*>(.*?)</caption>", re.DOTALL)
_HEADING = re.compile(r'<h([23]) id="([^"]+)"[^>]*>(.*?)</h\1>', re.DOTALL)


def templates() -> Environment:
    """Return the site's templates; whatever is put into them is escaped."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    made.filters["drawing"] = drawing
    return made


class _Renderer(IPythonRenderer):
    def heading(self, text: str, level: int, **_: Any) -> str:
        """Write a heading, whose id is its own words, so that links to it can be guessed."""
        slug = slugify(without_tags(text)).strip("-")
        return f'<h{level} id="{slug}">{text}</h{level}>\n'


def to_html(source: str) -> str:
    """Turn markdown into HTML."""
    return str(MarkdownWithMath(renderer=_Renderer(escape=False)).render(source))


def without_tags(html: str) -> str:
    """Return the words of some HTML."""
    return re.sub("<[^>]*>", "", html).strip()


def contents(body: str) -> list[tuple[int, str, str]]:
    """Return level, place and words of the headings of the second and third level, in order."""
    return [(int(level), place, without_tags(words)) for level, place, words in _HEADING.findall(body)]


def render_cells(notebook: NotebookNode, findings: Numbers, run: str, *, linked: bool) -> tuple[str, str]:
    """Turn a notebook into HTML, given its numbers and the name of its run: its answer, and the rest.

    ``linked`` says whether the page stands among the others, with the sources' page and the downloads beside it.
    """
    link_terms = linker() if linked else str  # from the first use of each on this page

    def prose(cell: NotebookNode) -> str:
        return link_terms(to_html(link_numbers(cell, cell.source, findings, linked=linked)))

    cells = list(_folded(notebook))
    first = next((i for i, cell in enumerate(cells) if cell.cell_type == "raw"), len(cells))
    split = first if any(_heads(cell) == ANSWER for cell in cells[:first]) else 0
    resources = {
        "run": run,
        "linked": linked,
        "prose": prose,
        "to_html": lambda source: link_terms(to_html(source)),
        "global_content_filter": _EVERYTHING,
    }
    answer, rest = (
        _template(linked).render(nb={"cells": part}, resources=resources).lstrip("\n")
        for part in (cells[:split], cells[split:])
    )
    return answer, rest


@cache
def _template(linked: bool) -> Template:
    """Return nbconvert's template with our blocks and filters.

    Its own exporter to HTML would copy every notebook, and read every page once more for pictures without alternative
    text, as `audit` does.
    """
    exporter = TemplateExporter(  # type: ignore[no-untyped-call]
        config=Config({"NbConvertBase": {"display_data_priority": _SHOWN}}),
        template_name="base",
        template_file="cells.html.j2",
        extra_template_paths=[str(TEMPLATES)],
    )
    exporter.environment.filters |= {
        "highlight_code": _highlighted,
        "caption": caption,
        "drawing": drawing,
        "with_sources": _with_sources if linked else str,
        "coded": with_sources if linked else str,
    }
    template: Template = exporter.template
    return template


@cache  # the providers' pages share their code
def _highlighted(source: str) -> str:
    return str(pygments.highlight(source, _PYTHON, _COLOURED))


def _folded(notebook: NotebookNode) -> Iterator[NotebookNode]:
    """Yield the cells, and at the end of each section, in a raw cell, its code: the page shows it folded.

    The code of the cells before the answer stands with that of the answer.
    """
    code: list[tuple[str, str]] = []
    for cell in [*notebook.cells, None]:
        if code and (cell is None or _heads(cell) not in ("", ANSWER)):
            yield new_raw_cell(metadata={"code": code})  # type: ignore[no-untyped-call]
            code = []
        if cell is not None:
            if cell.cell_type == "code" and cell.source.strip():
                code.append((cell.id.replace("-", " "), cell.source))
            yield cell


def _heads(cell: NotebookNode) -> str:
    """Return the first heading of a markdown cell, or nothing."""
    return next(iter(headings(cell.source)), "") if cell.cell_type == "markdown" else ""


def drawing(chart: Mapping[str, Any], which: str) -> dict[str, Any]:
    """Return a drawing of a chart, ``svg`` or ``narrow``, as the page shows it: as data, and its size in pixels."""
    shown, width, height = cut(chart, which)
    address = "data:image/svg+xml;base64," + base64.b64encode(shown.encode()).decode()
    return {"address": address, "width": width, "height": height}


def cut(chart: Mapping[str, Any], which: str) -> tuple[str, int, int]:
    """Return a drawing as SVG, and its size in pixels.

    The page writes title and subtitle as text of its own, so they are cut off the top of the wide drawing.
    """
    svg, heading = chart[which], chart["heading"] if which == "svg" else 0.0
    root, view = _ROOT.search(svg), _VIEW.search(svg)
    if not (root and view):
        raise ChapterError(f"the chart {chart['name']} is no drawing of charts.show; show it with that")
    width, height = float(view[1]), float(view[2]) - heading
    shown = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'viewBox="0 {heading:g} {width:g} {height:g}" width="{width:g}" height="{height:g}">{svg[root.end() :]}'
    )
    return shown, round(width * 4 / 3), round(height * 4 / 3)


def _with_sources(html: str) -> str:
    """Lead the ids of sources to the page that lists them, and keep the addresses for paper."""
    html = _SOURCE.sub(r'<a href="sources.html#\3" data-address="\1"\2>\3</a>', html)
    return _CAPTION.sub(lambda found: with_sources(found[0]), html)


def caption(html: str) -> str:
    """Return the caption of a table, as HTML without marks, or what it is."""
    found = _CAPTION.search(html)
    return without_tags(found[1]).replace('"', "") if found else "Table"
