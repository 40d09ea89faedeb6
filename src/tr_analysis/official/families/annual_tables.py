"""Proven reoffending by index offence: blocks of measures under each offence's name, a column a period."""

import re
from collections.abc import Sequence
from typing import Any

from tr_analysis.errors import DataError, Problem
from tr_analysis.official.families import reconcile
from tr_analysis.official.families.annual_cells import Cell, cells_of, measure_in
from tr_analysis.official.families.blocks import SheetLike, unread
from tr_analysis.official.families.reading import NotUnderstood, Reading, fault, problem, tidy
from tr_analysis.official.words.cells import plain_text
from tr_analysis.official.words.rates import decimals, percents

FAMILY = "annual_by_offence"
TYPES = {
    "release": "str",
    "file": "str",
    "sheet": "str",
    "row": "Int64",
    "group": "str",
    "index_offence": "str",
    "measure": "str",
    "column": "str",
    "period_as_printed": "str",
    "value": "float64",
    "state": "str",
}
_SHEET = re.compile(r"^\W*(?:table\W*)?a4[ab]?(?![0-9a-z])")
_GROUPS = {"adults": r"\badults?\b", "juveniles": r"\bjuveniles?\b|\bchild(?:ren)?\b|\byoung\b"}


def read(sheets: Sequence[SheetLike], file: str, release: str) -> Reading:
    """Read the tables of index offences.

    Parameters
    ----------
    sheets
        Sheets of the workbook; those of other tables are passed over.
    file, release
        The file's name and the release it belongs to.

    Returns
    -------
    Reading
        ``measure`` as printed, ``column`` what it means; proportions in percent.

    Raises
    ------
    DataError
        If there is no such table, it is not said whom a sheet is about, a measure stands under no offence,
        or an offence has a measure twice.
    """
    rows: list[dict[str, Any]] = []
    notes: list[NotUnderstood] = []
    checks = []
    for sheet in sheets:
        if not _is_one(sheet):
            notes += unread(sheet, file, "this sheet is no table of index offences")
            continue
        cells = cells_of(sheet, file, notes)
        group = _group(sheet, file)
        new, checked = _tidy(cells, sheet, file, release, group)
        rows += new
        checks.append(checked)
    if not rows:
        rule = "no sheet such as A4a or A4b with rows 'Proportion of offenders who reoffend' under index offences"
        raise fault(file, "", rule)
    stacked = reconcile.stacked(checks)
    return Reading(FAMILY, tidy(rows, TYPES), tuple(dict.fromkeys(notes)), stacked)


def _is_one(sheet: SheetLike) -> bool:
    """Return whether a sheet is a table of index offences: by its name or title, and by its rows."""
    titles = " ".join(plain_text(c) for row in sheet.rows[:10] for c in row[:3] if isinstance(c, str)).lower()
    named = _SHEET.search(sheet.name.lower()) or re.search(
        r"\bindex offence|\boffence (?:type|group)", titles
    )
    return bool(named) and any(measure_in(row)[0] is not None for row in sheet.rows[:2000])


def _group(sheet: SheetLike, file: str) -> str:
    name = sheet.name.lower()
    if found := re.search(r"a4([ab])(?![0-9a-z])", name):
        return "adults" if found[1] == "a" else "juveniles"
    titles = [plain_text(c) for row in sheet.rows[:10] for c in row[:3] if isinstance(c, str)]
    for text in (name, *titles):
        said = [group for group, words in _GROUPS.items() if re.search(words, text.lower())]
        if len(said) == 1:
            return said[0]
    rule = "whether adults or juveniles is not said; name the sheet A4a or A4b, or say it in the title"
    raise fault(file, sheet.name, rule)


def _tidy(
    cells: Sequence[Cell], sheet: SheetLike, file: str, release: str, group: str
) -> tuple[list[dict[str, Any]], Any]:
    """Return the cells as rows, proportions in percent, and the rates held against the counts."""
    by_place: dict[tuple[str, str], dict[str, Any]] = {}
    problems: list[Problem] = []
    places: dict[tuple[str, str], dict[str, int | None]] = {}
    for cell in cells:
        row = by_place.setdefault((cell.offence, cell.period), {})
        places.setdefault((cell.offence, cell.period), {})
        if cell.column in row:
            rule = f"second {cell.column} of {cell.offence}, {cell.period}, in one sheet; remove one"
            problems.append(problem(file, sheet.name, rule, cell.row, cell.measure))
        row[cell.column] = cell.number.value
        row |= {"release": release, "file": file, "sheet": sheet.name, "row": cell.row}
        row["what"] = f"{cell.offence}, {cell.period}"
    if problems:
        raise DataError(problems)
    for column in ("frequency_rate", "binary_rate"):
        own = [c for c in cells if c.column == column]
        for cell, (value, digits) in zip(own, _rates(column, own, by_place), strict=True):
            by_place[cell.offence, cell.period] |= {
                column: value,
                "row": cell.row,
            }  # where a reader looks first
            places[cell.offence, cell.period][column] = digits
    rows = [_row(c, by_place[c.offence, c.period], sheet, file, release, group) for c in cells]
    for row in by_place.values():
        for column in ("offenders", "reoffenders", "reoffences"):
            if (count := row.get(column)) is not None:
                row[column] = int(count) if count == int(count) and count >= 0 else None
    return rows, reconcile.checks(list(by_place.values()), list(places.values()), "what")


def _rates(
    column: str, own: Sequence[Cell], by_place: dict[tuple[str, str], dict[str, Any]]
) -> list[tuple[float | None, int | None]]:
    numbers = [c.number for c in own]
    if column == "frequency_rate":
        return [(n.value, d) for n, d in zip(numbers, decimals(numbers), strict=True)]
    anchors = []
    for cell in own:
        row = by_place[cell.offence, cell.period]
        k, n = row.get("reoffenders"), row.get("offenders")
        anchors.append(100 * k / n if k and n else None)
    return [(p.value, p.places) if p else (None, None) for p in percents(numbers, anchors)]


def _row(
    cell: Cell, values: dict[str, Any], sheet: SheetLike, file: str, release: str, group: str
) -> dict[str, Any]:
    value = values[cell.column]
    return {
        "release": release,
        "file": file,
        "sheet": sheet.name,
        "row": cell.row,
        "group": group,
        "index_offence": cell.offence,
        "measure": cell.measure,
        "column": cell.column,
        "period_as_printed": cell.period,
        "value": value,
        "state": cell.number.state if value is not None or cell.number.value is None else "ambiguous",
    }


def recognises(sheets: Sequence[SheetLike]) -> str | None:
    """Return the family if a sheet is a table of index offences, else None."""
    return FAMILY if any(_is_one(sheet) for sheet in sheets) else None


def keys_of(family: str) -> tuple[str, ...]:
    """Return the columns that together name a row, but for the release."""
    return ("group", "index_offence", "column", "period_as_printed")
