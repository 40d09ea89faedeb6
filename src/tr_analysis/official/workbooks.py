"""Official files into plain grids of cells, whatever the file is: the only way by which they are opened."""

import datetime
from dataclasses import dataclass
from pathlib import Path

from tr_analysis.errors import DataError, Problem
from tr_analysis.official.opening.delimited import read_delimited
from tr_analysis.official.opening.limits import FileError
from tr_analysis.official.opening.safety import kind_of
from tr_analysis.official.opening.sandbox import messages

Cell = (
    str | float | int | bool | datetime.date | datetime.datetime | datetime.time | datetime.timedelta | None
)


@dataclass(frozen=True)
class Sheet:
    """One sheet.

    Parameters
    ----------
    name
        Its name; of a CSV file, the file's without its ending.
    rows
        Its cells from the first row and column on, all rows in full width: ``rows[0][0]`` is A1. An empty cell,
        and one that lies under a merged one, is None; one in error is its text, such as ``#N/A``.
    hidden
        Whether a spreadsheet would not show it.
    """

    name: str
    rows: list[list[Cell]]
    hidden: bool = False


def read_sheets(path: Path) -> list[Sheet]:
    """Return every sheet of an official file: .xlsx, .xlsm, .ods, .xls or .csv.

    A workbook is opened by a process of its own with a bound on time and memory. Nothing is followed or run:
    macros, links to other files and definitions of documents never take effect; of a formula the stored value
    is read. Sheets that hold no table (charts, macros of an old kind) are left out; hidden ones are given, marked.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    list of Sheet
        In the order of the workbook.

    Raises
    ------
    DataError
        If the file cannot be read as what its name says, or not within bounds. It names file, sheet, row and
        column, as far as there is one, and says what to do.

    Notes
    -----
    Dates are read in the count of days that the workbook says it uses, from 1900 or 1904.
    """
    try:
        kind = kind_of(path)
        if kind == "csv":
            return [Sheet(path.stem, [list(row) for row in read_delimited(path)])]
        return _workbook(path, kind)
    except FileError as fault:
        raise DataError([_problem(path, fault)]) from None
    except OSError as error:
        raise DataError([Problem(path.name, f"cannot be read: {error.strerror}")]) from None


def _workbook(path: Path, kind: str) -> list[Sheet]:
    sheets: list[Sheet] = []
    same: dict[str, str] = {}  # a text that stands in many cells is kept once
    for message in messages(path, kind):
        if "sheet" in message:
            sheets.append(Sheet(message["sheet"], [], message["hidden"]))
        for row in message.get("rows", ()):
            sheets[-1].rows.append(
                [same.setdefault(cell, cell) if type(cell) is str else cell for cell in row]
            )
    if not any(cell is not None for sheet in sheets for row in sheet.rows for cell in row):
        raise FileError("holds no cell with anything in it")
    return sheets


def _problem(path: Path, fault: FileError) -> Problem:
    place = path.name if fault.sheet is None else f"{path.name}, sheet {fault.sheet!r}"
    value = None if fault.value is None else fault.value[:80]
    return Problem(place, fault.rule, fault.row, fault.column, value)
