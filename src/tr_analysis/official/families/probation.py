"""People on probation, and those who start it: the two CSV files of the offender management statistics."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from tr_analysis.errors import DataError
from tr_analysis.official.families.blocks import (
    Block,
    SheetLike,
    cell_at,
    nameless_columns,
    unknown_columns,
    unread,
)
from tr_analysis.official.families.blocks import blocks as split
from tr_analysis.official.families.reading import NotUnderstood, Reading, fault, repeated, short, tidy
from tr_analysis.official.words.cells import parse_number, plain_text, without_notes
from tr_analysis.official.words.cohorts import only_cohort, parse_date
from tr_analysis.official.words.headers import Column, Header

_START = {"release": "str", "file": "str", "sheet": "str", "row": "Int64"}
_END = {"supervision_type": "str", "sex": "str"}
TYPES = {
    "probation_caseload": {**_START, "area": "str", **_END, "date": "str", "value": "Int64", "state": "str"},
    "probation_starts": {
        **_START,
        "region": "str",
        **_END,
        "quarter": "str",
        "value": "Int64",
        "state": "str",
    },
}
_FORMS = (
    (r".*\bsupervision\b.*|type of order|order type|type", "supervision_type"),
    (r"sex|gender", "sex"),
    (r"(?:snapshot |caseload |as at )?date|as at|period end(?:ing)?", "date"),
    (r"quarter(?: of start)?|period|start(?:ing)? quarter|quarter started", "quarter"),
    (
        r"value|values|count|number|total|caseload|starts|(?:number of )?(?:offenders|people|persons|cases|starts)",
        "value",
    ),
    (r".*\b(?:area|region|division|trust|provider)\b.*", "area"),
)
_SEXES = re.compile(
    r"(?:fe)?males?|women|men|persons|people|all|total|both|both sexes|all persons|unknown|other|not stated"
)
_WRONG = {
    "date": "no day; write it such as 30/06/2019",
    "quarter": "no quarter; write it such as Jan-Mar 2019",
}


def meaning(text: str) -> str | None:
    """Return the column that a normalised header names."""
    return next((column for form, column in _FORMS if re.fullmatch(form, text)), None)


def read(sheets: Sequence[SheetLike], file: str, release: str) -> Reading:
    """Read either file; the column of days or of quarters tells which it is.

    Parameters
    ----------
    sheets
        The one sheet of a CSV file, or the sheets of a workbook with the same columns. A table without header is
        read by what its columns hold, the area before the type of supervision.
    file, release
        The file's name and the release it belongs to.

    Raises
    ------
    DataError
        If there is no such table, a column is missing or there twice, a day or quarter cannot be read, a value is
        no count, or two rows are about the same.
    """
    rows: list[dict[str, Any]] = []
    notes: list[NotUnderstood] = []
    families: set[str] = set()
    for sheet in sheets:
        found = _tables(sheet, file)
        if not found:
            notes += unread(sheet, file, "no table of probation was found in this sheet")
        for block in found:
            families.add(_family(block))
            numbered = list(block.numbered())
            new = [r for number, row in numbered if (r := _row(block, number, row, release, notes))]
            kept = {r["row"] for r in new}
            notes += unknown_columns(block) + nameless_columns(block, [n for n in numbered if n[0] in kept])
            rows += new
    if not rows or len(families) != 1:
        rule = (
            "holds both caseloads and starts; bring them as two files"
            if rows
            else (
                "no table with the columns probation area or region, supervision type, sex, date or quarter, value"
            )
        )
        raise fault(file, "", rule)
    (family,) = families
    if problems := repeated(rows, keys_of(family)):
        raise DataError(problems)
    return Reading(family, tidy(rows, TYPES[family]), tuple(dict.fromkeys(notes)))


def _tables(sheet: SheetLike, file: str) -> list[Block]:
    """Return the tables of a sheet, by their headers, else by what their columns hold."""
    found = split(sheet, file, meaning, least=3)
    for block in found:
        _essential(block)
    return found or _headless(sheet, file)


def _essential(block: Block) -> None:
    places = block.header.places
    needed = ["area", "supervision_type", "sex", "value"]
    lacking = [c for c in needed if c not in places]
    if "date" not in places and "quarter" not in places:
        lacking.append("date or quarter")
    if lacking:
        found = ", ".join(repr(short(c.printed, 40)) for c in block.header.columns)
        rule = f"the header lacks {', '.join(lacking)}; found {found}"
        raise fault(block.file, block.sheet, rule, block.header.last + 1)
    if twice := block.header.twice:
        rule = "another column has this meaning too; keep one"
        raise fault(block.file, block.sheet, rule, block.header.last + 1, short(twice[0].printed))
    if "date" in places and "quarter" in places:
        raise fault(block.file, block.sheet, "has both a date and a quarter; keep one", block.header.last + 1)


def _headless(sheet: SheetLike, file: str) -> list[Block]:
    """Return a table without header, if the first full row tells what its columns are."""
    for number, row in enumerate(sheet.rows[:40]):
        cells = [(i, cell) for i, cell in enumerate(row[:12]) if plain_text(cell)]
        if len(cells) < 5:
            continue
        keys: dict[int, str] = {}
        for i, cell in cells:
            if key := _holds(cell):
                keys.setdefault(i, key)
        for i in [i for i, key in keys.items() if key == "sex"][:-1]:
            del keys[i]  # "All" may also be an area or a type; the sex comes after them
        texts = [i for i, _ in cells if i not in keys]
        if (
            sorted(keys.values()) not in (["date", "sex", "value"], ["quarter", "sex", "value"])
            or len(texts) < 2
        ):
            continue
        keys |= {texts[0]: "area", texts[1]: "supervision_type"}
        columns = tuple(Column(i, key, "") for i, key in sorted(keys.items()))
        return [
            Block(file, sheet.name, Header(number, number - 1, columns), (), number + 1, sheet.rows[number:])
        ]
    return []


def _holds(cell: object) -> str | None:
    """Return the column that a cell can only be of."""
    if parse_date(cell):
        return "date"
    if isinstance(cell, str) and len(cell) < 40:
        if _SEXES.fullmatch(plain_text(cell).lower()):
            return "sex"
        if only_cohort([cell]):
            return "quarter"
    return "value" if parse_number(cell).state in ("value", "suppressed") else None


def _family(block: Block) -> str:
    return "probation_caseload" if "date" in block.header.places else "probation_starts"


@lru_cache(maxsize=4096)
def _quarter(text: str) -> str | None:
    cohort = only_cohort([text])
    return cohort.name if cohort and cohort.kind == "quarter" else None


def _day(cell: object) -> str | None:
    day = parse_date(cell)
    return day.isoformat() if day else None


def _row(
    block: Block, number: int, row: Sequence[object], release: str, notes: list[NotUnderstood]
) -> dict[str, Any] | None:
    """Read one row; None for a note."""
    places = block.header.places
    when = "date" if "date" in places else "quarter"
    texts = {
        c: without_notes(plain_text(cell_at(row, places[c]))) for c in ("area", "supervision_type", "sex")
    }
    cell = cell_at(row, places[when])
    value = parse_number(cell_at(row, places["value"]))
    if value.state == "missing" and (not value.printed) and not plain_text(cell):
        return None
    period = _day(cell) if when == "date" else _quarter(plain_text(cell))
    if period is None or not all(texts.values()):
        if value.value is None and not plain_text(cell):
            return None
        if plain_text(cell) and all(texts.values()):
            raise fault(block.file, block.sheet, _WRONG[when], number, when, cell)
        shown = " ".join(plain_text(c) for c in row if c is not None)
        notes.append(
            block.note(number, "", shown, "a row with numbers that lacks an area, a type, a sex or a date")
        )
        return None
    if value.state == "not a number":
        notes.append(
            block.note(number, str(block.header.names.get("value", "value")), value.printed, "not a number")
        )
        return None
    if value.value is not None and (value.value < 0 or value.value != int(value.value)):
        raise fault(
            block.file, block.sheet, "must be a whole number of people", number, "value", value.printed
        )
    place = "area" if when == "date" else "region"
    out = {"release": release, "file": block.file, "sheet": block.sheet, "row": number, place: texts["area"]}
    out |= {"supervision_type": texts["supervision_type"], "sex": texts["sex"], when: period}
    return out | {"value": None if value.value is None else int(value.value), "state": value.state}


def recognises(sheets: Sequence[SheetLike]) -> str | None:
    """Return the family if a sheet has the columns of one of the two files, else None."""
    for sheet in sheets:
        try:
            if found := _tables(sheet, ""):
                return _family(found[0])
        except DataError:
            continue
    return None


def keys_of(family: str) -> tuple[str, ...]:
    """Return the columns that together name a row, but for the release."""
    first, last = ("area", "date") if family == "probation_caseload" else ("region", "quarter")
    return (first, "supervision_type", "sex", last)
