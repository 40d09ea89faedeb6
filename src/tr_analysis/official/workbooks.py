"""Official files into plain grids of cells: the one way by which they are opened, and every bound on what is.

This module is also the program that opens one file in a process of its own and prints its cells as JSON. Whatever a
hostile file makes of the library that reads it (a panic, endless work, all memory) ends with that process. It needs
nothing but the standard library and python-calamine, so that it starts at once.
"""

import codecs
import csv
import datetime
import io
import json
import re
import subprocess
import sys
import zipfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MEGABYTE = 1 << 20
FILE_BYTES = 100 * MEGABYTE  # the largest official workbook known is a tenth of it
ROWS = 5_000  # of a sheet, gaps included: official tables have hundreds
CELLS = 1_000_000  # of a sheet, gaps included
COLUMNS = 702  # A to ZZ
CHARACTERS = 30_000_000  # printed of a file: the process that asks must hold them
MEMORY = 1_500 * MEGABYTE  # of the program that opens a file
SECONDS = 60  # of that program's processor time; twice as many of wall clock

_ZIP, _OLE = b"PK", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
KINDS = {".xlsx": _ZIP, ".xlsm": _ZIP, ".ods": _ZIP, ".xls": _OLE, ".csv": b"", ".zip": _ZIP}
"""The endings of files that can be read, and what each begins with."""

_NO_TEXT = (_ZIP, _OLE, b"<", b"\xef\xbb\xbf<", b"%PDF", b"\x1f\x8b")
_ENCODINGS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_AGAIN = "open it in a spreadsheet and save it again"
# Cells that the library would give as empty or as hidden text: errors, formulas without a value, and in an .ods what
# lies under a merged cell; and the sheet or the cell that is named last before them.
_ATTRIBUTES = rb"""(?:\s+[\w:-]+=(?:"[^"]*"|'[^']*'))*"""
_XLSX_UNREAD = re.compile(
    rb"""<(?:\w+:)?c\b[^<>]*?\bt=["']e["']"""
    rb"|<((?:\w+:)?)c\b(?![^<>]*t=\"str\")[^<>]*>\s*<\1f\b[^<>]*(?:/>|>[^<]*</\1f>)\s*(?:<\1v\s*/>|<\1v></\1v>)?\s*</\1c>"
)
_ODS_UNREAD = re.compile(
    rb"<table:table-cell(?!" + _ATTRIBUTES + rb"\s+office:value-type=)" + _ATTRIBUTES + rb"\s+table:formula="
    rb"|<text:p>(?:#[A-Z/0]+[!?]?|Err:\d+)</text:p>"
    rb"|<table:covered-table-cell" + _ATTRIBUTES + rb"\s*>\s*<text"
)
_SHEET, _CELL = re.compile(rb'<table:table table:name="([^"]+)"'), re.compile(rb'\br="([A-Z]+\d+)"')


_SLOW = "takes more time or memory to open than any table; its cells lie far apart, it is made to do harm, or damaged"

Cell = str | float | int | bool | datetime.date | datetime.datetime | None


@dataclass(frozen=True)
class Sheet:
    """One sheet: its cells from the first row and column on, all rows in full width: ``rows[0][0]`` is A1."""

    name: str  # of a CSV file, the file's without its ending
    rows: list[list[Cell]]
    hidden: bool = False
    turned: int = 0  # the row in which its providers stood across before they were turned


class FileError(Exception):
    """What is wrong with a file: the rule, and then sheet, row (from 1) and column where there are any."""


def read_sheets(path: Path) -> list[Sheet]:
    """Return every sheet of an official file (.xlsx, .xlsm, .ods, .xls, .csv, or a zip of CSV), but for charts.

    Nothing is followed or run: macros and links to other files never take effect; of a formula the stored value is
    read. A `DataError` names what is not as the name of the file says, or not within bounds, and what to do.
    """
    from tr_analysis.errors import DataError, Problem  # the program does without

    try:
        found = json.loads(_printed(path), object_hook=_dated)
    except (subprocess.TimeoutExpired, ValueError):  # ended, perhaps amid what it prints
        found = {"fault": [_SLOW]}
    if "fault" in found:
        rule, sheet, row, column = (*found["fault"], None, None, None)[:4]
        place = path.name if sheet is None else f"{path.name}, sheet {sheet!r}"
        raise DataError([Problem(place, rule, row, column)])
    return [Sheet(name, rows, hidden) for name, hidden, rows in found["sheets"]]


def _printed(path: Path) -> bytes:
    """Return what the program prints of a file; it is ended when its time is up."""
    command = [sys.executable, "-I", __file__, str(path.absolute())]
    null, pipe = subprocess.DEVNULL, subprocess.PIPE
    return subprocess.run(command, stdin=null, stdout=pipe, stderr=null, timeout=2 * SECONDS).stdout


def _dated(found: dict[str, Any]) -> Any:
    """Return a date or a moment that was written as one; else what was found."""
    if "datetime" in found:
        return datetime.datetime.fromisoformat(found["datetime"])
    return datetime.date.fromisoformat(found["date"]) if "date" in found else found


def main(path: str) -> None:
    """Print the sheets of a file, each as its name, whether it is hidden and its rows; or the one fault that it has."""
    _limit_resources()
    place = Path(path)
    try:
        printed = json.dumps({"sheets": _open(place)}, default=_encode, allow_nan=False)
        if len(printed) > CHARACTERS:
            raise FileError(f"holds more than {CHARACTERS} characters")
    except FileError as fault:
        printed = json.dumps({"fault": fault.args})
    except MemoryError:
        sys.exit(1)
    except BaseException as error:  # a panic of the library is no Exception
        words = " ".join(str(getattr(error, "strerror", None) or error).split())[:120]
        rule = f"cannot be read ({words}): it is missing, damaged, cut off or protected by a password; "
        printed = json.dumps({"fault": [f"{rule}{_AGAIN}, or get it again"]})
    print(printed)


def _limit_resources() -> None:
    """Let the system end this process if it takes more memory or time than any table needs."""
    try:
        import resource
    except ImportError:  # not POSIX: the parent's clock remains
        return
    for what, most in (("RLIMIT_AS", MEMORY), ("RLIMIT_CPU", SECONDS), ("RLIMIT_CORE", 0)):
        limit = getattr(resource, what)
        hard = resource.getrlimit(limit)[1]
        bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
        with suppress(ValueError, OSError):  # macOS knows no bound of the address space
            resource.setrlimit(limit, (bound, bound))


def _encode(cell: Any) -> Any:
    """Return a date so that JSON carries it; a time of day or a duration as text."""
    return {type(cell).__name__: cell.isoformat()} if isinstance(cell, datetime.date) else str(cell)


def _open(path: Path) -> list[Any]:
    """Return the sheets of an ordinary file, not too large, that begins as its name says."""
    ending = path.suffix.lower()
    if ending not in KINDS:
        raise FileError("is no table that can be read; there are .xlsx, .ods, .xls and .csv")
    if path.exists() and not path.is_file():
        raise FileError("is a folder, or no ordinary file")
    if path.stat().st_size > FILE_BYTES:
        raise FileError(f"is larger than the {FILE_BYTES // MEGABYTE} MB a table may have")
    with path.open("rb") as file:
        head = file.read(8)
    if not head.startswith(KINDS[ending]) or (ending == ".csv" and head.startswith(_NO_TEXT)):
        rule = f"is no {ending} file, for it does not begin as one: it is a web page, has another file's name, or is "
        raise FileError(f"{rule}protected by a password; get it again, rename it or save it as .xlsx")
    if KINDS[ending] == _ZIP:  # which of two parts is read would depend on the reader
        with zipfile.ZipFile(path) as packed:
            _refuse_twice(packed.namelist(), "two parts of one name; pack or save it again")
    if ending == ".csv":
        sheets = [(path.stem, False, _csv_rows(path.read_bytes()))]
    elif ending == ".zip":
        with zipfile.ZipFile(path) as packed:
            names = [name for name in packed.namelist() if name.lower().endswith(".csv")]
            sheets = [(Path(name).stem, False, _csv_rows(packed.read(name))) for name in names]
    else:
        sheets = list(_workbook_sheets(path, ending))
    _refuse_twice([name for name, *_ in sheets], "two sheets of one name; rename one of them")
    if all(cell is None for *_, rows in sheets for row in rows for cell in row):
        raise FileError("holds no cell with anything in it; get it again")
    return sheets


def _refuse_twice(names: list[str], what: str) -> None:
    """Raise for a name that is there twice, whatever its capitals."""
    seen: set[str] = set()
    for name in names:
        if name.lower() in seen:
            raise FileError(f"holds {what}: {name[:80]!r}")
        seen.add(name.lower())


def _csv_rows(content: bytes) -> list[list[Any]]:
    """Return the cells of a CSV file in UTF-8, in UTF-16 with a mark, or else in Windows' western encoding.

    They are set apart by commas, semicolons or tabs: by what its first lines have most of.
    """
    encoding = next((name for mark, name in _ENCODINGS.items() if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        text = content.decode("cp1252")
    delimiter = max(",;\t", key=text[:20_000].count)
    rows: list[list[Any]] = []
    try:
        for record in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
            rows.append([cell or None for cell in record])
            _check_extent(len(rows), len(record))
    except csv.Error as error:
        rule = f"cannot be split into cells ({error}); a quote is wrong or never ends"
        raise FileError(rule, None, len(rows) + 1) from None
    width = max(map(len, rows), default=0)
    _check_extent(len(rows), width)
    return [row + [None] * (width - len(row)) for row in rows]


def _check_extent(rows: int, columns: int, sheet: str | None = None) -> None:
    """Raise for a sheet that reaches further than a table does."""
    if columns > COLUMNS or rows > ROWS or rows * columns > CELLS:
        rule = f"reaches to this cell; a table may have {ROWS} rows, {COLUMNS} columns and {CELLS} cells"
        raise FileError(f"{rule} with the gaps", sheet, rows, columns)


def _workbook_sheets(path: Path, ending: str) -> Any:
    """Yield the sheets of a workbook, but for charts: rows from A1 on, nothing for what lies under a merged cell."""
    if KINDS[ending] == _ZIP:
        _refuse_unread(path, _ODS_UNREAD if ending == ".ods" else _XLSX_UNREAD)
    import python_calamine  # not before the file was found harmless

    with python_calamine.CalamineWorkbook.from_object(io.BytesIO(path.read_bytes())) as workbook:
        for index, found in enumerate(workbook.sheets_metadata):
            if found.typ != python_calamine.SheetTypeEnum.WorkSheet:
                continue
            sheet, rows = workbook.get_sheet_by_index(index), list[list[Any]]()
            if sheet.end is not None:
                _check_extent(sheet.end[0] + 1, sheet.end[1] + 1, found.name)
                cells = sheet.to_python(skip_empty_area=False)
                rows = [[None if cell == "" else cell for cell in row] for row in cells]
            for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
                for number, row in enumerate(rows[top : bottom + 1]):
                    first = left if number else left + 1
                    row[first : right + 1] = [None] * len(row[first : right + 1])
            yield found.name, found.visible != python_calamine.SheetVisibleEnum.Visible, rows


def _refuse_unread(path: Path, unread: re.Pattern[bytes]) -> None:
    """Raise for a workbook with a cell whose content the library would not give."""
    with zipfile.ZipFile(path) as packed:
        for part in (part for part in packed.namelist() if part.endswith(".xml")):
            content = packed.read(part)
            if found := unread.search(content):
                rule = "holds a cell in error, a formula without its value, or a text under a merged cell: correct it, "
                cell = _CELL.search(found[0])
                sheets = _SHEET.findall(content, 0, found.start())
                sheet = sheets[-1].decode() if sheets else Path(part).stem
                raise FileError(f"{rule}{_AGAIN}", sheet, None, cell[1].decode() if cell else None)


if __name__ == "__main__":
    main(*sys.argv[1:])
