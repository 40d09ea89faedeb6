"""Official files to tidy tables: which family a file is of, and several files to one table."""

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import reduce
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Literal

import pandas as pd

from tr_analysis.errors import DataError, Problem, UsageError, nearest
from tr_analysis.official.families.blocks import SheetLike, unread
from tr_analysis.official.families.reading import NotUnderstood, Reading
from tr_analysis.official.register import REGISTER
from tr_analysis.official.words.cohorts import MONTHS
from tr_analysis.official.workbooks import Sheet, read_sheets
from tr_analysis.order import in_order

__all__ = [
    "FAMILIES",
    "NotUnderstood",
    "Reading",
    "Releases",
    "combine",
    "family_of",
    "read_official",
    "release_of",
]

Releases = Literal["latest", "all"]
_MODULES = {
    "crc_results": "crc_results",
    "crc_baselines": "baselines",
    "overall_tool": "overall_tool",
    "annual_by_offence": "annual_tables",
    "consultation_cohorts": "consultation",
    "probation_caseload": "probation",
    "probation_starts": "probation",
}
FAMILIES = tuple(_MODULES)
# The layouts that have least in common with the others are tried first.
_BY_CONTENT = (
    "overall_tool",
    "probation_caseload",
    "probation_starts",
    "crc_baselines",
    "crc_results",
    "annual_by_offence",
    "consultation_cohorts",
)
_RELEASE = re.compile(
    rf"(?<![a-z])({'|'.join(MONTHS)})[a-z]*[-_ ]?((?:20)?\d\d)(?!\d)|(?<!\d)(20\d\d)[-_](0[1-9]|1[0-2])(?!\d)"
)


def _module(family: str) -> ModuleType:
    return import_module(f"tr_analysis.official.families.{_MODULES[family]}")


def read_official(path: Path, *, family: str | None = None, release: str | None = None) -> Reading:
    """Read one official file.

    Parameters
    ----------
    path
        The file: .xlsx, .ods, .xls or .csv.
    family
        Name of its tidy table; None to tell it by the register, else by what the file holds.
    release
        Year and month of its publication, such as ``2017-01``; None to tell it by the register, else by its name.

    Returns
    -------
    Reading
        The tidy table and what was not understood.

    Raises
    ------
    UsageError
        If there is no such family.
    DataError
        If the file cannot be opened, is of no known family, or breaks a rule of its family.
    """
    if family is not None and family not in _MODULES:
        raise UsageError(f"no family {family!r}{nearest(family, _MODULES)}; there are: {', '.join(_MODULES)}")
    sheets = read_sheets(path)
    entry = next((f for f in REGISTER.values() if path.name in f.filenames), None)
    known = family or (entry.family if entry else None) or family_of(sheets)
    if known is None:
        names = ", ".join(repr(sheet.name) for sheet in sheets[:12])
        rule = f"holds none of the official tables in its sheets {names}; known are {', '.join(_MODULES)}"
        raise DataError([Problem(path.name, rule)])
    when = release if release is not None else (entry.release if entry else "") or release_of(path.name)
    sheets, hidden = _shown(sheets, known, path.name)
    reading: Reading = _module(known).read(sheets, path.name, when)
    if reading.family != known:
        rule = f"holds the table {reading.family}, not {known}; name the right one"
        raise DataError([Problem(path.name, rule)])
    return replace(reading, not_understood=(*reading.not_understood, *hidden))


def _shown(sheets: list[Sheet], family: str, file: str) -> tuple[list[Sheet], list[NotUnderstood]]:
    """Return the sheets to read, and reports of the others.

    Hidden sheets, often drafts or copies of the shown ones, are read only where no shown one has the table.
    """
    shown = [sheet for sheet in sheets if not sheet.hidden]
    if len(shown) == len(sheets) or _module(family).recognises(shown) != family:
        return sheets, []
    why = "a hidden sheet, not read beside those that are shown; show it in the workbook to have it read"
    return shown, [note for sheet in sheets if sheet.hidden for note in unread(sheet, file, why)]


def family_of(sheets: Sequence[SheetLike]) -> str | None:
    """Return the family whose layout the sheets have, the shown ones before the hidden; None if it is none's."""
    shown = [sheet for sheet in sheets if not getattr(sheet, "hidden", False)]
    for own in (shown, sheets):
        for family in _BY_CONTENT:
            if _module(family).recognises(own) == family:
                return family
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


def combine(readings: Sequence[Reading], releases: Releases | None = None) -> Reading:
    """Put readings of one family together.

    Parameters
    ----------
    readings
        At least one.
    releases
        What to do where two releases speak of the same: None refuses, ``latest`` keeps the later one's rows,
        ``all`` keeps both. Releases that do not overlap, such as results of other cohorts, or interim and final
        results of one, are put together without being asked.

    Raises
    ------
    ValueError
        If there is no reading, or they are of several families.
    DataError
        If releases overlap and ``releases`` is None, or two files of one release do.
    """
    families = {reading.family for reading in readings}
    if len(families) != 1:
        raise ValueError(f"readings of one family are needed, got {sorted(families) or 'none'}")
    (family,) = families
    key = list(_module(family).keys_of(family))
    frame = pd.concat([reading.frame for reading in readings], ignore_index=True)
    whole = frame.drop(columns=["file", "sheet", "row"], errors="ignore")
    again = whole.drop(columns=["release"]).duplicated(keep="first") & frame.duplicated(
        [*key, "release"], keep=False
    )
    frame = frame[~again]  # one file under two names
    if problems := _overlaps(frame, key, releases):
        raise DataError(problems)
    if releases == "latest":
        same = [c for c in key if c != "stage"]
        last = frame.groupby(same, dropna=False)["release"].transform("max")
        frame = frame[frame["release"] == last]
    order = [c for c in ("release", *key) if c in frame]
    frame = in_order(frame, *order, "file", "row").reset_index(drop=True)
    notes = reduce(lambda a, b: a + b, (reading.not_understood for reading in readings))
    checks, printed = (
        _stacked([_of(frame, getattr(reading, part)) for reading in readings])
        for part in ("checks", "printed")
    )
    return Reading(family, frame, notes, checks, printed)


def _of(frame: pd.DataFrame, beside: pd.DataFrame) -> pd.DataFrame:
    """Return what stands beside the rows that a table keeps, such as the checks of them."""
    where = ["file", "sheet", "row"]
    if not set(where) <= set(beside):
        return beside
    kept = set(frame[where].astype("str").itertuples(index=False, name=None))
    return beside[[row in kept for row in beside[where].astype("str").itertuples(index=False, name=None)]]


def _stacked(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    filled = [frame for frame in frames if len(frame.columns)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame()


def _overlaps(frame: pd.DataFrame, key: list[str], releases: Releases | None) -> list[Problem]:
    """Find the files that speak of the same thing."""
    twice = frame[frame.duplicated([*key, "release"], keep=False)]
    if releases is None:
        twice = frame[frame.duplicated(key, keep=False)]
    what = "these are of one release, or their names do not say of which; keep one of the files"
    if twice.duplicated(key, keep=False).any() and not twice.duplicated([*key, "release"], keep=False).any():
        what = (
            "releases of one table are not mixed unless asked for; keep one of the files, or add "
            "`--releases latest` (or all) to `tr-analysis fetch`"
        )
    problems = []
    for file, rows in twice.groupby("file", sort=True):
        first = next(iter(rows.to_dict("records")))
        others = sorted(set(twice["file"]) - {file})
        about = ", ".join(str(first[c]) for c in key if pd.notna(first[c]))
        rule = f"{len(rows)} rows, such as {about}, stand also in {', '.join(others) or 'this file'}: {what}"
        problems.append(Problem(str(file), rule, int(first["row"])))
    return problems
