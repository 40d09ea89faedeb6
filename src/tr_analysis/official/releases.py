"""Whole files and their releases: a file is read as what it holds, and those of one family are put together."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

import pandas as pd

from tr_analysis.errors import DataError, Problem
from tr_analysis.official.finding import recognises
from tr_analysis.official.layouts import LAYOUTS, Layout
from tr_analysis.official.parsing import MONTHS
from tr_analysis.official.reader import Reading, read, unread
from tr_analysis.official.register import REGISTER
from tr_analysis.official.workbooks import Sheet, read_sheets
from tr_analysis.order import in_order

Choice = Literal["one", "latest", "all"]
"""What to do where releases of one table overlap: refuse them, keep the latest, or keep all."""

_RELEASE = re.compile(
    rf"(?<![a-z])({'|'.join(MONTHS)})[a-z]*[-_ ]?((?:20)?\d\d)(?!\d)|(?<!\d)(20\d\d)[-_](0[1-9]|1[0-2])(?!\d)"
)


def find_layout(
    sheets: Sequence[Sheet], layouts: Iterable[Layout] = LAYOUTS.values()
) -> tuple[Layout, Sequence[Sheet]] | None:
    """Return the layout that the sheets have and those to read: hidden ones only where no shown one has it."""
    for own in ([sheet for sheet in sheets if not sheet.hidden], sheets):
        for layout in layouts:
            if recognises(layout, own):
                return layout, own
    return None


def release_of(filename: str) -> str:
    """Return the release that a file's name says, such as ``2017-01`` of ``...-jan17.xlsx``; else nothing.

    A name with two months is of the period that the figures are about.
    """
    found = _RELEASE.findall(filename.lower())
    if len(found) != 1:
        return ""
    month, year, full, number = found[0]
    return f"{full}-{number}" if full else f"20{year[-2:]}-{MONTHS.index(month) + 1:02d}"


def read_official(path: Path) -> Reading:
    """Read one official file: .xlsx, .ods, .xls or .csv, told by the register, else by what it holds.

    Raises
    ------
    DataError
        If the file cannot be opened, is of no known family, or breaks a rule of its layout.
    """
    sheets = read_sheets(path)
    entry = next((f for f in REGISTER.values() if path.name in f.filenames), None)
    if entry:
        known = LAYOUTS[entry.family]
        layout, used = find_layout(sheets, [known]) or (known, sheets)
    elif found := find_layout(sheets):
        layout, used = found
    else:
        names = ", ".join(repr(sheet.name) for sheet in sheets[:12])
        rule = f"holds none of the official tables in its sheets {names}; known are {', '.join(LAYOUTS)}"
        raise DataError([Problem(path.name, rule)])
    reading = read(used, path.name, (entry and entry.release) or release_of(path.name), layout)
    why = "a hidden sheet, not read beside those that are shown; show it in the workbook to have it read"
    hidden = [note for sheet in sheets if sheet not in used for note in unread(sheet, path.name, why)]
    return reading._replace(not_understood=(*reading.not_understood, *hidden))


def combine(readings: Sequence[Reading], releases: Choice = "one") -> Reading:
    """Put readings of one family together; results of other cohorts, or interim and final ones, do not overlap.

    Raises
    ------
    DataError
        If releases overlap and only one may be there, or two files of one release do.
    """
    layout = LAYOUTS[readings[0].family]
    key = list(layout.key)
    frame = pd.concat([reading.frame for reading in readings], ignore_index=True)
    again = frame.drop(columns=["release", "file", "sheet", "row"]).duplicated()
    frame = frame[~(again & frame.duplicated([*key, "release"], keep=False))]  # one file under two names
    if problems := _overlaps(frame, key, releases):
        raise DataError(problems)
    if releases == "latest":
        same = [c for c in key if c != "stage"]
        frame = frame[frame["release"] == frame.groupby(same, dropna=False)["release"].transform("max")]
    frame = in_order(frame, "release", *key, "file", "row").reset_index(drop=True)
    checks = pd.concat([reading.checks for reading in readings], ignore_index=True)
    where = ["file", "sheet", "row"]
    kept = pd.MultiIndex.from_frame(checks[where]).isin(pd.MultiIndex.from_frame(frame[where]))
    notes = tuple(note for reading in readings for note in reading.not_understood)
    return Reading(layout.family, frame, notes, checks[kept].reset_index(drop=True))


def _overlaps(frame: pd.DataFrame, key: list[str], releases: Choice) -> list[Problem]:
    """Find the files that speak of the same thing."""
    rule = "these are of one release, or their names do not say of which; keep one of the files"
    twice = frame[frame.duplicated([*key, "release"], keep=False)]
    if twice.empty and releases == "one":
        twice = frame[frame.duplicated(key, keep=False)]
        rule = (
            "releases of one table are not mixed unless asked for; keep one of the files, or add "
            "`--releases latest` (or all) to `tr-analysis fetch`"
        )
    problems = []
    for file, rows in twice.groupby("file", sort=True):
        first = min(rows.to_dict("records"), key=lambda row: int(row["row"]))
        about = ", ".join(str(first[part]) for part in key if pd.notna(first[part]))
        others = ", ".join(sorted(set(twice["file"]) - {file})) or "this file"
        found = f"{len(rows)} rows, such as {about}, stand also in {others}: {rule}"
        problems.append(Problem(str(file), found, int(first["row"])))
    return problems
