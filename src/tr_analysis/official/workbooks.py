"""Official files into plain grids of cells: the one way by which they are opened."""

import datetime
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tr_analysis.errors import DataError, Problem
from tr_analysis.official import isolation

_SLOW = "takes more time or memory to open than any table; its cells lie far apart, it is made to do harm, or damaged"

Cell = str | float | int | bool | datetime.date | datetime.datetime | None


@dataclass(frozen=True)
class Sheet:
    """One sheet: its cells from the first row and column on, all rows in full width: ``rows[0][0]`` is A1."""

    name: str  # of a CSV file, the file's without its ending
    rows: list[list[Cell]]
    hidden: bool = False
    turned: int = 0  # the row in which its providers stood across before `upright` turned it


def read_sheets(path: Path) -> list[Sheet]:
    """Return every sheet of an official file (.xlsx, .xlsm, .ods, .xls, .csv, or a zip of CSV), but for charts.

    It is opened by the process of `isolation`, where every bound stands, and which is ended when its time is up.
    Nothing is followed or run: macros and links to other files never take effect; of a formula the stored value is
    read. A `DataError` names what is not as the name of the file says, or not within bounds, and what to do.
    """
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
    """Return what the process that opens a file prints."""
    return subprocess.run(
        [sys.executable, "-I", isolation.__file__, str(path.absolute())],
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
