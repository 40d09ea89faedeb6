"""The one reader of official tables: rows to tidy values by their layout, and reports of what it cannot use."""

import datetime
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple

import pandas as pd

from tr_analysis.errors import DataError, Problem
from tr_analysis.official.agreement import CHECKS, Values, check_row, impossible, merge_rows
from tr_analysis.official.finding import (
    NotUnderstood,
    Row,
    Table,
    cell_at,
    find_tables,
    provider_place,
    short,
)
from tr_analysis.official.layouts import DIFFERENCES, LISTS, Band, Key, Layout
from tr_analysis.official.parsing import (
    ALL,
    Cohort,
    Name,
    Number,
    kind_in,
    parse_number,
    parse_provider,
    parse_significance,
    percentages,
    plain_text,
    suggest_provider,
)
from tr_analysis.official.workbooks import Sheet

_HEADING = 100  # characters; a longer text is a note


class Reading(NamedTuple):
    """A tidy table of one file or several, what they have beside it, and printed numbers held against others."""

    family: str
    frame: pd.DataFrame
    not_understood: tuple[NotUnderstood, ...]
    checks: pd.DataFrame


@dataclass
class _Line:
    """One row of one provider and band, its cells, and its values as they are read; "places" are their decimals."""

    table: Table
    number: int
    name: Name
    band: Band | None
    numbers: dict[str, Number]
    tests: dict[str, object]
    row: Values = field(default_factory=lambda: {"places": {}})

    def note(self, column: str, value: object, why: str) -> None:
        self.table.note(self.number, self.table.printed(column), value, why)


@dataclass
class _Above:
    """What rows inherit from the titles and the rows above them."""

    kind: str = ""
    band: Band | None = None
    provider: object = None  # of a cell that is merged over the rows below it
    own_band: Band | None = None  # likewise


def tidy(rows: Sequence[Mapping[str, Any]], types: Mapping[str, str]) -> pd.DataFrame:
    """Return rows as a frame with the columns and types of a tidy table, also when there is no row."""
    columns = {c: pd.Series([row.get(c) for row in rows], dtype="object") for c in types}
    return pd.DataFrame({c: columns[c].astype(t) for c, t in types.items()})  # type: ignore[call-overload]


def read(sheets: Sequence[Sheet], file: str, release: str, layout: Layout) -> Reading:
    """Read the tables of one layout from the sheets of a file of a release such as ``2017-01``.

    A cohort comes from a column, else the heading or the title nearest above the table, else the name of the sheet.
    Tables that complete each other, such as one of each measure, are put together.

    Raises
    ------
    DataError
        If there is no such table, an essential column is missing, two columns mean the same, a cohort is not said
        or said twice differently, a provider has two rows, or numbers are impossible.
    """
    lines: list[_Line] = []
    notes: list[NotUnderstood] = []
    for sheet in sheets:
        above, before = _Above(), len(lines)
        for table in find_tables(sheet, file, layout, notes):
            lines += _read_table(table, above)
        if len(lines) == before:
            notes += unread(sheet, file, f"no table of {layout.family} was found in this sheet")
    if not lines:
        names = ", ".join(repr(short(sheet.name, 40)) for sheet in list(sheets)[:12])
        wanted = ", ".join(map(repr, layout.names.values()))
        rule = f"no table of providers for {layout.family}, with columns as {wanted}, in the sheets {names}"
        raise DataError([Problem(file, rule)])
    rows = merge_rows([_about(line, release) | line.row for line in lines], layout)
    if problems := [problem for row in rows for problem in impossible(row, layout)]:
        raise DataError(problems)
    checks = [check for row in rows for check in check_row(row, rows)]
    return Reading(layout.family, tidy(rows, layout.types), tuple(dict.fromkeys(notes)), tidy(checks, CHECKS))


def unread(sheet: Sheet, file: str, why: str) -> list[NotUnderstood]:
    """Report a sheet of which nothing was read, if it holds numbers: one entry, at the first of them."""
    first = _first_number(enumerate(sheet.rows, start=1))
    return [NotUnderstood(file, sheet.name, number, "", short(cell), why) for number, cell in first]


def _first_number(rows: Iterable[tuple[int, Row]]) -> list[tuple[int, object]]:
    cells = ((number, cell) for number, row in rows for cell in row if cell is not None)
    return list(islice(((number, cell) for number, cell in cells if parse_number(cell).value is not None), 1))


def _read_table(table: Table, above: _Above) -> list[_Line]:
    """Read one table; nothing, and a note, where it is none of its layout."""
    place = provider_place(table)
    if place is None or not table.layout.outcomes & table.columns:
        if place is None and {"eligible", "offenders"} <= table.columns and "cohort" not in table.columns:
            raise _lacking(table, ["provider"])
        why = "a table without providers" if place is None else "a table of providers without results"
        for number, cell in _first_number(table.rows):
            table.note(number, "", cell, why)
        return []
    _check_columns(table)
    above.kind = kind_in(table.printed("provider"), *table.titles[:1]) or kind_in(table.sheet) or above.kind
    above.band = _band_said(table) or above.band
    lines = _lines(table, place, above)
    _name_totals(lines)
    _note_columns(table, {line.number for line in lines}, place)
    _read_values(lines, table)
    return lines


def _check_columns(table: Table) -> None:
    """Raise if a table lacks a column without which its numbers say nothing, or has one twice."""
    providers = [c.place for c in table.header.columns if c.key == Key("provider")]
    named = [{parse_provider(cell_at(row, i)) for i in providers} for _, row in table.rows]
    agree = all(len(names) == 1 for names in named if any(names))  # such as codes and names
    for column in table.header.twice:
        if column.key != Key("cohort") and not (column.key == Key("provider") and agree):
            first = next(c for c in table.header.columns if c.key == column.key)
            rule = f"means the same as column {first.place + 1}, {short(first.printed)!r}; keep one, or say how they differ"
            raise table.fault(rule, column=short(column.printed))
    present = table.columns
    lacking = [
        column
        for column, beside, unless in table.layout.needs
        if column not in present and not present & unless and (not beside or present & beside)
    ]
    if lacking:
        raise _lacking(table, lacking)


def _lacking(table: Table, columns: Sequence[str]) -> DataError:
    wanted = "; ".join(repr(table.layout.names[c]) for c in dict.fromkeys(columns))
    found = ", ".join(repr(short(c.printed, 60)) for c in table.header.columns)
    rule = f"the header lacks a column that means {wanted}; found {found}. If it has another name there, rename it"
    return table.fault(rule)


def _band_said(table: Table) -> Band | None:
    """Return the band that the titles or the sheet's name say; raise where these contradict each other."""
    layout = table.layout
    title = layout.band_of(table.titles if layout.of_cohorts else table.titles[:2])
    sheet = layout.band_of([table.sheet])
    if (
        isinstance(title, Cohort)
        and isinstance(sheet, Cohort)
        and not sheet.first <= title.first <= title.last <= sheet.last
    ):
        rule = f"the title above the table says {title.name}, the name of the sheet {sheet.name}; correct one of them"
        raise table.fault(rule)
    return title or sheet


def _lines(table: Table, place: int, above: _Above) -> list[_Line]:
    """Read the rows of a table, once for each band that its headers name."""
    places = table.header.places
    bands: list[Band | None] = [*dict.fromkeys(key.band for key in places if key.band)] or [None]
    columns = {
        b: {k.column: i for own in (None, b) for k, i in places.items() if k.band == own} for b in bands
    }
    lines = []
    for number, row in table.rows:
        for band, own in columns.items():
            if line := _line(table, number, row, place, band, own, above):
                lines.append(line)
            elif parse_provider(cell_at(row, place), above.kind) is None:
                break
    return lines


def _line(
    table: Table,
    number: int,
    row: Row,
    place: int,
    band: Band | None,
    columns: Mapping[str, int],
    above: _Above,
) -> _Line | None:
    """Read one row for one band; None if it is a heading, a note, or not understood."""
    units = table.layout.columns
    numbers = {c: parse_number(cell_at(row, i)) for c, i in columns.items() if units.get(c, "test") != "test"}
    says = any(n.state in ("value", "suppressed") for n in numbers.values())
    cell = cell_at(row, place)
    if not plain_text(cell) and plain_text(cell_at(row, columns.get("cohort"))):
        cell = above.provider
    kind = kind_in(cell_at(row, columns.get("provider_type"))) or above.kind
    name = parse_provider(cell if plain_text(cell) else cell_at(row, columns.get("area_code")), kind)
    if name is None or (name.kind == "total" and not says):
        if says:
            printed = ", ".join(n.printed for n in numbers.values() if n.printed)
            why = f"no provider of providers.csv{suggest_provider(cell)}"
            table.note(number, "", f"{plain_text(cell) or 'nobody'}: {printed}", why)
        else:
            _take_heading(row, table.layout, above)
        return None
    if not any(n.printed for n in numbers.values()):
        if "provider" in columns and not any(isinstance(c, str) and len(c) > _HEADING for c in row):
            table.note(number, "", cell, "a provider without anything in its row")
        return None
    above.provider = cell
    tests = {c: cell_at(row, i) for c, i in columns.items() if units.get(c) == "test"}
    return _Line(table, number, name, band or _band_of(table, number, row, columns, above), numbers, tests)


def _take_heading(row: Row, layout: Layout, above: _Above) -> None:
    """Let a heading, the only text of a row, say of which kind and band the rows below it are."""
    texts = {plain_text(cell) for cell in row if isinstance(cell, str)} - {""}
    if len(texts) == 1 and len(heading := texts.pop()) <= _HEADING:
        above.kind = kind_in(heading) or above.kind
        above.band = layout.band_of([heading]) or above.band


def _band_of(table: Table, number: int, row: Row, columns: Mapping[str, int], above: _Above) -> Band | None:
    """Return the band of a row: its own, or the heading's, or the table's."""
    if "cohort" in columns:
        cell = cell_at(row, columns["cohort"])
        if isinstance(cell, datetime.date) and cell.month % 3 == 1 and cell.day == 1:
            cell = f"{cell.year}Q{(cell.month + 2) // 3}"
        if own := table.layout.band_of([cell]):
            above.own_band = own
        elif plain_text(cell):
            rule = "no cohort; write it such as Oct-Dec 2015"
            raise table.fault(rule, number, table.printed("cohort"), cell)
        if above.own_band:
            return above.own_band
    if above.band is None and table.layout.of_cohorts:
        rule = (
            "whose cohort this is, is not said: neither by a column, nor by the titles above the table, nor by the "
            "name of the sheet; name the sheet after its cohort, such as Oct-Dec 2015"
        )
        raise table.fault(rule, number)
    return above.band


def _name_totals(lines: Sequence[_Line]) -> None:
    """Name each bare total: after the one kind of providers in its table, else after those it stands under.

    In a table of both kinds, in which the total of the kind it stands under has a row of its own, it is everybody's.
    """
    texts = {line.number: line.table.text(line.number).lower() for line in lines if line.name.kind == "total"}
    bare = {n for n, t in texts.items() if not (kind_in(t) or "england" in t or "crcs and" in t)}
    kinds = {line.name.kind for line in lines} - {"total"}
    said = {(line.name, line.band) for line in lines if line.number not in bare}
    for line in lines:
        if line.number in bare and len(kinds) == 1:
            line.name = Name(ALL[min(kinds)], "total")
        elif line.number in bare and (line.name, line.band) in said:
            line.name = Name(ALL[""], "total")


def _note_columns(table: Table, read: set[int], provider: int) -> None:
    """Report each column of no known meaning with its first value, and numbers in columns without a header."""
    headers = {c.place: c.printed for c in table.header.columns}
    done = {c.place for c in table.header.columns if c.key} | {provider}
    for number, row in table.rows:
        for place, cell in enumerate(row) if number in read else ():
            if place in done or not plain_text(cell):
                continue
            if place in headers:
                table.note(number, headers[place], cell, "a column of no known meaning")
            elif parse_number(cell).value is not None:
                table.note(number, "", cell, f"a number in column {place + 1}, which has no header")
            else:
                continue
            done.add(place)


def _about(line: _Line, release: str) -> Values:
    """Return what a tidy row says of itself: where it is from, whose it is, and of what."""
    table, band = line.table, line.band
    texts = (*table.titles, table.sheet, table.file)
    stages = [set(re.findall(r"(?<![a-z])(?:interim|final)(?![a-z])", text.lower())) for text in texts]
    printed = " ".join([*texts, *(column.printed for column in table.header.columns)])
    years = re.findall(r"(?<!\d)20(?:0\d|1[0-4])(?!\d)", printed)
    return {
        **{"release": release, "file": table.file, "sheet": table.sheet, "row": line.number},
        **{"provider": line.name.provider, "provider_type": line.name.kind},
        "cohort": band.name if isinstance(band, Cohort) else None,
        "cohort_type": band.kind if isinstance(band, Cohort) else band,
        "stage": next((words.pop() for words in stages if len(words) == 1), None),
        "baseline_year": next(iter(years), None),
    }


def _read_values(lines: Sequence[_Line], table: Table) -> None:
    """Turn the cells of a table into values, column by column: the counts first, by which rates are understood."""
    scales: set[int] = set()
    for column, unit in sorted(table.layout.columns.items(), key=lambda item: item[1] in ("points", "test")):
        if unit == "count":
            _keep_counts(column, lines)
        elif unit == "percent":
            scales |= _keep(column, lines, [_observed(line.row) for line in lines])
        elif unit == "average":
            _keep(column, lines, [None] * len(lines), 1)
        elif unit == "points":
            _keep_points(column, lines, scales.pop() if len(scales) == 1 else 0)
        else:
            _keep_tests(column, lines)
    for line in lines:
        _note_states(line)


def _note_states(line: _Line) -> None:
    """Report what is no number and marks beside numbers; name what is suppressed and what does not apply."""
    for column, number in line.numbers.items():
        if number.state == "not a number":
            line.note(column, number.printed, "not a number")
        elif number.mark:
            line.note(column, number.printed, "a mark beside a number; no meaning is known")
    for name, state in zip(LISTS, ("suppressed", "not applicable"), strict=True):
        known = [c for c in line.table.layout.columns if c in line.numbers]
        line.row[name] = " ".join(c for c in known if line.numbers[c].state == state)


def _keep_counts(column: str, lines: Sequence[_Line]) -> None:
    for line in lines:
        number = line.numbers.get(column)
        if number is not None and number.value is not None:
            if number.value < 0 or number.value != int(number.value) or number.percent:
                rule = "must be a whole number of people or offences"
                raise line.table.fault(rule, line.number, line.table.printed(column), number.printed)
            line.row[column] = int(number.value)


def _keep(
    column: str, lines: Sequence[_Line], anchors: Sequence[float | None], common: int | None = None
) -> set[int]:
    """Keep a column of rates; return the scales in which its numbers are stored."""
    cells = [line.numbers.get(column) for line in lines]
    scales = set()
    for number, read, line in zip(cells, percentages(cells, anchors, common), lines, strict=True):
        if number is None or read is None:
            continue
        if read.value is None:
            line.note(column, number.printed, "a fraction or a percentage? the other cells do not tell")
            continue
        line.row[column], line.row["places"][column] = read.value, read.places
        if number.value and not number.percent:
            scales.add(read.scale)
    return scales


def _observed(row: Values) -> float | None:
    """Return the rate of a row from its counts, in percent: every rate of the row is near it."""
    if row.get("offenders") and row.get("reoffenders") is not None:
        return float(100 * row["reoffenders"] / row["offenders"])
    return row.get("binary_rate")


def _keep_points(column: str, lines: Sequence[_Line], scale: int) -> None:
    """Keep differences from the baseline, in points and with a minus for a reduction."""
    cells = [line.numbers.get(column) for line in lines]
    expected = [_less(line.row, "adjusted_rate", "baseline_rate") for line in lines]
    unsigned = [
        abs(e) * (-1 if n.value < 0 else 1) if e is not None and n and n.value is not None else None
        for e, n in zip(expected, cells, strict=True)
    ]
    _keep(column, lines, unsigned, scale)
    kept = [(line, e) for line, e in zip(lines, expected, strict=True) if column in line.row]
    pairs = [(line.row[column], e) for line, e in kept if e and abs(e) > 0.2]
    if pairs and all(abs(value + e) < abs(value - e) for value, e in pairs):
        for line, _ in kept:
            line.row[column] = -line.row[column] + 0.0
        kept[0][0].note(
            column, "", "printed as baseline less rate; kept as rate less baseline, here and below"
        )


def _less(row: Values, first: str, second: str) -> float | None:
    return None if row.get(first) is None or row.get(second) is None else float(row[first] - row[second])


def _keep_tests(column: str, lines: Sequence[_Line]) -> None:
    _, difference, rate, baseline = DIFFERENCES[column.startswith("frequency")]
    for line in lines:
        if column in line.tests:
            gap = line.row.get(difference, _less(line.row, rate, baseline))
            line.row[column], why = parse_significance(line.tests[column], gap)
            if why:
                line.note(column, line.tests[column], why)
