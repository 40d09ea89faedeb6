"""The study as one PDF: its pages joined into one document, printed by a Chromium that is already installed."""

import os
import re
import shutil
import subprocess
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import psutil

from tr_analysis import __version__
from tr_analysis.data import load
from tr_analysis.errors import ChapterError, StudyError
from tr_analysis.files import git_state, write_files
from tr_analysis.site.cells import templates

CHROMIUM = "TR_ANALYSIS_CHROMIUM"
_KNOWN = ("chromium", "chromium-browser", "google-chrome")
_LIMIT = 180.0  # seconds; the whole study takes a tenth of that
# Without those of the second line, the browser looks for updates and for its maker's hosts.
_FLAGS = (
    "--headless", "--disable-gpu", "--no-pdf-header-footer", "--generate-pdf-document-outline",
    "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
_COVER = "index"
_LEFT_OUT = (_COVER, "404", "search")  # what paper has no use for
_TAG = re.compile(r'<[a-zA-Z](?:[^>"]|"[^"]*")*>')
_NAMES = re.compile(r'(\s(?:id|for|headers|aria-labelledby|aria-describedby|aria-controls))="([^"]*)"')
_LINK = re.compile(r'\shref="([^"]*)"')
_MAIN = re.compile(r"<main\b[^>]*>(.*)</main>", re.DOTALL)
_TITLE = re.compile(r"<h1\b[^>]*>(.*?)</h1>", re.DOTALL)
_LICENCES = re.compile(r'<h2 id="licences">.*?</h2>(.*?)</section>', re.DOTALL)  # in the foot of every page
_QUESTION = re.compile(r"</h1>\s*<p\b[^>]*>(.*?)</p>", re.DOTALL)


class PdfError(StudyError):
    """There is no Chromium, or it did not print."""

    exit_code = 3


def write_pdf(pages: Sequence[Path], target: Path) -> Path:
    """Print the study's pages, in reading order, as one PDF: cover, contents, chapters, providers, reference.

    The document is tagged, has bookmarks and page numbers, and its links between pages work. The browser runs
    without scripts and without a network, in a profile of its own, and nothing of it is left behind. A file already at
    ``target`` stays as it is when anything fails: a `PdfError` says that there is no Chromium, or that it failed or took
    longer than three minutes, a `ChapterError` that the pages are not those of the study.
    """
    chromium = find_chromium()
    document = one_document(pages)
    target.parent.mkdir(parents=True, exist_ok=True)
    # Beside the target and not hidden: Chromium as a snap sees no other temporary folder.
    with TemporaryDirectory(dir=target.parent, prefix="printing-", ignore_cleanup_errors=True) as folder:
        source, printed = Path(folder, "study.html"), Path(folder, "study.pdf")
        source.write_text(document, encoding="utf-8")
        _print(chromium, source, printed)
        (path,) = write_files(target.parent, {target.name: printed.read_bytes()})
    return path


def find_chromium() -> str:
    """Return the program that prints: the one that ``TR_ANALYSIS_CHROMIUM`` names, or one on the search path."""
    named = os.environ.get(CHROMIUM)
    found = next(filter(None, map(shutil.which, [named] if named else _KNOWN)), None)
    if found:
        return found
    if named:
        raise PdfError(f"{CHROMIUM} is {named}, which is no program; set it to a Chromium, or unset it")
    raise PdfError(
        "no Chromium to print the PDF with; install it (Debian: sudo apt install chromium, Ubuntu: sudo snap "
        "install chromium, Fedora: sudo dnf install chromium, macOS: brew install --cask chromium), "
        f"or name one in {CHROMIUM}"
    )


def _print(chromium: str, source: Path, printed: Path) -> None:
    """Let Chromium print a document, and end it and all it started whatever happens."""
    folder = printed.parent
    root = hasattr(os, "geteuid") and os.geteuid() == 0  # for whom Chromium has no sandbox
    flags = [*_FLAGS, *["--no-sandbox"] * root, f"--user-data-dir={folder / 'profile'}"]
    remedy = f"try again, or name another Chromium in {CHROMIUM}"
    with (folder / "log").open("w+", encoding="utf-8", errors="replace") as said:
        command = [chromium, *flags, f"--print-to-pdf={printed}", source.as_uri()]
        process = subprocess.Popen(command, stdout=said, stderr=said)
        try:
            code = process.wait(_LIMIT)
        except subprocess.TimeoutExpired:
            raise PdfError(f"{chromium} had printed nothing after {_LIMIT:g} s; {remedy}") from None
        finally:
            if process.poll() is None:
                _end(psutil.Process(process.pid))
                process.wait()
        said.seek(0)
        last = (said.read().strip() or f"it ended with code {code}").splitlines()[-1]
    if code or not (printed.is_file() and printed.read_bytes().startswith(b"%PDF-")):
        raise PdfError(f"{chromium} printed nothing: {last}; {remedy}")


def _end(process: psutil.Process) -> None:
    """End a process and those it started."""
    for one in [*process.children(recursive=True), process]:
        with suppress(psutil.NoSuchProcess):
            one.kill()


class Part(NamedTuple):
    """A page as a part of the document: its place there, its title and its text as HTML."""

    place: str
    title: str
    body: str


def one_document(pages: Sequence[Path]) -> str:
    """Join pages into one HTML document: cover, contents, chapters, providers, reference.

    A link to another of the pages leads to its part of the document; one to a file beside them is text, for
    the document stands alone.
    """
    whole = {page.stem: page.read_text(encoding="utf-8") for page in pages}
    if _COVER not in whole:
        raise ChapterError("the pages have no index.html; make them again with `tr-analysis site`")
    texts = {stem: _found(_MAIN, text, stem) for stem, text in whole.items()}
    parts = [_part(stem, text, texts) for stem, text in texts.items() if stem not in _LEFT_OUT]
    question = _QUESTION.search(texts[_COVER])
    return (
        templates()
        .get_template("document.html.j2")
        .render(
            title=_found(_TITLE, texts[_COVER], _COVER),
            question=question[1] if question else "",
            sections=_sections(parts),
            licences=_found(_LICENCES, whole[_COVER], _COVER),
            version=__version__,
            commit=git_state(),
            published=max(load("sources")["published"].dropna().astype(str)),
        )
    )


def _sections(parts: Sequence[Part]) -> dict[str, list[Part]]:
    """Sort the parts under the headings of the list of contents; a heading without any is left out."""
    sections: dict[str, list[Part]] = {"Chapters": [], "Annex: one provider at a time": [], "Reference": []}
    for part in parts:
        numbered, provider = part.place[0].isdigit(), part.place.startswith("provider-")
        heading = list(sections)[0 if numbered else 1 if provider else 2]
        sections[heading].append(part)
    return {heading: found for heading, found in sections.items() if found}


def _found(pattern: re.Pattern[str], text: str, page: str) -> str:
    found = pattern.search(text)
    if not found:
        raise ChapterError(f"{page}.html is not a page of the study; make it again with `tr-analysis site`")
    return found[1]


def _part(page: str, text: str, pages: Collection[str]) -> Part:
    """Copy a page's text with the places in it named after the page, so that no two are called alike."""

    def renamed(names: re.Match[str]) -> str:
        return f'{names[1]}="{" ".join(f"{page}--{word}" for word in names[2].split())}"'

    def linked(link: re.Match[str]) -> str:
        target = _target(link[1], page, pages)
        return f' href="{target}"' if target else ""

    title = re.sub("<[^>]+>", "", _found(_TITLE, text, page))
    return Part(page, title, _TAG.sub(lambda tag: _LINK.sub(linked, _NAMES.sub(renamed, tag[0])), text))


def _target(address: str, page: str, pages: Collection[str]) -> str:
    """Return where a link of a page leads in the document, or nothing when that is no part of it."""
    if re.match(r"https?:|mailto:", address):
        return address
    file, _, place = address.partition("#")
    to = file.removesuffix(".html") if file else page
    if to not in pages or to == "404":
        return ""
    if place == "licences":
        return "#licences"
    return f"#{to}--{place}" if place and to != _COVER else f"#{to}"
