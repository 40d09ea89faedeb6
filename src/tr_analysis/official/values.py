"""From the cells of a table to values, in a unit and of a measure that is certain; and whether they and totals agree."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, takewhile
from typing import Any, NamedTuple

from tr_analysis.official import parsing
from tr_analysis.official.layouts import DIFFERENCES, RANGES, RATIOS, RISING, UNITS
from tr_analysis.official.parsing import Cohort, Name, Number, State, parse_number, parse_test, plain_text
from tr_analysis.official.tables import Book, Table, place_of, short

NO_PROVIDERS = HEADING, TOTAL, BLANK = "heading", "total", "blank"
"""What stands for the kind of provider in the name of a row that is none, or that has no number."""

_UNLIKELY = {
    "percent": "no percentage of a provider's offenders: those lie between 10 and 90",
    "average": "no number of reoffences per reoffender of a provider: those lie between 1 and 10",
    "count": "no number of people or offences: those are whole",
}
_NO_NUMBER = "no number that is understood (with a decimal point, a minus sign, no mark but of a footnote)"
_NO_TEST = "no result of a test that is understood, such as Yes, No or Significant reduction"
_NONE = Number(None, "not understood")
_ORDER = {"points": 1, "change": 1, "test": 2}  # after what they are worked out from


class Value(NamedTuple):
    """A value or why there is none, its decimals, and the line that it comes from."""

    value: Any
    state: State
    places: int
    line: "Line"


@dataclass(eq=False)
class Line:
    """One row of one provider and cohort: its cells by what their headers name, and its values as they are read."""

    table: Table
    number: int
    name: Name
    cohort: Cohort | None
    cells: Mapping[str, object]
    found: dict[str, Value] = field(default_factory=dict)
    replaced: bool = False  # by a row of a table that calls itself revised

    @property
    def key(self) -> tuple[Any, ...]:
        """What it tells of: two lines of one key are one row of the tidy table."""
        return self.table.layout, self.cohort, self.table.stage, self.name

    def fault(self, rule: str, name: str = "", shown: object = None, *, aside: bool = False) -> None:
        """Keep a fault of a cell, by the name of its column, or of the provider; or why it is set aside."""
        cell = self.cells[name] if name else self.name.provider
        header = self.table.headers[name] if name else ""
        self.table.fault(rule, self.number, header, cell if shown is None else shown, aside=aside)

    def number_of(self, *columns: str) -> list[Any]:
        """Return the values of some columns, of those that have one."""
        return [self.found[c].value for c in columns if c in self.found and self.found[c].state == "value"]


def read_values(lines: Sequence[Line]) -> None:
    """Turn the cells of rows under the same headers into values: first rates, then differences, then tests."""
    for name in sorted(lines[0].cells, key=lambda name: _ORDER.get(UNITS[name], 0)):
        if not any(plain_text(line.cells[name]) for line in lines):
            lines[0].fault("a column without any value", name, aside=True)
        if UNITS[name] == "test":
            for line in lines:
                line.found[name] = _read_test(name, line)
            continue
        numbers = [parse_number(line.cells[name]) for line in lines]
        for number, line in zip(numbers, lines, strict=True):
            if number.state == "not understood":
                line.fault(_NO_NUMBER, name)
        read = (_read_differences if UNITS[name] in _ORDER else _read_rates)(name, numbers, lines)
        places = max((number.places for number in read if number.value is not None), default=0)
        for (value, state, *_), line in zip(read, lines, strict=True):
            whole = UNITS[name] == "count" and value is not None
            line.found[name] = Value(int(value or 0) if whole else value, state, places, line)


def _scale(numbers: Sequence[Number]) -> int:
    """Return what turns a column of rates into percentages: 1, 100 of fractions, or 0 where nothing tells."""
    bare = [abs(n.value) for n in numbers if n.value and not n.percent]
    return 1 if not bare or min(bare) > 1 else 100 if max(bare) <= 1 else 0


def _scaled(number: Number, scale: int) -> Number:
    """Return a number of a column of that scale, in percent or points."""
    if number.value is None or scale == 1:
        return number
    places = max(number.places - 2, 0)
    return number._replace(value=round(number.value * scale, places) + 0.0, places=places)


def _read_rates(name: str, numbers: Sequence[Number], lines: Sequence[Line]) -> list[Number]:
    """Read a column of counts, of percentages, or of averages."""
    unit, read = UNITS[name], list[Number]()
    scale = _scale(numbers) if unit == "percent" else 1
    if not scale:
        lines[0].fault("a column with numbers above 1 and below: percentages or fractions?", name)
        return [_NONE] * len(lines)
    low, high = RANGES.get(unit, (0, 1e12))
    for number, line in zip(numbers, lines, strict=True):
        read.append(_scaled(number, 1 if number.percent else scale))
        value = read[-1].value
        part = unit == "count" and (number.percent or value != int(value or 0))
        if value is not None and (part or not low <= value <= high):
            line.fault(_UNLIKELY[unit], name)
            read[-1] = _NONE
    return read


def _given(line: Line, column: str) -> tuple[float, float] | None:
    """Return a rate or a difference as the numbers beside it give it, and how far rounding can take it from there."""
    top, bottom, scale = RATIOS.get(column) or (*DIFFERENCES[column], 0)
    if len(numbers := line.number_of(top, bottom)) < 2 or (scale and not numbers[1]):
        return None
    if scale:
        return scale * numbers[0] / numbers[1], 0.0
    return numbers[0] - numbers[1], sum(_half(line.found[side].places) for side in (top, bottom))


def _half(places: int) -> float:
    """Return half a unit of the last of so many decimals, and a little for the noise of binary fractions."""
    return 0.5 * 10.0 ** -min(places, 9) + 1e-9


def _agrees(value: float, places: int, given: tuple[float, float] | None) -> bool:
    return given is not None and abs(value - given[0]) <= given[1] + _half(places)


def _read_differences(name: str, numbers: Sequence[Number], lines: Sequence[Line]) -> list[Number]:
    """Read a column of differences in the unit in which its two sides give it; a relative change is none."""
    sides = [_given(line, name) for line in lines]
    for scale in (1, 100) if name == "difference" else (1,):
        read = [_scaled(number, scale) for number in numbers]
        if all(
            n.value is None or _agrees(n.value, n.places, own) for n, own in zip(read, sides, strict=True)
        ):
            return read
    first = next(i for i, number in enumerate(numbers) if number.value is not None)
    own = sides[first]
    given = f"its two sides give {own[0]:.4g}" if own else "its two sides are not in the table"
    lines[first].fault(f"is no difference in points that the table confirms: {given}", name)
    return [_NONE] * len(lines)


def _read_test(name: str, line: Line) -> Value:
    """Read a test in the study's three words; the difference says which way a bare yes points."""
    column = "frequency_difference" if name == "frequency_significance" else "difference"
    found, state = parse_test(line.cells[name])
    sides = _given(line, column)
    gap = next(iter(line.number_of(column)), sides[0] if sides else None)
    if state == "not understood":
        line.fault(_NO_TEST, name)
    elif found == "yes" and not gap:
        line.fault("is significant, but no difference says in which direction", name)
    elif gap is not None and (found, gap < 0) in (("reduction", False), ("increase", True)):
        line.fault(f"contradicts the difference of {gap:.4g}", name)
    if found == "yes":
        found = "reduction" if gap and gap < 0 else "increase"
    words = {"no": "not significant", "": None}
    return Value(words.get(found, f"significant {found}"), state, 0, line)


def latest(lines: Sequence[Line]) -> list[Line]:
    """Set aside the rows that a table replaces which calls itself revised, and return the others."""
    later = {line.key: line.table.sheet.name for line in lines if line.table.revised}
    for line in lines:
        line.replaced = not line.table.revised and line.key in later
        if line.replaced:
            line.fault(f"replaced by the revised table of sheet {short(later[line.key])!r}", aside=True)
    return [line for line in lines if not line.replaced]


def merge(lines: Sequence[Line]) -> list[Line]:
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
                rule = f"contradicts {place_of(first.table.sheet, first.number)}, which says {before.value}; call the "
                line.fault(f"{rule}sheet of the later one revised, or delete one", column, value.value)
    for line in kept.values():
        layout, cohort, stage, name = line.key
        if (
            cohort
            and not stage
            and any((layout, cohort, other, name) in kept for other in ("interim", "final"))
        ):
            line.fault(
                "a second row of the provider for its cohort, not said to be interim or final as the other"
            )
    return list(kept.values())


def check_lines(lines: Sequence[Line]) -> None:
    """Find numbers of a row that contradict each other: rates and their counts, differences, what cannot be."""
    for line in lines:
        for columns in RISING:
            numbers = line.number_of(*columns)
            if numbers != sorted(numbers):
                there = [c for c in columns if line.number_of(c)]
                line.found[there[0]].line.fault(f"{', '.join(there)} must not fall", there[0], numbers)
        for column in (*RATIOS, *DIFFERENCES):
            value, given = line.found.get(column), _given(line, column)
            if given and value and value.state == "value" and not _agrees(value.value, value.places, given):
                rule = f"contradicts the numbers beside it, which give {given[0]:.5g}"
                value.line.fault(rule, column, value.value)


def check_totals(tables: Sequence[Sequence[Line]], lines: Sequence[Line], book: Book) -> None:
    """Set totals aside, and find those that contradict the sum of their rows where each of these has the number.

    The rows of each table are of providers, headings and totals; ``lines`` are those of providers of all tables.
    """
    for rows in tables:
        table = list(filter(_is_part, rows))
        for i, row in enumerate(rows):
            if len(book.problems) > 100:  # the file is refused anyway, and each total takes time
                return
            if row.name.kind == TOTAL:
                _check_total(row, _parts(rows, i, table, lines))


def _check_total(row: Line, parts: Sequence[Sequence[Line]]) -> None:
    """Compare a total with the sets of rows of which it may be one."""
    checked = False
    for name in (name for name in row.cells if UNITS[name] == "count"):
        printed = parse_number(row.cells[name]).value
        counts = [(own, [n for ln in own for n in ln.number_of(name)]) for own in parts]
        sums = {sum(numbers): own for own, numbers in counts if len(numbers) == len(own)}
        checked |= printed is not None and bool(sums)
        if printed is not None and sums and printed not in sums:
            given = " or ".join(f"{number:,} ({_rows(own)})" for number, own in sums.items())
            row.fault(f"a total that contradicts the sum of its rows, {given}", name)
    why = "a total, the sum of its rows" if checked else "a total that cannot be compared with its rows"
    row.fault("an average" if parsing.total_of(row.name.provider) == "average" else why, aside=True)


def _parts(rows: Sequence[Line], i: int, table: list[Line], lines: Sequence[Line]) -> list[list[Line]]:
    """Return the sets of rows of which the i-th of a table may be the total.

    All providers of a kind or of both; the rows above and below it, up to the next total or heading; its table. What
    stands beside the total of a region is its own only if the region heads it, or others are in the table.
    """
    line, of = rows[i], parsing.total_of(rows[i].name.provider)
    if any(ln.replaced for ln in table):
        return []
    about = line.key[:3]
    same = [ln for ln in lines if ln.key[:3] == about]
    parts = []
    for kinds in (("CRC",), ("NPS",), ("CRC", "NPS")):
        own = [ln for ln in same if ln.name.kind in kinds]
        whole = len(own) == sum(map(parsing.count_providers, kinds))
        parts += [own] if whole and (of in ("all", "table", "section") or kinds == (of,)) else []
    above, below = (list(takewhile(_is_part, beside)) for beside in (reversed(rows[:i]), rows[i + 1 :]))
    headings = (ln.name.provider for ln in reversed(rows[:i]) if ln.name.kind == HEADING)
    headed = parsing.name_words(next(headings, "")) if of == "part" else None
    like = {(ln.name.kind, ln.cohort) for ln in above or below}
    others = len(above or below) < sum((ln.name.kind, ln.cohort) in like for ln in table)
    own_part = others or (headed and headed <= parsing.name_words(line.name.provider))
    found = [above[::-1], below] if of in ("section", "table") or (of == "part" and own_part) else []
    if of == "table":  # as are several of a sheet, with their header again
        blank = [ln for ln in table if ln.name.kind == BLANK]
        found += [table, [*blank, *(ln for ln in same if ln.table.sheet is line.table.sheet)]]
    parts += [[ln for ln in own if ln.cohort == line.cohort] for own in found]
    return [own for own in parts if own]


def _is_part(line: Line) -> bool:
    """Return whether a row of a table is one that its totals count."""
    return line.name.kind not in (HEADING, TOTAL)


def _rows(lines: Sequence[Line]) -> str:
    """Name the cells that were summed: the rows, or the columns of a sheet on its side, of each sheet."""
    groups = [[*own] for _, own in groupby(lines, lambda line: line.table.sheet.name)]
    return ", ".join(place_of(own[0].table.sheet, own[0].number, own[-1].number) for own in groups)
