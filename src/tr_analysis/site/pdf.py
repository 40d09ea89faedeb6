"""The study as one PDF, printed by a Chromium that is already installed."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from tr_analysis.errors import StudyError
from tr_analysis.files import write_files
from tr_analysis.site.document import one_document

CHROMIUM = "TR_ANALYSIS_CHROMIUM"
_KNOWN = ("chromium", "chromium-browser", "google-chrome")
_LIMIT = 180.0  # seconds; the whole study takes a tenth of that
# Without those of the second line, the browser looks for updates and for its maker's hosts.
_FLAGS = (
    "--headless", "--disable-gpu", "--no-pdf-header-footer", "--generate-pdf-document-outline",
    "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


class PdfError(StudyError):
    """There is no Chromium, or it did not print."""

    exit_code = 3


def write_pdf(pages: Sequence[Path], target: Path) -> Path:
    """Print the study's pages as one PDF: cover, contents, chapters, providers, reference.

    The document is tagged, has bookmarks and page numbers, and its links between pages work. The browser runs
    without scripts and without a network, in a profile of its own, and nothing of it is left behind.

    Parameters
    ----------
    pages
        Pages that `tr_analysis.site.write_site` wrote, in reading order.
    target
        The PDF. Its folder is made if need be; a file already there stays as it is when anything fails.

    Raises
    ------
    PdfError
        If no Chromium is installed, or it fails or takes longer than three minutes.
    ChapterError
        If the pages are not those of the study.
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
    """Return the program that prints: the one that ``TR_ANALYSIS_CHROMIUM`` names, or one on the search path.

    Raises
    ------
    PdfError
        If there is none; the message says how to install it.
    """
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
