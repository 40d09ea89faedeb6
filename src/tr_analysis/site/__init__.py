"""Executed chapters into plain pages that read anywhere: no script, no request, one file each."""

import contextlib
import re
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from itertools import dropwhile, groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tr_analysis.errors import ChapterError
from tr_analysis.files import write_files
from tr_analysis.report.prose import headings, title_and_question

if TYPE_CHECKING:
    from jinja2 import Environment
    from nbformat import NotebookNode

SITE_TITLE = "Transforming Rehabilitation: what became of it"
_TEMPLATES = Path(__file__).parent / "templates"
_MARK = '<meta name="generator" content="tr-analysis">'  # only pages that carry it are ever removed
_SHOWN = ["image/png", "text/html", "text/markdown", "text/plain"]  # the first of these that an output has
_NO_ALT = "No description has been provided"  # what nbconvert writes where an alternative text is missing


@dataclass(frozen=True)
class _Chapter:
    """An executed chapter as the pages need it: ``question`` and ``answer`` are HTML.

    ``run`` is the name of its files; it differs from ``name`` where the chapter runs once for each provider.
    """

    run: str
    name: str
    title: str
    question: str
    answer: str
    parameters: dict[str, Any]
    version: str
    notebook: "NotebookNode"

    @property
    def page(self) -> str:
        """Its address on the site."""
        return f"{self.run}.html"

    @property
    def command(self) -> str:
        """The shell command that runs the chapter again with the same parameters."""
        words = ["papermill", f"notebooks/{self.name}.ipynb", "out.ipynb"]
        options = [[_flag(value), name, str(value)] for name, value in self.parameters.items()]
        return " ".join([shlex.join(words), *(shlex.join(option) for option in options)])


def write_site(executed: Sequence[Path], site: Path) -> list[Path]:
    """Write one HTML page for each executed chapter, and ``index.html``.

    The same notebooks give the same bytes. Nothing is written when any chapter is at fault, and pages of
    chapters that no longer exist are removed.

    Parameters
    ----------
    executed
        Executed notebooks in reading order, with ``metadata["tr_analysis"]`` as the runner leaves it.
    site
        Folder of the pages; created when missing.

    Returns
    -------
    list of Path
        The pages: the index, then the chapters in the given order.

    Raises
    ------
    ChapterError
        If a notebook was not written by the runner or has no title, or if a page would run a script, load
        something from elsewhere, or show a picture without alternative text. The message names chapter and
        cell.
    """
    frame, render_cells = _frame(), _cell_renderer()
    chapters = [_read(path) for path in executed]
    pages = {"index.html": frame.get_template("contents.html.j2").render(**_contents(chapters))}
    for previous, chapter, following in zip([None, *chapters], chapters, [*chapters[1:], None], strict=False):
        pages[chapter.page] = frame.get_template("chapter.html.j2").render(
            chapter=chapter, previous=previous, following=following, body=render_cells(chapter.notebook)
        )
    for name, page in pages.items():
        _check(name, page)
    return _publish(pages, site)


def _contents(chapters: Sequence[_Chapter]) -> dict[str, Any]:
    """Sort the pages for the list of contents: chapters, and those that stand for one provider each."""
    providers = [chapter for chapter in chapters if chapter.run != chapter.name]
    series = {
        title: list(pages) for title, pages in groupby(providers, lambda page: page.title.partition(": ")[0])
    }
    return {"chapters": [chapter for chapter in chapters if chapter.run == chapter.name], "series": series}


def _frame() -> "Environment":
    """Return the templates around the cells; whatever is put into them is escaped."""
    from jinja2 import Environment, FileSystemLoader

    frame = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    frame.globals["site_title"] = SITE_TITLE
    return frame


def _cell_renderer() -> Callable[["NotebookNode"], str]:
    """Return the function that turns a notebook's cells into HTML. Imported late: nbconvert costs 0.7 s."""
    from nbconvert.exporters.html import HTMLExporter
    from traitlets.config import Config

    exporter = HTMLExporter(  # type: ignore[no-untyped-call]
        config=Config({"NbConvertBase": {"display_data_priority": _SHOWN}}),
        template_name="cells",
        extra_template_basedirs=[str(_TEMPLATES)],
        exclude_anchor_links=True,
    )
    return lambda notebook: str(exporter.from_notebook_node(notebook)[0])


def _read(path: Path) -> _Chapter:
    """Read an executed notebook: what ran, its title and the paragraph under it, which is its question."""
    import nbformat
    from nbconvert.filters.markdown import markdown2html

    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    run = notebook.metadata.get("tr_analysis")
    if run is None:
        raise ChapterError(
            f"{path.name} has no record of its run; make it with `tr-analysis run {path.stem}`"
        )
    prose = "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    title, question = title_and_question(prose)
    if not title:
        raise ChapterError(f"{path.name} has no title; start its first cell with '# ' and the title")
    return _Chapter(
        run=path.stem,
        name=run["chapter"],
        title=title,
        question=markdown2html(question),
        answer=markdown2html(_answer(notebook)),
        parameters=dict(run["parameters"]),
        version=run["version"],
        notebook=notebook,
    )


def _answer(notebook: "NotebookNode") -> str:
    """Return the first sentence that the chapter shows under its heading Answer, or nothing."""
    cells = dropwhile(lambda cell: "## Answer" not in headings(cell.source), notebook.cells)
    texts = (o.data.get("text/markdown") for cell in cells for o in cell.get("outputs", []) if "data" in o)
    sentence = re.match(r".+?[.?!](?=\s+[A-Z]|\s*$)", next(filter(None, texts), ""), flags=re.DOTALL)
    return sentence[0] if sentence else ""


def _flag(value: object) -> str:
    """Return papermill's option for a value: ``-r`` for a text that ``-p`` would take for a number."""
    if isinstance(value, str):
        if value in {"True", "False", "None"}:
            return "-r"
        with contextlib.suppress(ValueError):
            float(value)
            return "-r"
    return "-p"


class _Audit(HTMLParser):
    """Collects what a page must not contain, with the cell it stands in."""

    def __init__(self) -> None:
        super().__init__()
        self.cell = ""
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Check one element."""
        given = {name: value or "" for name, value in attrs}
        self.cell = given.get("id", "")[5:] if given.get("id", "").startswith("cell-") else self.cell
        loaded = given.get("href" if tag == "link" else "src", "data:")
        alt = given.get("alt", "").strip()
        faults = {
            "runs a script; a page must read without": tag == "script" or any(n[:2] == "on" for n in given),
            f"loads {loaded}; put it into the notebook itself": not loaded.startswith("data:"),
            "shows a picture without alternative text; describe it in the output's metadata "
            '{"image/png": {"alt": ...}}': tag == "img" and (not alt or alt.startswith(_NO_ALT)),
        }
        self.faults += [f"cell {self.cell!r} {fault}" for fault, found in faults.items() if found]


def _check(name: str, page: str) -> None:
    """Refuse a page that runs, loads or hides something."""
    audit = _Audit()
    audit.feed(page)
    if audit.faults:
        raise ChapterError("\n".join(f"{Path(name).stem}: {fault}" for fault in audit.faults))


def _publish(pages: dict[str, str], site: Path) -> list[Path]:
    """Write the pages together, then remove our pages that are no longer among them."""
    written = write_files(site, {name: page.encode() for name, page in pages.items()})
    for other in site.glob("*.html"):
        if other.name not in pages and _MARK in other.read_text(encoding="utf-8", errors="replace"):
            other.unlink()
    return written
