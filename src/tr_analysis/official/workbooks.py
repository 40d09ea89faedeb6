"""Official files into plain grids of cells: the one way by which they are opened.

`read_sheets` refuses what is not what its name says, reads CSV itself, and leaves workbooks to the process of
`isolation`, where every bound stands, and which it ends when its time is up.
"""

import csv
import datetime
import io
import json
import stat
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any

from tr_analysis.errors import DataError, Problem
from tr_analysis.official import isolation
from tr_analysis.official.isolation import FileError

KINDS = {".xlsx": "xlsx", ".xlsm": "xlsx", ".ods": "ods", ".xls": "xls", ".csv": "csv", ".zip": "zip"}
_ZIP, _OLE = b"PK", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_FIRST_BYTES = {"xlsx": _ZIP, "ods": _ZIP, "xls": _OLE, "zip": _ZIP}
_CONTENTS = {
    _ZIP: "a zip, as .xlsx and .ods workbooks are, and not what its name says; rename it",
    _OLE: "an .xls workbook or another document of an old Office program, and not what its name says; rename it",
    b"<": "a web page or a document in XML: the address gave a notice, or it was saved as one; get it again",
    b"%PDF": "a PDF; save the table in it as .xlsx or .csv",
    b"\x1f\x8b": "packed with gzip; unpack it",
}
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_BYTE_ORDER = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_CONTROL = {*map(chr, range(32)), "\x7f"} - set("\t\n\r\x0b\x0c\x1a")
_SLOW = "takes more time or memory to open than any table; its cells lie far apart, it is made to do harm, or damaged"

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
    """Return every sheet of an official file (.xlsx, .xlsm, .ods, .xls, .csv, or a zip of CSV), but for charts.

    Nothing is followed or run: macros and links to other files never take effect; of a formula the stored value is
    read. A `DataError` names what is not as the name of the file says, or not within bounds, and what to do.
    """
    try:
        kind = _kind_of(path)
        if kind == "csv":
            with path.open("rb") as file:
                sheets = [Sheet(path.stem, _read_csv(file))]
        else:
            sheets = _read_zip(path) if kind == "zip" else _read_workbook(path, kind)
        if all(cell is None for sheet in sheets for row in sheet.rows for cell in row):
            raise FileError("holds no cell with anything in it; get it again")
        return sheets
    except FileError as fault:
        place = path.name if fault.sheet is None else f"{path.name}, sheet {fault.sheet!r}"
        raise DataError([Problem(place, fault.rule, fault.row, fault.column, fault.value)]) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError([Problem(path.name, f"cannot be read: {reason}")]) from None


def _kind_of(path: Path) -> str:
    """Return the kind of a file if it is an ordinary one, not too large, that begins as its name says."""
    kind = KINDS.get(path.suffix.lower())
    if kind is None:
        raise FileError("is no table that can be read; there are .xlsx, .ods, .xls and .csv")
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
    with path.open("rb") as file:
        head = file.read(4096)
    if head.startswith(_OLE) and _ENCRYPTED in path.read_bytes():
        raise FileError("is protected by a password; save it without one")
    if kind == "csv" or not head.startswith(_FIRST_BYTES[kind]):
        text = head.lstrip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n")
        what = next((words for first, words in _CONTENTS.items() if text.startswith(first)), None)
        if what or kind != "csv":
            what = what or f"no .{kind} file, for it does not begin as one; get it again, or save it as .xlsx"
            raise FileError(f"is {what}")
    return kind


def _read_csv(file: IO[bytes]) -> list[list[Cell]]:
    """Return the cells of a CSV file in UTF-8, in UTF-16 with a mark, or else in Windows' western encoding.

    They are set apart by commas, semicolons or tabs: by what its first lines have most of. No more is read than a
    table may have.
    """
    head = file.peek(4) if isinstance(file, io.BufferedReader) else file.read(4)
    marked = next((name for mark, name in _BYTE_ORDER.items() if head.startswith(mark)), None)
    for encoding in (marked,) if marked else ("utf-8", "cp1252"):
        file.seek(0)
        try:
            text = io.TextIOWrapper(file, encoding, newline="")
            first = "".join(islice(_lines(text), 40))
            text.seek(0)
            delimiter = max(",;\t", key=first.count)
            return _rows(csv.reader(_lines(text), delimiter=delimiter, strict=True))
        except UnicodeDecodeError as error:
            value = f"0x{error.object[error.start]:02x}"
        finally:
            text.detach()
    raise FileError("is not text in UTF-8, UTF-16 or Windows' encoding; save it as UTF-8", value=value)


def _lines(text: IO[str]) -> Iterator[str]:
    """Yield the lines of a text, each within bounds and without characters that no text has."""
    number = 0
    while line := text.readline(isolation.LINE + 1):
        number += 1
        if len(line) > isolation.LINE:
            raise FileError(
                f"is longer than the {isolation.LINE} characters a line may have; no table", row=number
            )
        if not _CONTROL.isdisjoint(line):
            raise FileError("holds a character that no text has; it is damaged, or no CSV file", row=number)
        yield line


def _rows(reader: Any) -> list[list[Cell]]:
    """Return the rows of a CSV file in full width."""
    rows: list[list[Cell]] = []
    width = 0
    try:
        for record in reader:
            rows.append([cell or None for cell in record])
            width = max(width, len(record))
            isolation.check_extent(len(rows), width)
    except csv.Error as error:
        rule = f"cannot be split into cells ({error}); a quote is wrong or never ends"
        raise FileError(rule, row=len(rows) + 1) from None
    return [row + [None] * (width - len(row)) for row in rows]


def _read_zip(path: Path) -> list[Sheet]:
    """Return the CSV files in a zip as sheets."""
    try:
        with zipfile.ZipFile(path) as packed:
            names = [name for name in packed.namelist() if name.lower().endswith(".csv")][:100]
            if not names:
                raise FileError("is a zip without a CSV file in it; unpack it and import what is in it")
            sheets = []
            for name in names:
                with packed.open(name) as file:
                    sheets.append(Sheet(Path(name).stem, _read_csv(file)))
            return sheets
    except RuntimeError:
        raise FileError("is protected by a password; unpack it") from None
    except (zipfile.BadZipFile, zlib.error, EOFError):
        raise FileError("is damaged or was cut off while it was downloaded; get it again") from None


def _read_workbook(path: Path, kind: str) -> list[Sheet]:
    """Gather what the process that opens a workbook prints, and end that process in time."""
    sheets: list[Sheet] = []
    try:
        for line in _printed(path, kind).splitlines():
            message = json.loads(line, object_hook=_dated)
            if isinstance(message, list):
                sheets[-1].rows.append([sys.intern(c) if type(c) is str else c for c in message])
            elif "sheet" in message:
                sheets.append(Sheet(message["sheet"], [], message["hidden"]))
            elif "fault" in message:
                raise FileError(*message["fault"])
            else:
                return sheets
    except (subprocess.TimeoutExpired, ValueError):  # ended, perhaps amid a line
        pass
    raise FileError(_SLOW)


def _printed(path: Path, kind: str) -> bytes:
    """Return what the process that opens a workbook prints."""
    return subprocess.run(
        [sys.executable, "-I", isolation.__file__, str(path.resolve()), kind],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        timeout=2 * isolation.SECONDS,
        check=False,
    ).stdout


def _dated(found: dict[str, Any]) -> Any:
    """Return a date or a moment that was written as one; else what was found."""
    if "datetime" in found:
        return datetime.datetime.fromisoformat(found["datetime"])
    return datetime.date.fromisoformat(found["date"]) if "date" in found else found
