"""From the cells of a table to values, in a unit and of a measure that is certain; and whether they agree."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tr_analysis.official import layouts
from tr_analysis.official.finding import Book, short
from tr_analysis.official.layouts import BASELINE_OF, BASELINES, DIFFERENCES, UNITS, Layout
from tr_analysis.official.parsing import Cohort, Name, Number, State, parse_number, parse_test, plain_text

_UNLIKELY = {
    "percent": "no percentage of a provider's offenders: those lie between 10 and 90",
    "average": "no number of reoffences per reoffender of a provider: those lie between 1 and 10",
    "count": "no number of people or offences: those are whole",
}
_NO_NUMBER = "no number that is understood (with a decimal point, a minus sign, no mark but of a footnote)"
_NO_TEST = "no result of a test that is understood, such as Yes, No or Significant reduction"
_NARROW = {wide: column for column, wide in BASELINE_OF.items()}
_ORDER = {"points": 1, "change": 1, "test": 2}  # after what they are worked out from


class Value(NamedTuple):
    """A value or why there is none, its decimals, and its sheet, row and header."""

    value: Any
    state: State
    places: int
    where: tuple[str, int, str]


@dataclass
class Line:
    """One row of one provider and cohort: its cells by what their headers name, and its values as they are read."""

    sheet: str
    number: int
    name: Name
    cohort: Cohort | None
    stage: str
    layout: Layout
    cells: Mapping[str, object]
    headers: Mapping[str, str]
    found: dict[str, Value] = field(default_factory=dict)
    revised: bool = False  # whether its table calls itself so
    replaced: bool = False  # by a row of such a table

    @property
    def key(self) -> tuple[Any, ...]:
        """What it tells of: two lines of one key are one row of the tidy table."""
        return self.layout, self.name, self.cohort, self.stage

    def target(self, name: str) -> str:
        """Return the column of the tidy table that a column of cells goes to."""
        return _NARROW.get(name, name) if self.layout is BASELINES else name

    def at(self, name: str) -> tuple[str, int, str, object]:
        """Return where a cell is, and what stands there, for a fault."""
        return self.sheet, self.number, self.headers[name], self.cells[name]

    def keep(self, target: str, name: str, value: Any, state: State, places: int = 0) -> None:
        """Keep one value, or why there is none."""
        self.found[target] = Value(value, state, places, self.at(name)[:3])

    def number_of(self, *columns: str) -> list[Any]:
        """Return the values of some columns, of those that have one."""
        return [self.found[c].value for c in columns if c in self.found and self.found[c].state == "value"]


def read_values(lines: Sequence[Line], book: Book) -> None:
    """Turn the cells of rows under the same headers into values: first rates, then differences, then tests."""
    for name in sorted(lines[0].cells, key=lambda name: _ORDER.get(UNITS[name], 0)):
        if not any(plain_text(line.cells[name]) for line in lines):
            book.set_aside("a column without any value", *lines[0].at(name))
        if UNITS[name] == "test":
            for line in lines:
                _read_test(name, line, book)
            continue
        numbers = [parse_number(line.cells[name]) for line in lines]
        for number, line in zip(numbers, lines, strict=True):
            if number.state == "not understood":
                book.fault(_NO_NUMBER, *line.at(name))
        if UNITS[name] in _ORDER:
            _read_differences(name, numbers, lines, book)
        else:
            _read_rates(lines[0].target(name), name, numbers, lines, book)


def _scale(numbers: Sequence[Number]) -> int:
    """Return what turns a column of rates into percentages: 1, 100 of fractions, or 0 where nothing tells."""
    bare = [abs(n.value) for n in numbers if n.value and not n.percent]
    return 1 if not bare or min(bare) > 1 else 100 if max(bare) <= 1 else 0


def _scaled(number: Number, scale: int) -> tuple[float, int]:
    """Return the value and the decimals of a number of a column of that scale."""
    places = max(number.places - 2, 0) if scale == 100 else number.places
    return round((number.value or 0.0) * scale, places) + 0.0, places


def _read_rates(target: str, name: str, numbers: Sequence[Number], lines: Sequence[Line], book: Book) -> None:
    """Read a column of counts, of percentages, or of averages."""
    unit = UNITS[name]
    scale = _scale(numbers) if unit == "percent" else 1
    if not scale:
        book.fault("a column with numbers above 1 and below: percentages or fractions?", *lines[0].at(name))
        return
    read = [_scaled(n, 1 if n.percent else scale) for n in numbers]
    places = max((p for n, (_, p) in zip(numbers, read, strict=True) if n.value is not None), default=0)
    low, high = layouts.RANGES.get(unit, (0, 1e12))
    for number, (value, _), line in zip(numbers, read, lines, strict=True):
        whole = unit != "count" or (value == int(value) and not number.percent)
        if number.value is None:
            line.keep(target, name, None, number.state)
        elif not whole or not low <= value <= high:
            book.fault(_UNLIKELY[unit], *line.at(name))
        else:
            line.keep(target, name, int(value) if unit == "count" else value, "value", places)


def _sides(line: Line, column: str) -> tuple[float, float] | None:
    """Return a difference as its two sides give it, and how far rounding can take it from there."""
    if len(numbers := line.number_of(*DIFFERENCES[column])) < 2:
        return None
    first, second = (line.found[side].places for side in DIFFERENCES[column])
    return numbers[0] - numbers[1], _half(first) + _half(second)


def _half(places: int) -> float:
    """Return half a unit of the last of so many decimals, and a little for the noise of binary fractions."""
    return 0.5 * 10.0 ** -min(places, 9) + 1e-9


def _read_differences(name: str, numbers: Sequence[Number], lines: Sequence[Line], book: Book) -> None:
    """Read a column of differences in the unit in which its two sides give it; a relative change is none."""
    there = [(n, ln, _sides(ln, name)) for n, ln in zip(numbers, lines, strict=True) if n.value is not None]

    def fits(scale: int) -> bool:
        read = [(*_scaled(number, scale), sides) for number, _, sides in there]
        return all(sides and abs(v - sides[0]) <= sides[1] + _half(places) for v, places, sides in read)

    scale = next((scale for scale in ((1, 100) if name == "difference" else (1,)) if fits(scale)), 0)
    if there and not scale:
        _, line, sides = there[0]
        given = f"its two sides give {sides[0]:.4g}" if sides else "its two sides are not in the table"
        book.fault(f"is no difference in points that the table confirms: {given}", *line.at(name))
        return
    places = max((_scaled(n, scale)[1] for n, *_ in there), default=0)
    for number, line in zip(numbers, lines, strict=True):
        value = None if number.value is None else _scaled(number, scale)[0]
        line.keep(name, name, value, number.state, places)


def _read_test(name: str, line: Line, book: Book) -> None:
    """Read a test in the study's three words; the difference says which way a bare yes points."""
    column = "frequency_difference" if name == "frequency_significance" else "difference"
    found, state = parse_test(line.cells[name])
    sides = _sides(line, column)
    gap = next(iter(line.number_of(column)), sides[0] if sides else None)
    if state == "not understood":
        book.fault(_NO_TEST, *line.at(name))
    elif found == "yes" and not gap:
        book.fault("is significant, but no difference says in which direction", *line.at(name))
    elif gap is not None and (found, gap < 0) in (("reduction", False), ("increase", True)):
        book.fault(f"contradicts the difference of {gap:.4g}", *line.at(name))
    if found == "yes":
        found = "reduction" if gap and gap < 0 else "increase"
    words = {"no": "not significant", "": None}
    line.keep(name, name, words.get(found, f"significant {found}"), state)


def latest(lines: Sequence[Line], book: Book) -> list[Line]:
    """Set aside the rows that a table replaces which calls itself revised, and return the others."""
    later = {line.key: line.sheet for line in lines if line.revised}
    for line in lines:
        line.replaced = not line.revised and line.key in later
        if line.replaced:
            why = f"replaced by the revised table of sheet {short(later[line.key])!r}"
            book.set_aside(why, line.sheet, line.number, value=line.name.provider)
    return [line for line in lines if not line.replaced]


def merge(lines: Sequence[Line], book: Book) -> list[Line]:
    """Put the rows of one thing from several tables together where they complete each other or say the same.

    Two that contradict each other are a fault: nobody can say which is right.
    """
    kept: dict[tuple[Any, ...], Line] = {}
    for line in lines:
        first = kept.setdefault(line.key, line)
        for column, value in line.found.items():
            before = first.found.setdefault(column, value)
            if before.state != "value":
                first.found[column] = value if value.state == "value" else before
            elif value.state == "value" and before.value != value.value:
                rule = f"contradicts {book.place(first.sheet, first.number)}, which says {before.value}; "
                book.fault(
                    f"{rule}call the sheet of the later one revised, or delete one", *value.where, value.value
                )
    for line in kept.values():
        others = [(line.layout, line.name, line.cohort, stage) in kept for stage in ("interim", "final")]
        if line.cohort and not line.stage and any(others):
            rule = "a second row of the provider for its cohort, not said to be interim or final as the other"
            book.fault(rule, line.sheet, line.number, value=line.name.provider)
    return list(kept.values())


def check_lines(lines: Sequence[Line], book: Book) -> None:
    """Find numbers of a row that contradict each other: rates and their counts, differences, what cannot be."""
    for line in lines:
        for columns in layouts.RISING:
            numbers = line.number_of(*columns)
            if numbers != sorted(numbers):
                there = [c for c in columns if line.number_of(c)]
                book.fault(f"{', '.join(there)} must not fall", *line.found[there[0]].where, numbers)
        given: dict[str, tuple[float, float]] = {}
        for column, (top, bottom, scale) in layouts.RATIOS.items():
            numbers = line.number_of(top, bottom)
            if len(numbers) == 2 and numbers[1]:
                given[column] = scale * numbers[0] / numbers[1], 0.0
        given |= {column: sides for column in DIFFERENCES if (sides := _sides(line, column))}
        for column, (exact, slack) in given.items():
            for number in line.number_of(column):
                value = line.found[column]
                if abs(number - exact) > slack + _half(value.places):
                    rule = f"contradicts the numbers beside it, which give {exact:.5g}"
                    book.fault(rule, *value.where, number)
