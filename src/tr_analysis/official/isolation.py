"""The program that opens one workbook in a process of its own and prints its cells as lines of JSON.

Whatever a hostile file makes of the library that reads it (a panic, endless work, all memory) ends with this
process. It imports nothing but the standard library and python-calamine, so that it starts at once.
"""

import datetime
import io
import json
import re
import sys
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import astuple, dataclass
from typing import Any

# What a file may hold before it is refused.
MEGABYTE = 1 << 20
FILE_BYTES = 100 * MEGABYTE  # the largest official workbook known is a tenth of it
UNPACKED_BYTES = 512 * MEGABYTE  # of all parts of a zip together
ROWS = 20_000  # of a sheet, gaps included: official tables have hundreds
CELLS = 1_000_000  # of all sheets, gaps included
COLUMNS = 702  # A to ZZ
CHARACTERS = 30_000_000  # printed of a workbook: the process that asks must hold them
LINE = 1_000_000  # characters in a line of a CSV file; the library bounds a cell
MEMORY = 1_500 * MEGABYTE  # of this process
SECONDS = 60  # of processor time here, and twice of wall clock

_PARTS = {"xlsx": "xl/workbook.xml", "ods": "content.xml"}
_PASSWORD = "is protected by a password; save it without one"
_NO_VALUE = "\ufdd0"  # stands for a formula that was saved without its value; no text of a workbook has it

_ATTRIBUTES = rb"""(?:[^<>"'/]++|"[^"]*+"|'[^']*+'|/(?!>))*+"""
_XLSX_ERROR = re.compile(rb"""(<(?:\w+:)?c\b[^<>]*?\bt=)["']e["']""")
_XLSX_FORMULA = re.compile(
    rb"<((?:\w+:)?)c\b([^<>]*)>\s*<\1f\b[^<>]*(?:/>|>[^<]*</\1f>)\s*(?:<\1v\s*/>|<\1v></\1v>)?\s*</\1c>"
)
_ODS_SPECIAL = re.compile(rb"covered-table-cell|table:formula|<text:p>(?:#[A-Z]|Err:)")
_ODS_CELL = re.compile(
    rb"<table:(covered-)?table-cell\b(" + _ATTRIBUTES + rb")(?:/>|>(.*?)</table:(?:covered-)?table-cell>)",
    re.DOTALL,
)
_ODS_ERROR = re.compile(rb"<text:p>((?:#[A-Z]|Err:)[^<]*)</text:p>")
_ODS_REPEATED = re.compile(rb'table:number-columns-repeated="\d+"')


@dataclass(eq=False)
class FileError(Exception):
    """What is wrong with a file: the rule, and sheet, row (from 1), column (letters) and value where there are any."""

    rule: str
    sheet: str | None = None
    row: int | None = None
    column: str | None = None
    value: str | None = None


def letters(column: int) -> str:
    """Return a column's letters: ``A`` of 0, ``AA`` of 26."""
    return (letters(column // 26 - 1) if column >= 26 else "") + chr(65 + column % 26)


def check_extent(rows: int, columns: int, others: int = 0) -> None:
    """Raise for a sheet that reaches further than a table does, beside so many cells of other sheets."""
    if columns > COLUMNS or rows > ROWS or rows * columns + others > CELLS:
        rule = (
            f"a table may have {ROWS} rows, {COLUMNS} columns, and all together {CELLS} cells with the gaps"
        )
        raise FileError(f"reaches to this cell; {rule}", row=rows, column=letters(columns - 1))


def main(path: str, kind: str) -> None:
    """Print the cells of a workbook (``xlsx``, ``ods`` or ``xls``), or the one fault that it has."""
    _limit_resources()
    left = CHARACTERS
    try:
        for message in _messages(path, kind):
            line = json.dumps(message, default=_encode, allow_nan=False, separators=(",", ":"))
            left -= len(line)
            if left < 0:
                raise FileError(f"holds more than {CHARACTERS} characters")
            print(line)
    except FileError as fault:
        print(json.dumps({"fault": astuple(fault)}))
    except MemoryError:
        sys.exit(1)
    except BaseException as error:  # a panic of the library is no Exception
        words = " ".join(str(error).split())[:120]
        remedy = "open it in a spreadsheet and save it again, or get it again"
        rule = f"cannot be read as .{kind}, it may be damaged ({words}); {remedy}"
        print(json.dumps({"fault": [_PASSWORD if "password" in words.lower() else rule]}))


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


def _messages(path: str, kind: str) -> Iterator[Any]:
    """Yield the name of each sheet, then its rows from the first on, in full width, then an end."""
    source = path if kind == "xls" else _readable_zip(path, kind)
    import python_calamine  # not before the file was found harmless

    cells, names = 0, set()
    with python_calamine.CalamineWorkbook.from_object(source) as workbook:
        if not workbook.sheets_metadata:
            raise FileError("holds no sheet")
        for index, found in enumerate(workbook.sheets_metadata):
            if found.name.casefold() in names:
                raise FileError("holds two sheets of one name; rename one", sheet=found.name)
            names.add(found.name.casefold())
            if found.typ != python_calamine.SheetTypeEnum.WorkSheet:  # a chart, or macros of an old kind
                continue
            shown = found.visible == python_calamine.SheetVisibleEnum.Visible
            yield {"sheet": found.name, "hidden": not shown}
            rows = _rows(workbook.get_sheet_by_index(index), found.name, cells)
            cells += len(rows) * len(rows[0]) if rows else 0
            yield from rows
    yield {"end": True}


def _rows(sheet: Any, name: str, others: int) -> list[list[Any]]:
    """Return the rows of a sheet from A1 on; nothing for an empty text and what lies under a merged cell."""
    if sheet.end is None:
        return []
    try:
        check_extent(sheet.end[0] + 1, sheet.end[1] + 1, others)
    except FileError as fault:
        fault.sheet = name
        raise
    rows = [[None if cell == "" else cell for cell in row] for row in sheet.to_python(skip_empty_area=False)]
    for number, row in enumerate(rows, 1):
        if _NO_VALUE in row:
            rule = "holds a formula without its value; open it in a spreadsheet and save it again"
            raise FileError(rule, name, number, letters(row.index(_NO_VALUE)))
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
        for number, row in enumerate(rows[top : bottom + 1]):
            first = left if number else left + 1
            row[first : right + 1] = [None] * len(row[first : right + 1])
    return rows


def _readable_zip(path: str, kind: str) -> io.BytesIO:
    """Return a workbook unpacked, each part checked, with what the library would leave out as texts."""
    unpacked = io.BytesIO()
    try:
        with zipfile.ZipFile(path) as packed, zipfile.ZipFile(unpacked, "w") as parts:
            names = packed.namelist()
            if len(set(names)) < len(names):
                raise FileError("holds a part twice, so that readers would differ in what they see")
            if _PARTS[kind] not in names:
                raise FileError(f"is a zip without an .{kind} workbook in it; rename it, or get it again")
            size = sum(part.file_size for part in packed.infolist())
            if size > UNPACKED_BYTES:
                most = UNPACKED_BYTES // MEGABYTE
                raise FileError(
                    f"would unpack to {size // MEGABYTE} MB, more than the {most} MB a workbook may"
                )
            for name in names:
                content = packed.read(name)  # its size and checksum are compared with what the zip says
                if name == "META-INF/manifest.xml" and b"encryption-data" in content:
                    raise FileError(_PASSWORD)
                if name.endswith(".xml"):
                    content = _with_errors(content, kind)
                parts.writestr(name, content)
    except (zipfile.BadZipFile, zlib.error, EOFError, OverflowError):
        raise FileError("is damaged or was cut off while it was downloaded; get it again") from None
    unpacked.seek(0)
    return unpacked


def _with_errors(content: bytes, kind: str) -> bytes:
    """Return XML in which cells in error are their texts, such as ``#N/A``, and formulas without a value a mark."""
    if kind == "xlsx":
        return _XLSX_FORMULA.sub(_mark_xlsx_formula, _XLSX_ERROR.sub(rb'\1"str"', content))
    return _ODS_CELL.sub(_show_ods_cell, content) if _ODS_SPECIAL.search(content) else content


def _mark_xlsx_formula(cell: re.Match[bytes]) -> bytes:
    prefix, attributes = cell[1], cell[2]
    if b't="str"' in attributes:  # an empty text
        return cell[0]
    attributes = re.sub(rb'\bt="\w*"', b"", attributes)
    value = b"<%bv>%b</%bv>" % (prefix, _NO_VALUE.encode(), prefix)
    return b'<%bc%b t="str">%b</%bc>' % (prefix, attributes, value, prefix)


def _show_ods_cell(cell: re.Match[bytes]) -> bytes:
    """Return a cell that says what a spreadsheet shows: nothing where it is covered by a merged one."""
    covered, attributes, content = cell[1], cell[2], cell[3] or b""
    repeated = _ODS_REPEATED.search(attributes)
    attribute = repeated[0] if repeated else b""
    if covered:
        return b"<table:covered-table-cell %b/>" % attribute
    if error := _ODS_ERROR.fullmatch(content):
        shown = error[1]
    elif b"table:formula" in attributes and b"office:value-type" not in attributes:
        shown = _NO_VALUE.encode()
    else:
        return cell[0]
    text = b"<text:p>%b</text:p>" % shown
    return b'<table:table-cell %b office:value-type="string">%b</table:table-cell>' % (attribute, text)


if __name__ == "__main__":
    main(*sys.argv[1:])
