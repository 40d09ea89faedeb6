"""From the cells of a table to values, column by column: only in a unit, and of a measure, that is certain."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tr_analysis.official.finding import Book, Column
from tr_analysis.official.layouts import BASELINE_OF, BASELINES, DIFFERENCES, LISTS, RANGES, UNITS, Layout
from tr_analysis.official.parsing import Cohort, Name, Number, State, parse_number, parse_test, plain_text

_UNLIKELY = {
    "percent": "no percentage of a provider's offenders: those lie between 10 and 90",
    "average": "no number of reoffences per reoffender of a provider: those lie between 1 and 10",
    "count": "no number of people or offences: those are whole",
}
_NO_NUMBER = (
    "no number that is understood (with a decimal point, a minus sign, and no mark but of a footnote)"
)
_NO_TEST = "no result of a test that is understood, such as Yes, No or Significant reduction"
_ORDER = {"points": 1, "change": 1, "test": 2}  # after what they are worked out from
_SIDES = {column: tuple(sides) for column, *sides in DIFFERENCES}


@dataclass
class Line:
    """One row of one provider and cohort: its cells by what their headers name, and its values as they are read."""

    sheet: str
    number: int
    printed: str
    name: Name  # of a total, whose it is and the kind "total"
    cohort: Cohort | None
    cells: Mapping[str, object]
    columns: Mapping[str, Column]
    layout: Layout
    revised: bool = False  # whether its table says so of itself
    row: dict[str, Any] = field(default_factory=dict)
    states: dict[str, State] = field(default_factory=dict)  # of each column of the tidy table
    places: dict[str, int] = field(default_factory=dict)  # decimals of each printed number
    where: dict[str, tuple[str, int, str]] = field(default_factory=dict)  # its sheet, row and header

    def at(self, name: str) -> tuple[str, int, str, object]:
        """Return where a cell is, and what stands there, for a fault."""
        return self.sheet, self.number, self.columns[name].printed, self.cells[name]

    def keep(self, target: str, name: str, value: Any, state: State, places: int = 0) -> None:
        """Keep one value, or why there is none."""
        self.states[target], self.where[target] = state, (self.sheet, self.number, self.columns[name].printed)
        if value is not None:
            self.row[target], self.places[target] = value, places


def keep_values(lines: Sequence[Line], book: Book) -> None:
    """Turn the cells of rows under the same headers into values: first rates, then differences, then tests."""
    own = {wide: column for column, wide in BASELINE_OF.items()} if lines[0].layout is BASELINES else {}
    for name in sorted(lines[0].columns, key=lambda name: _ORDER.get(UNITS[name], 0)):
        if not any(plain_text(line.cells[name]) for line in lines):
            book.set_aside("a column without any value", *lines[0].at(name))
        numbers = [parse_number(line.cells[name]) for line in lines if UNITS[name] != "test"]
        for number, line in zip(numbers, lines, strict=False):
            if number.state == "not understood":
                book.doubt(_NO_NUMBER, *line.at(name))
        if UNITS[name] == "test":
            for line in lines:
                _keep_test(name, line, book)
        elif UNITS[name] in _ORDER:
            _keep_differences(name, numbers, lines, book)
        else:
            _keep_rates(own.get(name, name), name, numbers, lines, book)
    for line in lines:
        for column, state in zip(LISTS, ("suppressed", "not applicable"), strict=True):
            line.row[column] = " ".join(c for c in line.layout.columns if line.states.get(c) == state)


def _scale(numbers: Sequence[Number]) -> int:
    """Return what turns a column of rates into percentages: 1, 100 of fractions, or 0 where nothing tells."""
    bare = [abs(n.value) for n in numbers if n.value and not n.percent]
    return 1 if not bare or min(bare) > 1 else 100 if max(bare) <= 1 else 0


def _scaled(number: Number, scale: int) -> tuple[float, int]:
    """Return the value and the decimals of a number of a column of that scale."""
    places = max(number.places - 2, 0) if scale == 100 else number.places
    return round((number.value or 0.0) * scale, places) + 0.0, places


def _keep_rates(target: str, name: str, numbers: Sequence[Number], lines: Sequence[Line], book: Book) -> None:
    """Keep a column of counts, of percentages, or of averages."""
    unit = UNITS[name]
    scale = _scale(numbers) if unit == "percent" else 1
    if not scale:
        book.fault("a column with numbers above 1 and below: percentages or fractions?", *lines[0].at(name))
        return
    read = [_scaled(n, 1 if n.percent else scale) for n in numbers]
    places = max((p for n, (_, p) in zip(numbers, read, strict=True) if n.value is not None), default=0)
    low, high = RANGES.get(unit, (0, 1e12))
    for number, (value, _), line in zip(numbers, read, lines, strict=True):
        whole = unit != "count" or (value == int(value) and not number.percent)
        if number.value is None:
            line.keep(target, name, None, number.state)
        elif not whole or not low <= value <= high:
            book.fault(_UNLIKELY[unit], *line.at(name))
        else:
            line.keep(target, name, int(value) if unit == "count" else value, "value", places)


def expected(line: Line, column: str) -> tuple[float, float] | None:
    """Return a difference as its two sides give it, and how far rounding can take it from there."""
    first, second = _SIDES[column]
    if first not in line.row or second not in line.row:
        return None
    return line.row[first] - line.row[second], half(line.places[first]) + half(line.places[second])


def half(places: int) -> float:
    """Return half a unit of the last of so many decimals, and a little for the noise of binary fractions."""
    return 0.5 * 10.0 ** -min(places, 9) + 1e-9


def _keep_differences(name: str, numbers: Sequence[Number], lines: Sequence[Line], book: Book) -> None:
    """Keep a column of differences in the unit in which its two sides give it; a relative change is none."""
    there = [(n, ln, expected(ln, name)) for n, ln in zip(numbers, lines, strict=True) if n.value is not None]
    for scale in (1, 100) if name == "difference" else (1,):
        read = [_scaled(n, scale) for n, _, sides in there if sides]
        gaps = [sides for *_, sides in there if sides]
        if (
            gaps
            and len(gaps) == len(there)
            and all(abs(v - gap) <= slack + half(p) for (v, p), (gap, slack) in zip(read, gaps, strict=True))
        ):
            break
    else:
        given = f"its two sides give {gaps[0][0]:.4g}" if gaps else "its two sides are not in the table"
        for _, line, _ in there[:1]:
            book.fault(f"is no difference in points that the table confirms: {given}", *line.at(name))
            return
    places = max((_scaled(n, scale)[1] for n, *_ in there), default=0)
    for number, line in zip(numbers, lines, strict=True):
        value = None if number.value is None else _scaled(number, scale)[0]
        line.keep(name, name, value, number.state, places)


def _keep_test(name: str, line: Line, book: Book) -> None:
    """Keep a test in the study's three words; the difference says which way a bare yes points."""
    column = "frequency_difference" if name == "frequency_significance" else "difference"
    found, state = parse_test(line.cells[name])
    sides = expected(line, column)
    gap = line.row.get(column, sides[0] if sides else None)
    if state == "not understood":
        book.doubt(_NO_TEST, *line.at(name))
    elif found == "yes" and not gap:
        book.fault("is significant, but no difference says in which direction", *line.at(name))
    elif gap is not None and (found, gap < 0) in (("reduction", False), ("increase", True)):
        book.fault(f"contradicts the difference of {gap:.4g}", *line.at(name))
    if found == "yes":
        found = "reduction" if gap and gap < 0 else "increase"
    words = {"no": "not significant", "": None}
    line.keep(name, name, words.get(found, f"significant {found}"), state)
