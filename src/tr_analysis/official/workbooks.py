"""Official files into plain grids of cells: the one way by which they are opened, and where they are bounded.

`read_sheets` refuses what is not what its name says, reads CSV itself and leaves workbooks to the process of
`isolation`, which it ends when its time is up.
"""

import csv
import datetime
import io
import json
import re
import stat
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tr_analysis.errors import DataError, Problem
from tr_analysis.official import isolation
from tr_analysis.official.isolation import FileError

KINDS = {".xlsx": "xlsx", ".xlsm": "xlsx", ".ods": "ods", ".xls": "xls", ".csv": "csv"}
_ZIP, _OLE = b"PK", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_FIRST_BYTES = {"xlsx": _ZIP, "ods": _ZIP, "xls": _OLE}
_CONTENTS = {
    _ZIP: "a zip, as .xlsx and .ods workbooks are, and not what its name says; rename it",
    _OLE: "an .xls workbook or another document of an old Office program, and not what its name says; rename it",
    b"<": "a web page or a document in XML: the address gave a notice, or it was saved as one; get it again",
    b"%PDF": "a PDF; save the table in it as .xlsx or .csv",
    b"\x1f\x8b": "packed with gzip; unpack it",
}
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_BYTE_ORDER = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_CONTROL = re.compile("[\x00-\x08\x0e-\x19\x1b-\x1f\x7f]")
_LINE = 1_000_000  # characters in a line of a CSV file; the library bounds a cell

Cell = str | float | int | bool | datetime.date | datetime.datetime | None


@dataclass(frozen=True)
class Sheet:
    """One sheet: its cells from the first row and column on, all rows in full width: ``rows[0][0]`` is A1.

    An empty cell, and one that lies under a merged one, is None; one in error is its text, such as ``#N/A`` (in an
    .xls it is None: nothing tells it from an empty one).
    """

    name: str  # of a CSV file, the file's without its ending
    rows: list[list[Cell]]
    hidden: bool = False


def read_sheets(path: Path) -> list[Sheet]:
    """Return every sheet of an official file (.xlsx, .xlsm, .ods, .xls or .csv) in its order, but for charts.

    Nothing is followed or run: macros and links to other files never take effect; of a formula the stored value is
    read.

    Raises
    ------
    DataError
        If the file cannot be read as what its name says, or not within bounds. It names file, sheet, row and
        column, as far as there is one, and says what to do.
    """
    try:
        kind = _kind_of(path)
        sheets = [Sheet(path.stem, _read_csv(path))] if kind == "csv" else _read_workbook(path, kind)
        if all(cell is None for sheet in sheets for row in sheet.rows for cell in row):
            raise FileError("holds no cell with anything in it")
        return sheets
    except FileError as fault:
        place = path.name if fault.sheet is None else f"{path.name}, sheet {fault.sheet!r}"
        raise DataError([Problem(place, fault.rule, fault.row, fault.column, fault.value)]) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError([Problem(path.name, f"cannot be read: {reason}")]) from None


def _kind_of(path: Path) -> str:
    """Return the kind of a file if it is an ordinary one, not too large, that begins as its name says."""
    ending = path.suffix.lower()
    if ending not in KINDS:
        rule = "is no table that can be read; there are .xlsx, .ods, .xls and .csv"
        raise FileError(rule, value=ending or path.name)
    try:
        status = path.stat()
    except FileNotFoundError:
        raise FileError("is missing") from None
    if not stat.S_ISREG(status.st_mode):
        raise FileError("is a folder, not a file" if path.is_dir() else "is no ordinary file")
    if not status.st_size:
        raise FileError("is empty; get it again")
    if status.st_size > isolation.FILE_BYTES:
        size, most = status.st_size // isolation.MEGABYTE, isolation.FILE_BYTES // isolation.MEGABYTE
        raise FileError(f"is {size} MB large, more than the {most} MB a table may have")
    _check_first_bytes(path, KINDS[ending])
    return KINDS[ending]


def _check_first_bytes(path: Path, kind: str) -> None:
    with path.open("rb") as file:
        head = file.read(4096)
    if head.startswith(_OLE) and _ENCRYPTED in path.read_bytes():
        raise FileError("is protected by a password; save it without one")
    expected = _FIRST_BYTES.get(kind)
    if expected and head.startswith(expected):
        return
    text = head.lstrip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n")
    what = next((words for first, words in _CONTENTS.items() if text.startswith(first)), None)
    if what or kind != "csv":
        what = what or f"no .{kind} workbook, for it does not begin as one; get it again, or save it as .xlsx"
        raise FileError(f"is {what}")


def _read_csv(path: Path) -> list[list[Cell]]:
    """Return the cells of a CSV file in UTF-8, in UTF-16 with a mark, or else in Windows' western encoding."""
    text = _decoded(path.read_bytes())
    for number, line in enumerate(io.StringIO(text, newline=""), 1):
        if len(line) > _LINE:
            raise FileError(f"is longer than the {_LINE} characters a line may have; no table", row=number)
    rows: list[list[Cell]] = []
    width = 0
    try:
        for record in csv.reader(io.StringIO(text, newline=""), strict=True):
            rows.append([cell or None for cell in record])
            width = max(width, len(record))
            isolation.check_extent(len(rows), width)
    except csv.Error as error:
        rule = f"cannot be split into cells ({error}); a quote is wrong or never ends"
        raise FileError(rule, row=len(rows) + 1) from None
    return [row + [None] * (width - len(row)) for row in rows]


def _decoded(content: bytes) -> str:
    """Return the text of a file in the encoding that it is in."""
    marked = next((name for mark, name in _BYTE_ORDER.items() if content.startswith(mark)), None)
    for encoding in (marked,) if marked else ("utf-8", "cp1252"):
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError as error:
            line, value = content.count(b"\n", 0, error.start) + 1, f"0x{content[error.start]:02x}"
    else:
        rule = "is not text in UTF-8, UTF-16 or Windows' encoding; save it as UTF-8"
        raise FileError(rule, row=line, value=value)
    if match := _CONTROL.search(text):
        rule = "holds a character that no text has; it is damaged, or no CSV file"
        raise FileError(rule, row=text.count("\n", 0, match.start()) + 1, value=match[0])
    return text


def _read_workbook(path: Path, kind: str) -> list[Sheet]:
    """Gather what the process that opens a workbook prints, and end that process in time."""
    sheets: list[Sheet] = []
    with _start(path, kind) as process:
        clock = threading.Timer(2 * isolation.SECONDS, process.kill)
        clock.daemon = True
        clock.start()
        try:
            for line in process.stdout or ():
                message = json.loads(line, object_hook=_dated)
                if isinstance(message, list):
                    sheets[-1].rows.append([sys.intern(c) if type(c) is str else c for c in message])
                elif "sheet" in message:
                    sheets.append(Sheet(message["sheet"], [], message["hidden"]))
                elif "fault" in message:
                    raise FileError(*message["fault"])
                else:
                    return sheets
        except ValueError:  # half a line: the process was ended
            pass
        finally:
            clock.cancel()
            process.kill()
    rule = "takes more time or memory to open than any table; its cells lie far apart, it is made to do harm, or damaged"
    raise FileError(rule, sheets[-1].name if sheets else None)


def _start(path: Path, kind: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-I", isolation.__file__, str(path.resolve()), kind],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


def _dated(found: dict[str, Any]) -> Any:
    """Return a date or a moment that was written as one; else what was found."""
    if "datetime" in found:
        return datetime.datetime.fromisoformat(found["datetime"])
    return datetime.date.fromisoformat(found["date"]) if "date" in found else found
