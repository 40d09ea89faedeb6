"""What a file is by its content, before anything opens it: what its name says must be what it holds."""

import stat
from pathlib import Path

from tr_analysis.official.opening import limits
from tr_analysis.official.opening.limits import FileError

KINDS = {".xlsx": "xlsx", ".xlsm": "xlsx", ".ods": "ods", ".xls": "xls", ".csv": "csv"}
_AGAIN = "get it again"
_PAGE = ("<!doctype html", "<html", "<head", "<body", "<script", "<title", "<!-- ")
_OTHERS = {
    b"%PDF": "a PDF",
    b"\x1f\x8b": "packed with gzip",
    b"7z\xbc\xaf": "packed with 7-Zip",
    b"Rar!": "packed with RAR",
    b"{\\rtf": "a text document (RTF)",
}
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")


def kind_of(path: Path) -> str:
    """Return the kind of a file, ``xlsx``, ``ods``, ``xls`` or ``csv``, if it may be opened as that.

    Parameters
    ----------
    path
        The file. Its ending says what it should be, its first bytes what it is.

    Raises
    ------
    FileError
        If it is missing, no file, empty, too large, not to be read, of another kind than its name says, or a web
        page that was saved in its place.
    """
    head = _head(path)
    ending = path.suffix.lower()
    if ending not in KINDS:
        raise FileError(
            "is no table that can be read; there are .xlsx, .ods, .xls and .csv", value=ending or path.name
        )
    kind = KINDS[ending]
    text = head.replace(b"\0", b"").decode("latin-1").lstrip("ÿþï»¿ \t\r\n").lower()
    if text.startswith(_PAGE):
        raise FileError(f"is a web page, not a table: the address gave an error page or a notice; {_AGAIN}")
    if text.startswith("<?xml"):
        raise FileError("is a page or a document in XML, not a table; save it as .xlsx, or get it again")
    if other := next((what for mark, what in _OTHERS.items() if head.startswith(mark)), None):
        raise FileError(
            f"is {other}, not a table; save or unpack the table in it as .xlsx, .ods, .xls or .csv"
        )
    _check_container(path, head, kind, ending)
    return kind


def _head(path: Path) -> bytes:
    """Return the first bytes of what is an ordinary file of a size that may be opened."""
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise FileError("is a folder, not a file")
        if not stat.S_ISREG(status.st_mode):
            raise FileError("is no ordinary file")
        if not status.st_size:
            raise FileError(f"is empty; {_AGAIN}")
        if status.st_size > limits.FILE_BYTES:
            size, most = status.st_size // limits.MEGABYTE, limits.FILE_BYTES // limits.MEGABYTE
            raise FileError(f"is {size} MB large, more than the {most} MB a table may have")
        with path.open("rb") as file:
            return file.read(4096)
    except FileNotFoundError:
        raise FileError("is missing") from None
    except (OSError, ValueError) as error:
        raise FileError(f"cannot be read: {getattr(error, 'strerror', None) or error}") from None


def _check_container(path: Path, head: bytes, kind: str, ending: str) -> None:
    """Hold what is around a workbook against the ending of its name."""
    if head.startswith(_OLE):
        if _ENCRYPTED in path.read_bytes():
            raise FileError("is protected by a password; save it without one")
        if kind != "xls":
            raise FileError(
                f"is an .xls workbook, or another document of an old Office program, that is called {ending}; rename it"
            )
    elif head.startswith(b"PK"):
        if kind in ("xls", "csv"):
            raise FileError(
                f"is a workbook (.xlsx or .ods) or another zip that is called {ending}; rename it"
            )
    elif kind == "xls" and head[:1] == b"\x09":
        raise FileError("is a workbook from before Excel 97; save it as .xlsx")
    elif kind != "csv":
        raise FileError(f"is no {ending} workbook: it does not begin as one; {_AGAIN}")
