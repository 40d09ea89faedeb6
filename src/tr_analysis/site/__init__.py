"""The study as pages that read anywhere: each one file that loads nothing, with its downloads beside it."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tr_analysis.files import git_state, write_files
from tr_analysis.report.finding import EVIDENCE_LEVELS
from tr_analysis.site.audit import audit
from tr_analysis.site.cells import TEMPLATES, cell_renderer, contents, templates
from tr_analysis.site.chapter import Chapter, read_chapter
from tr_analysis.site.downloads import chapter_downloads, study_downloads
from tr_analysis.site.home import home
from tr_analysis.site.reference import reference_pages
from tr_analysis.study.incremental import Records

if TYPE_CHECKING:
    from jinja2 import Environment

SITE_TITLE = "Transforming Rehabilitation: what happened when probation was privatised"
_MARK = '<meta name="generator" content="tr-analysis">'  # only pages that carry it are ever removed
_BUILT = ("figures", "tables", "notebooks", "results", "data")  # folders beside the pages that are all ours


def write_site(executed: Sequence[Path], site: Path) -> list[Path]:
    """Write the home page, a page for each executed chapter, the pages of reference, and the downloads.

    The same notebooks at the same commit give the same bytes. Nothing is written when any chapter is at
    fault, and pages and downloads of chapters that no longer exist are removed.

    Returns
    -------
    list of Path
        The pages: the home page, the chapters in the order of ``executed``, then the others.

    Raises
    ------
    ChapterError
        If a notebook was not written by the runner or has no title, or if a page would run a script, load
        something from elsewhere, show a picture without alternative text, or link to nowhere. The message
        names page and cell.
    """
    chapters = [read_chapter(path) for path in executed]
    frame = _frame(chapters, linked=True)
    pages = {"index.html": frame.get_template("home.html.j2").render(home(chapters))}
    pages |= _chapter_pages(frame, chapters, Records(site.parent))
    for name, context in reference_pages(chapters).items():
        pages[f"{name}.html"] = frame.get_template(f"{name}.html.j2").render(context)
    downloads = study_downloads(executed)
    for chapter in chapters:
        downloads |= chapter_downloads(chapter)
    audit(pages, downloads, _script())
    return _publish(pages, downloads, site)


def write_variant(executed: Path) -> Path:
    """Write the page of a chapter with other parameters beside its notebook; it stands alone.

    Raises
    ------
    ChapterError
        As `write_site`.
    """
    chapters = [read_chapter(executed)]
    pages = _chapter_pages(_frame(chapters, linked=False), chapters, Records(executed.parent))
    audit(pages, (), _script())
    (page,) = write_files(executed.parent, {name: page.encode() for name, page in pages.items()})
    return page


def _chapter_pages(frame: "Environment", chapters: Sequence[Chapter], records: Records) -> dict[str, str]:
    """Return the page of each chapter; the pages about one provider follow one another as the chapters do."""
    render = cell_renderer(linked=bool(frame.globals["linked"]))
    template = frame.get_template("chapter.html.j2")
    pages = {}
    numbered = [chapter.run for chapter in chapters if chapter.run == chapter.name]
    for previous, chapter, following in zip([None, *chapters], chapters, [*chapters[1:], None], strict=False):
        answer, body = render(chapter.notebook, chapter.run)
        pages[chapter.page] = template.render(
            chapter=chapter,
            computed_on=records.computed_on(chapter.run),
            previous=previous,
            following=following,
            answer=answer,
            body=body,
            contents=contents(answer + body),
            place=1 + numbered.index(chapter.run) if chapter.run in numbered else None,
            places=len(numbered),
        )
    return pages


def _frame(chapters: Sequence[Chapter], *, linked: bool) -> "Environment":
    """Return the templates around the cells; whatever is put into them is escaped."""
    frame = templates()
    frame.globals |= {
        "site_title": SITE_TITLE,
        "title_parts": SITE_TITLE.split(":"),
        "linked": linked,
        "script": _script(),
        "script_hash": base64.b64encode(hashlib.sha256(_script().encode()).digest()).decode(),
        "levels": EVIDENCE_LEVELS,
        "commit": git_state(),
        "version": chapters[0].version if chapters else "",
    }
    return frame


def _script() -> str:
    """Return the pages' one script; its hash in each page's policy lets the browser run no other."""
    return (TEMPLATES / "site.js").read_text(encoding="utf-8")


def _publish(pages: Mapping[str, str], downloads: Mapping[str, bytes], site: Path) -> list[Path]:
    """Write everything together, then remove what we once wrote and no longer do."""
    contents = {name: page.encode() for name, page in pages.items()} | dict(downloads)
    written = write_files(site, contents)
    for other in site.glob("*.html"):
        if other.name not in pages and _MARK in other.read_text(encoding="utf-8", errors="replace"):
            other.unlink()
    for folder in _BUILT:
        for other in (site / folder).rglob("*"):
            if other.is_file() and other not in written:
                other.unlink()
    return written[: len(pages)]
