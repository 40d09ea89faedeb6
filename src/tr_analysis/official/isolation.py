"""What runs in a process of its own: opens one workbook and prints its cells, a line of JSON for many rows.

Whatever a hostile file makes of the library (a panic, an abort, endless work, all memory) ends here.
"""

import datetime
import json
import math
import re
import sys
from collections.abc import Iterator
from typing import Any

from tr_analysis.official.opening import limits, ods_scan, xls_scan, xlsx_scan
from tr_analysis.official.opening.archive import Archive
from tr_analysis.official.opening.limits import FileError, letters
from tr_analysis.official.opening.repairs import Repairs

_DURATION = re.compile(r"PT(\d{1,9})H(\d{1,9})M(\d{1,9}(?:\.\d{1,6})?)S")
_AT_ONCE = 2_000  # cells or more in a line


def main(path: str, kind: str) -> None:
    """Print the cells of a workbook, or the one fault that it has.

    Parameters
    ----------
    path
        The file.
    kind
        ``xlsx``, ``ods`` or ``xls``.
    """
    _bound()
    try:
        for message in sheets(path, kind):
            _say(message)
        _say({"end": True})
    except FileError as fault:
        _say({"fault": [fault.rule, fault.sheet, fault.row, fault.column, fault.value]})
    except MemoryError:
        sys.exit(1)
    except BaseException as error:  # a panic of the library is no Exception
        words = " ".join(str(error).split())[:120]
        password = "password" in f"{type(error).__name__} {words}".lower()
        rule = (
            "is protected by a password; save it without one"
            if password
            else f"cannot be read as .{kind} ({words}); open it in a spreadsheet and save it again, or get it again"
        )
        _say({"fault": [rule, None, None, None, None]})


def _bound() -> None:
    """Let the system end this process if it takes more memory or time than any table needs."""
    try:
        import resource
    except ImportError:  # not POSIX: the parent's clock remains
        return
    for what, most in (
        (resource.RLIMIT_AS, limits.MEMORY),
        (resource.RLIMIT_CPU, limits.SECONDS),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        try:
            resource.setrlimit(what, (most, most))
        except (ValueError, OSError):  # macOS knows no bound of the address space
            continue


def _say(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message, default=_dated, separators=(",", ":")) + "\n")
    if "sheet" in message:
        sys.stdout.flush()  # so that it is known in which sheet this process was ended


def _dated(cell: Any) -> dict[str, Any]:
    """Return a date, a time or a duration so that JSON carries it."""
    if isinstance(cell, datetime.timedelta):
        return {"timedelta": [cell.days, cell.seconds, cell.microseconds]}
    return {type(cell).__name__: cell.isoformat()}


def sheets(path: str, kind: str) -> Iterator[dict[str, Any]]:
    """Yield each sheet's name, then its rows from the first on, some at a time.

    Raises
    ------
    FileError
        If the file is at fault or holds more than `limits` allows.
    """
    by_name: dict[str, Repairs] = {}
    by_number: dict[int, Repairs] = {}
    if kind == "xls":
        by_number = xls_scan.scan(path)
    else:
        by_name = _scanned(Archive(path), kind)
    import python_calamine  # not before the file was found harmless

    workbook = python_calamine.CalamineWorkbook.from_path(path)
    found = workbook.sheets_metadata
    _refuse_names([sheet.name for sheet in found])
    room = _Room()
    for index, sheet in enumerate(found):
        if (
            sheet.typ != python_calamine.SheetTypeEnum.WorkSheet
        ):  # a chart, or macros of an old kind: no table
            continue
        hidden = sheet.visible != python_calamine.SheetVisibleEnum.Visible
        yield {"sheet": sheet.name, "hidden": hidden}
        repairs = by_name.get(sheet.name) or by_number.get(index) or Repairs()
        try:
            yield from _rows(workbook.get_sheet_by_index(index), repairs, room, kind)
        except FileError as fault:
            fault.sheet = sheet.name
            raise


def _scanned(archive: Archive, kind: str) -> dict[str, Repairs]:
    """Scan a zip as the workbook that its name says, if that is what it holds."""
    if "xl/workbook.bin" in archive.names:
        raise FileError("is a binary workbook (.xlsb); save it as .xlsx")
    for other, part in (("xlsx", xlsx_scan.WORKBOOK), ("ods", ods_scan.CONTENT)):
        if part in archive.names and other != kind:
            raise FileError(f"holds an .{other} workbook and is called .{kind}; rename it")
    return xlsx_scan.scan(archive) if kind == "xlsx" else ods_scan.scan(archive)


def _refuse_names(names: list[str]) -> None:
    if not names:
        raise FileError("holds no sheet")
    if len(names) > limits.SHEETS:
        raise FileError(f"holds {len(names)} sheets, more than the {limits.SHEETS} a workbook may")
    for place, name in enumerate(names):
        if name.casefold() in {other.casefold() for other in names[:place]}:
            raise FileError("holds two sheets of one name; rename one", sheet=name)


class _Room:
    """What is left for further sheets."""

    def __init__(self) -> None:
        self.cells, self.texts = limits.CELLS, limits.TEXTS

    def take(self, rows: int, columns: int) -> None:
        self.cells -= rows * columns
        if columns > limits.COLUMNS or self.cells < 0:
            rule = f"a table may have {limits.COLUMNS} columns, and all together {limits.CELLS} cells with the gaps"
            raise FileError(f"reaches to this cell; {rule}", row=rows, column=letters(columns - 1))


def _rows(sheet: Any, repairs: Repairs, room: _Room, kind: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of a sheet, from the first row and column on, in full width."""
    repairs.refuse_unstored()
    end = sheet.end or (-1, -1)
    height = max([end[0], *(row for row, _ in repairs.errors)]) + 1
    width = max([end[1], *(column for _, column in repairs.errors)]) + 1
    room.take(height, width)
    repairs.merge(sheet.merged_cell_ranges or [], height)
    left = sheet.start[1] if sheet.start else 0
    shown: dict[int, list[tuple[int, str]]] = {}
    for (row, column), error in repairs.errors.items():
        shown.setdefault(row, []).append((column, error))
    given, kept = sheet.iter_rows() if sheet.start else iter(()), []
    for number in range(height):
        cells = [None] * left + [_cell(cell, kind) for cell in next(given, ())]
        cells += [None] * (width - len(cells))
        for column, error in shown.get(number, ()):
            cells[column] = error
        room.texts -= _checked(cells, number)
        if room.texts < 0:
            raise FileError(f"holds more than {limits.TEXTS} characters", row=number + 1)
        kept.append(repairs.row(number, cells))
        if len(kept) * width >= _AT_ONCE:
            yield {"rows": kept}
            kept = []
    yield {"rows": kept}


def _cell(cell: Any, kind: str) -> Any:
    """Return a cell as we keep it: nothing for an empty text, a duration for what an ods writes as one."""
    if cell == "":
        return None
    if kind == "ods" and isinstance(cell, str) and (match := _DURATION.fullmatch(cell)):
        seconds = 3600 * int(match[1]) + 60 * int(match[2]) + float(match[3])
        return datetime.timedelta(seconds=min(seconds, 1e12))
    return cell


def _checked(cells: list[Any], row: int) -> int:
    """Return how many characters a row has, or raise for a cell that no spreadsheet would show."""
    texts = 0
    for column, cell in enumerate(cells):
        if isinstance(cell, str):
            texts += len(cell)
            if len(cell) > limits.TEXT:
                raise FileError(
                    f"holds {len(cell)} characters, a cell may have {limits.TEXT}",
                    row=row + 1,
                    column=letters(column),
                )
        elif isinstance(cell, float) and not math.isfinite(cell):
            raise FileError(
                "holds a number that is not finite", row=row + 1, column=letters(column), value=str(cell)
            )
    return texts
