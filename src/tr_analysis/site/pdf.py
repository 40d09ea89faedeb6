"""The study as one PDF: its pages joined into one document, printed by a Chromium that is already installed."""

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from tr_analysis import __version__
from tr_analysis.data import load
from tr_analysis.errors import ChapterError, StudyError
from tr_analysis.files import git_state, write_files
from tr_analysis.site.cells import templates, without_tags

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
# The sections of the document, and how the names of their pages begin.
_SECTIONS = {
    "Chapters": r"\d",
    "Annex: one provider at a time": "provider-",
    "Reference": r"(?!\d|provider-)",
}
_TAG = re.compile(r'<[a-zA-Z](?:[^>"]|"[^"]*")*>')
_PLACES = re.compile(r'\s(id|for|headers|aria-labelledby|aria-describedby|aria-controls|href)="([^"]*)"')
_MAIN = re.compile(r"<main\b[^>]*>(.*)</main>", re.DOTALL)
_TITLE = re.compile(r"<h1\b[^>]*>(.*?)</h1>", re.DOTALL)
_LICENCES = re.compile(r'<h2 id="licences">.*?</h2>(.*?)</section>', re.DOTALL)  # in the foot of every page
_QUESTION = re.compile(r"</h1>\s*<p\b[^>]*>(.*?)</p>", re.DOTALL)


class PdfError(StudyError):
    """There is no Chromium, or it did not print."""

    exit_code = 3


def write_pdf(pages: Sequence[Path], target: Path) -> Path:
    """Print the study's pages, in reading order, as one PDF: cover, contents, chapters, providers, reference.

    The document is tagged and has bookmarks; links between pages work. A file already at ``target`` stays as it is when
    anything fails: a `PdfError` says that there is no Chromium, or that it failed or took longer than three minutes, a
    `ChapterError` that the pages are not those of the study.
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
    if not found:
        lacking = (
            f"{CHROMIUM} is {named}, which is no program" if named else "no Chromium to print the PDF with"
        )
        raise PdfError(
            f"{lacking}; install it (Debian: sudo apt install chromium, Fedora: sudo dnf install chromium, macOS: "
            f"brew install --cask chromium), or name one in {CHROMIUM}"
        )
    return found


def _print(chromium: str, source: Path, printed: Path) -> None:
    """Let Chromium print a document, and end it and all it started if it takes too long."""
    flags = [*_FLAGS, *["--no-sandbox"] * (os.geteuid() == 0)]  # for root, Chromium has no sandbox
    flags += [f"--user-data-dir={printed.parent / 'profile'}", f"--print-to-pdf={printed}"]
    remedy = f"try again, or name another Chromium in {CHROMIUM}"
    with subprocess.Popen(
        [chromium, *flags, source.as_uri()],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as process:
        try:
            said, _ = process.communicate(timeout=_LIMIT)
        except subprocess.TimeoutExpired:
            raise PdfError(f"{chromium} had printed nothing after {_LIMIT:g} s; {remedy}") from None
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
    if process.returncode or not (printed.is_file() and printed.read_bytes().startswith(b"%PDF-")):
        lines = said.decode(errors="replace").split("\n")
        last = next(filter(str.strip, reversed(lines)), f"it ended with code {process.returncode}")
        raise PdfError(f"{chromium} printed nothing: {last}; {remedy}")


def one_document(pages: Sequence[Path]) -> str:
    """Join pages into one HTML document: cover, contents, chapters, providers, reference.

    A link to another of the pages leads to its part of the document; one to a file beside them is text, for
    the document stands alone.
    """
    whole = {page.stem: page.read_text(encoding="utf-8") for page in pages}
    if _COVER not in whole:
        raise ChapterError("the pages have no index.html; make them again with `tr-analysis site`")
    texts = {stem: _found(_MAIN, text, stem) for stem, text in whole.items()}
    joined = [_part(stem, texts) for stem in texts if stem not in _LEFT_OUT]
    sections = {name: [p for p in joined if re.match(kind, p["place"])] for name, kind in _SECTIONS.items()}
    question = _QUESTION.search(texts[_COVER])
    document = templates().get_template("document.html.j2")
    return document.render(
        title=_found(_TITLE, texts[_COVER], _COVER),
        question=question[1] if question else "",
        sections={heading: parts for heading, parts in sections.items() if parts},
        licences=_found(_LICENCES, whole[_COVER], _COVER),
        version=__version__,
        commit=git_state(),
        published=max(load("sources")["published"].dropna().astype(str)),
    )


def _found(pattern: re.Pattern[str], text: str, page: str) -> str:
    found = pattern.search(text)
    if not found:
        raise ChapterError(f"{page}.html is not a page of the study; make it again with `tr-analysis site`")
    return found[1]


def _part(page: str, texts: Mapping[str, str]) -> dict[str, str]:
    """Return a page's place, title and text; places in the text are named after it, so that no two are called alike."""

    def renamed(found: re.Match[str]) -> str:
        name, value = found.groups()
        if name == "href":
            target = _target(value, page, texts)
            return f' href="{target}"' if target else ""
        return f' {name}="{" ".join(f"{page}--{word}" for word in value.split())}"'

    title = without_tags(_found(_TITLE, texts[page], page))
    body = _TAG.sub(lambda tag: _PLACES.sub(renamed, tag[0]), texts[page])
    return {"place": page, "title": title, "body": body}


def _target(address: str, page: str, pages: Collection[str]) -> str:
    """Return where a link of a page leads in the document, or nothing when that is no part of it."""
    if re.match(r"https?:|mailto:", address):
        return address
    file, _, place = address.partition("#")
    to = file.removesuffix(".html") or page
    if place == "licences":
        return "#licences"
    if to not in pages or to in _LEFT_OUT[1:]:
        return ""
    return f"#{to}--{place}" if place and to != _COVER else f"#{to}"
