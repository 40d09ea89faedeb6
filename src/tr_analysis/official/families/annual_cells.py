"""The cells of a table of index offences, each with the offence and the period that stand over it."""

import datetime
import re
from dataclasses import dataclass, field
from typing import NamedTuple

from tr_analysis.official.families.blocks import SheetLike, cell_at
from tr_analysis.official.families.reading import NotUnderstood, fault, short
from tr_analysis.official.words.cells import Number, parse_number, plain_text, without_notes
from tr_analysis.official.words.cohorts import only_cohort
from tr_analysis.official.words.headers import Row, normalise
from tr_analysis.official.words.meanings import measure

_MEASURES = ("offenders", "reoffenders", "reoffences", "binary_rate", "frequency_rate")
_LABEL = 200
_HEADS = {
    "",
    "index offence",
    "offence",
    "index offence group",
    "offence group",
    "cohort",
    "period",
    "measure",
}


class Cell(NamedTuple):
    """One number under an offence and a period."""

    row: int
    offence: str
    measure: str
    column: str
    period: str
    header: str
    number: Number


@dataclass
class _State:
    """What the rows above say."""

    offence: str = ""
    periods: dict[int, str] = field(default_factory=dict)
    heads: dict[int, str] = field(default_factory=dict)


def measure_in(row: Row) -> tuple[int | None, str]:
    """Return the place of the cell that names a measure, and the column that it means."""
    for place, cell in enumerate(row[:4]):
        if isinstance(cell, str) and 0 < len(cell) < _LABEL:
            text = normalise(cell)
            found = measure(text) or ("binary_rate" if text.startswith("proportion of") else None)
            if found in _MEASURES and _starts(text):
                return place, found
    return None, ""


def _measure_of(row: Row, state: _State) -> tuple[int | None, str]:
    """Return the place of the measure of a row; one of no known meaning is named by its own words.

    Such as "average number of previous offences per offender": under an offence and beside numbers it is a measure.
    """
    place, column = measure_in(row)
    if place is not None or not state.offence or not state.periods:
        return place, column
    for place, cell in enumerate(row[:4]):
        text = normalise(cell) if isinstance(cell, str) and len(cell) < _LABEL else ""
        if re.match(r"(?:average|mean|median|number) ", text):
            numbers = [parse_number(cell_at(row, i)) for i in state.periods if i > place]
            if any(n.state in ("value", "suppressed") for n in numbers):
                return place, text
    return None, ""


def _starts(text: str) -> bool:
    """Return whether a text begins as the name of a measure does; a note that mentions one does not."""
    return bool(
        re.match(
            r"(?:the )?(?:proportion|average|mean|number|no|percent|binary|frequency|offenders|reoffen|cohort size|rate|total)",
            text,
        )
    )


def cells_of(sheet: SheetLike, file: str, notes: list[NotUnderstood]) -> list[Cell]:
    """Read the cells of a sheet with the offence and the period that stand over them."""
    state = _State()
    out: list[Cell] = []
    for number, row in enumerate(sheet.rows, start=1):
        place, column = _measure_of(row, state)
        if place is None:
            _heading(row, state, number, sheet, file, notes)
            continue
        if not any(plain_text(cell) for cell in row[place + 1 :]):
            continue  # a note that begins as a measure does, or a measure without numbers
        left = [without_notes(plain_text(c)) for c in row[:place] if isinstance(c, str) and plain_text(c)]
        state.offence = left[-1] if left else state.offence
        label = without_notes(plain_text(row[place]))
        if not state.offence:
            raise fault(file, sheet.name, "this measure stands under no index offence", number, None, label)
        if not state.periods:
            state.periods = {i: f"column {i + 1}" for i in range(place + 1, len(row)) if plain_text(row[i])}
            why = "no period stands over the numbers of this sheet; each is named by its column"
            notes.append(NotUnderstood(file, sheet.name, number, "", short(label), why))
        for i in range(place + 1, len(row)):
            cell = cell_at(row, i)
            if cell is None and i not in state.periods:
                continue
            head = state.heads.get(i, "")
            read_cell = parse_number(cell)
            if i in state.periods and read_cell.state != "not a number":
                out.append(Cell(number, state.offence, label, column, state.periods[i], head, read_cell))
            elif plain_text(cell):
                why = "not a number" if i in state.periods else "a column that is of no period"
                notes.append(
                    NotUnderstood(file, sheet.name, number, short(head), short(plain_text(cell)), why)
                )
    return out


def _heading(
    row: Row, state: _State, number: int, sheet: SheetLike, file: str, notes: list[NotUnderstood]
) -> None:
    """Take a row that names no measure: periods, an offence, or a note."""
    cells = [(i, cell) for i, cell in enumerate(row) if plain_text(cell)]
    if not cells:
        return
    periods = {i: _period(cell) for i, cell in cells if i > 0 and _period(cell)}
    if periods and all(_period(c) or isinstance(c, str) for _, c in cells):
        state.periods = periods
        state.heads = {i: plain_text(c) for i, c in cells}
    first, label = cells[0]
    if isinstance(label, str) and first not in periods and len(label) < _LABEL:
        text = without_notes(plain_text(label))
        if len(cells) == 1 or (periods and normalise(label) not in _HEADS):
            state.offence = text
            return
    if not periods and (found := [c for i, c in cells if i > 0 and parse_number(c).value is not None]):
        why = "numbers beside no measure that is known"
        notes.append(NotUnderstood(file, sheet.name, number, short(plain_text(label)), short(found[0]), why))


def _period(cell: object) -> str:
    """Return a period as printed: two months, a financial year, or a year."""
    if isinstance(cell, bool):
        return ""
    if isinstance(cell, datetime.date):
        return f"{cell.year}-{cell.month:02d}"
    if isinstance(cell, (int, float)):
        return str(int(cell)) if cell == cell and 1990 <= cell <= 2040 and cell == int(cell) else ""
    if not isinstance(cell, str) or len(cell) > 60:
        return ""
    text = without_notes(plain_text(cell))
    return text if re.fullmatch(r"(?:19|20)\d\d", text) or only_cohort([text]) else ""
