"""The study as pages that read anywhere: each one file that loads nothing, with its downloads beside it."""

import base64
import hashlib
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from types import MappingProxyType
from urllib.parse import unquote

from jinja2 import Environment

from tr_analysis.errors import ChapterError
from tr_analysis.files import git_state, write_files
from tr_analysis.report.finding import EVIDENCE_LEVELS
from tr_analysis.site.cells import SCRIPT, contents, render_cells, templates
from tr_analysis.site.chapter import Chapter, Panel, read_chapter, read_panel
from tr_analysis.site.downloads import chapter_downloads, study_downloads
from tr_analysis.site.home import home, providers
from tr_analysis.site.metadata import MIME, bibtex, cite, metadata
from tr_analysis.site.reference import reference_pages
from tr_analysis.study import CHOICES
from tr_analysis.study.records import Records

# Most tags of a page: they have nothing but a class or a scope, and so load, run and name nothing; and they are none
# of those after which a parser reads text and no tags, until they are closed.
_RAW = "script|style|textarea|title|iframe|xmp|noembed|noframes|noscript|plaintext"
_HARMLESS = re.compile(
    rf'<(?!(?:img|{_RAW})\b)[a-z][a-z0-9]*(?: (?:class|scope)="[\w -]*")*>|</(?!(?:{_RAW})\b)[a-z0-9]+>'
)


class _Page(HTMLParser):
    """Collects the links and ids of a page, and what it must not contain, with the cell it stands in."""

    def __init__(self, data: str) -> None:
        super().__init__()
        self._own, self._cell = {"": _HARMLESS.sub(">", SCRIPT), MIME: data}, ""
        self._script: str | None = None  # the type of the script that has just begun
        self.faults: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Check one element."""
        given = {name: value or "" for name, value in attrs}
        if "id" in given:
            self.ids.append(given["id"])
            self._cell = given["id"][5:] if given["id"].startswith("cell-") else self._cell
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        self._script = given.get("type", "") if tag == "script" else None
        loaded = given.get("href" if tag == "link" else "src", "data:") + given.get("srcset", "")
        if any(name.startswith("on") for name in given):
            self._add("runs a script; a page must read without")
        if not loaded.startswith("data:"):
            self._add(f"loads {loaded}; put it into the notebook itself")
        if tag == "img" and not given.get("alt", "").strip():
            self._add(
                "shows a picture without alternative text; describe it in the output's metadata "
                '{"image/png": {"alt": ...}}'
            )

    def handle_data(self, data: str) -> None:
        """Refuse any script but the site's own, and any block of data but its description of the study."""
        if self._script is not None and data.strip() != self._own.get(self._script, "").strip():
            self._add("runs a script; a page must read without")
        self._script = None

    def _add(self, fault: str) -> None:
        self.faults.append(f"cell {self._cell!r} {fault}")


def audit(pages: Mapping[str, str], downloads: Collection[str], data: str = "") -> None:
    """Refuse pages, HTML by name, that run, load or hide something, or link to what is neither page nor download.

    The `ChapterError` names each fault with page and cell. A page may hold one script, the site's own, and one block of
    JSON-LD, ``data``, which no browser runs.
    """
    read = {name: _Page(data) for name in pages}
    for name, page in read.items():
        page.feed(_HARMLESS.sub(">", pages[name]))
    ids = {name: set(page.ids) for name, page in read.items()}
    faults = [
        f"{name.removesuffix('.html')}: {fault}"
        for name, page in read.items()
        for fault in [*page.faults, *_lost(name, page, ids, downloads)]
    ]
    if faults:
        raise ChapterError("\n".join(faults))


def _lost(
    name: str, page: _Page, ids: Mapping[str, Collection[str]], downloads: Collection[str]
) -> Iterator[str]:
    """Yield the ids that are there twice, and the links to pages, files and places that are not there."""
    for place, times in Counter(page.ids).items():
        if times > 1:
            yield f"has the id {place!r} twice; give one of the headings or charts another name"
    for link in dict.fromkeys(page.links):
        if ":" in link.partition("/")[0]:
            continue  # leads out of the site
        path, _, place = link.partition("#")
        target = unquote(path) or name
        if target not in ids and target not in downloads:
            yield f"links to {target}, which is not there"
        elif place and unquote(place) not in ids.get(target, ()):
            yield f"links to {link}, where there is no such place"


SITE_TITLE = "Transforming Rehabilitation: what happened when probation was privatised"
_MARK = '<meta name="generator" content="tr-analysis">'  # only pages that carry it are ever removed
# Folders beside the pages that are all ours.
_BUILT = ("figures", "tables", "choices", "notebooks", "results", "data")


def write_site(executed: Sequence[Path], site: Path, choices: Path | None = None) -> list[Path]:
    """Write the home page, a page for each executed chapter, the pages of reference, and the downloads; return the pages.

    The same notebooks at the same commit give the same bytes. Nothing is written when any chapter is at fault: not
    written by the runner, without a title, or with a page that `audit` refuses; a `ChapterError` names page and cell.
    Pages and downloads of chapters that no longer exist are removed. ``choices`` is the folder of what readers can change,
    by default the one beside the site.
    """
    chapters = [read_chapter(path) for path in executed]
    frame = _frame(chapters, linked=True)
    described = metadata(SITE_TITLE, str(frame.globals["version"]))
    rows = providers(chapters)
    home_page = frame.get_template("home.html.j2")
    pages = {"index.html": home_page.render(home(chapters, rows), metadata=described, page="study")}
    panels = {each.run: read_panel(each, choices or site.parent / CHOICES) for each in chapters}
    pages |= _chapter_pages(frame, chapters, Records(site.parent), panels)
    for name, context in reference_pages(chapters, rows).items():
        pages[f"{name}.html"] = frame.get_template(f"{name}.html.j2").render(context, page=name)
    downloads = study_downloads(executed)
    for chapter in chapters:
        downloads |= chapter_downloads(chapter)
        if panel := panels[chapter.run]:
            downloads[f"choices/{chapter.run}.csv"] = panel.table
    audit(pages, downloads, described)
    return _publish(pages, downloads, site)


def write_variant(executed: Path) -> Path:
    """Write the page of a chapter with other parameters beside its notebook, as `write_site` does; it stands alone."""
    chapters = [read_chapter(executed)]
    pages = _chapter_pages(_frame(chapters, linked=False), chapters, Records(executed.parent))
    audit(pages, ())
    (page,) = write_files(executed.parent, {name: page.encode() for name, page in pages.items()})
    return page


def _chapter_pages(
    frame: Environment,
    chapters: Sequence[Chapter],
    records: Records,
    panels: Mapping[str, Panel | None] = MappingProxyType({}),
) -> dict[str, str]:
    """Return the page of each chapter; the pages about one provider follow one another as the chapters do."""
    linked = bool(frame.globals["linked"])
    template = frame.get_template("chapter.html.j2")
    pages = {}
    numbered = [chapter.run for chapter in chapters if chapter.is_numbered]
    for previous, chapter, following in zip([None, *chapters], chapters, [*chapters[1:], None], strict=False):
        answer, body = render_cells(chapter.notebook, chapter.findings, chapter.run, linked=linked)
        pages[chapter.page] = template.render(
            page=chapter.run,
            chapter=chapter,
            panel=panels.get(chapter.run),
            computed_on=records.ran(chapter.run).get("on", ""),
            previous=previous,
            following=following,
            answer=answer,
            body=body,
            contents=contents(answer + body),
            place=1 + numbered.index(chapter.run) if chapter.run in numbered else None,
            places=len(numbered),
        )
    return pages


def _frame(chapters: Sequence[Chapter], *, linked: bool) -> Environment:
    """Return the templates around the cells; whatever is put into them is escaped."""
    frame = templates()
    frame.globals |= {
        "site_title": SITE_TITLE,
        "title_parts": SITE_TITLE.split(":"),
        "linked": linked,
        "script": SCRIPT,
        "script_hash": base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode(),
        "levels": EVIDENCE_LEVELS,
        "commit": git_state(),
        "version": chapters[0].version if chapters else "",
        "cite": partial(cite, SITE_TITLE),
        "bibtex": bibtex,
    }
    return frame


def _publish(pages: Mapping[str, str], downloads: Mapping[str, bytes], site: Path) -> list[Path]:
    """Write everything together, then remove what we once wrote and no longer do."""
    contents = {name: page.encode() for name, page in pages.items()} | dict(downloads)
    written = write_files(site, contents)
    ours = set(written)
    for page in site.glob("*.html"):
        if page not in ours and _MARK in page.read_text("utf-8", "replace"):
            page.unlink()
    for folder in _BUILT:
        for file in (site / folder).rglob("*"):
            if file.is_file() and file not in ours:
                file.unlink()
    return written[: len(pages)]
