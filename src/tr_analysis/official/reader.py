"""The one reader of official tables: rows to tidy values, and a fault for every number that it does not understand."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from tr_analysis.errors import DataError, Problem
from tr_analysis.official import layouts, parsing, values
from tr_analysis.official.layouts import BASELINE_OF, BASELINES, RESULTS, TITLE, UNITS, read_title
from tr_analysis.official.parsing import (
    Cohort,
    Name,
    is_provider,
    kind_in,
    parse_number,
    parse_provider,
    plain_text,
)
from tr_analysis.official.tables import Book, Row, Table, across, cell_at, joined, settle, short
from tr_analysis.official.values import BLANK, HEADING, NO_PROVIDERS, TOTAL, Line
from tr_analysis.official.workbooks import Sheet
from tr_analysis.simulated import MARK

_OUTSIDE = "names providers, but in no table whose header, such as 'CRC name' and 'Number of reoffenders', is understood"
_LONDON = "is both a CRC and an NPS division; call the column of providers 'CRC name' or 'NPS division'"
_HIDDEN = "a hidden sheet is not read; show it in a spreadsheet and save the file to have it read"


class Reading(NamedTuple):
    """The tidy tables of a file by family, and what they do not hold: where, and why."""

    frames: dict[str, pd.DataFrame]
    asides: tuple[Problem, ...]


def tidy(rows: Sequence[Mapping[str, Any]], types: Mapping[str, str]) -> pd.DataFrame:
    """Return rows as a frame with the columns and types of a tidy table, also when there is no row."""
    columns = {c: pd.Series([row.get(c) for row in rows], dtype="object") for c in types}
    return pd.DataFrame({c: columns[c].astype(t) for c, t in types.items()})  # type: ignore[call-overload]


def read(book: Book) -> Reading | None:
    """Read the official tables of a file; None where it has none.

    Every number beside the name of a provider is read, or is a fault, or is set aside for a reason that is reported.
    The `DataError` has every fault: what is not understood, not certain, or contradicts something.
    """
    if not any(tables for _, tables in book.found):
        return None
    rows = list[list[Line]]()
    for name in book.answers.keys() - {"", *(sheet.name for sheet in book.sheets)}:
        book.fault("there is no such sheet; --cohort names it as SHEET=COHORT", Sheet(name, []), 1)
    for sheet, tables in book.found:
        rows += [_read_table(table) for table in tables]
        _check_outside(sheet, tables, book)
    for sheet in book.sheets:
        if sheet.hidden and any(map(_names_provider, sheet.rows)):
            book.fault(_HIDDEN, sheet, 1, aside=True)
    lines = [line for own in rows for line in own if line.name.kind not in NO_PROVIDERS]
    merged = values.merge(values.latest(lines))
    values.check_lines(merged)
    values.check_totals(rows, merged, book)
    if not merged and not book.problems:
        book.fault("a table without a row that names a provider", book.found[0][0], 1)
    if book.problems:
        raise DataError(book.problems)
    frames = {}
    for family, layout in layouts.LAYOUTS.items():
        if own := [_row(line, book) for line in merged if line.table.layout is layout]:
            frames[family] = tidy(own, layout.types)
    return Reading(frames, tuple(dict.fromkeys(book.asides)))


def _row(line: Line, book: Book) -> dict[str, Any]:
    """Return a row of a tidy table: what it is about, its values, and which of them were suppressed."""
    sheet = line.table.sheet
    row: dict[str, Any] = {"release": book.release or None, "file": book.file, "sheet": short(sheet.name)}
    row |= {"row": across(sheet, line.number) or line.number, "baseline_year": "2011"}
    row |= {"provider": line.name.provider, "provider_type": line.name.kind}
    if line.cohort:
        row |= {
            "cohort": line.cohort.name,
            "cohort_type": line.cohort.kind,
            "stage": line.table.stage or None,
        }
    for state in ("suppressed", "not applicable"):
        there = [c for c in line.table.layout.columns if c in line.found and line.found[c].state == state]
        row[state.replace(" ", "_")] = " ".join(there)
    return row | {column: value.value for column, value in line.found.items()}


def _names_provider(row: Row) -> bool:
    """Return whether a row names a provider and has a number."""
    return any(map(is_provider, row)) and any(parse_number(c).value is not None for c in row)


def _check_outside(sheet: Sheet, tables: Sequence[Table], book: Book) -> None:
    """Find the numbers of providers that stand outside of every table that was understood."""
    done = {n for t in tables for n in (*range(t.first + 1, t.last + 2), *(n for n, _ in t.rows))}
    for number, row in enumerate(sheet.rows, 1):
        if number not in done and (_names_provider(row) or sum(map(bool, map(parse_provider, row))) > 2):
            book.fault(_OUTSIDE, sheet, number, value=joined(row))
            return


def _read_table(table: Table) -> list[Line]:
    """Read one table: its rows of providers, headings and totals first, then their values column by column."""
    _lay_out(table)
    _check_columns(table)
    by_row = table.place("cohort") is not None
    settle(table, needed=table.layout is RESULTS and not by_row)
    _check_texts(table)
    if table.layout is BASELINES or by_row:
        table.cohort = None
    rows, release = _read_rows(table), table.book.release
    lines = [line for line in rows if line.name.kind not in NO_PROVIDERS]
    for line in lines:
        if line.cohort and release and release <= line.cohort.end:
            rule = f"the file is of {release} by its name, before {line.cohort.name} was over; name it after the month "
            table.fault(f"{rule}of its publication, or look at the cohort", line.number)
    if lines:
        values.read_values(lines)
    return rows


def _check_texts(table: Table) -> None:
    """Find texts that say of the numbers what must not be: made up, of a part, or some columns of another cohort."""
    inside = [joined(row) for _, row in table.rows if not _names_provider(row)]
    columns = [*table.beside, *(column.printed for column in table.columns if not column.key)]
    said = {table.cohort, table.stage, ""}
    for text in (table.sheet.name, *table.titles, *columns, *inside):
        if TITLE["simulated"].search(text) and not table.book.file.startswith(MARK):
            rule = f"a text says that it is simulated; then the name of the file must begin with {MARK}-"
            table.fault(rule, value=text)
        elif part := TITLE["part"].search(text):
            table.fault(f"a text says {part[0]!r}: whole numbers of all offenders are needed", value=text)
        elif text in columns and {*parsing.scan_cohorts(text)[0], read_title(text).stage} - said:
            rule = "names a cohort or a stage over some columns only; save a sheet for each cohort"
            table.fault(rule, value=text)


def _lay_out(table: Table) -> None:
    """Take a table for one of baselines if everything in it is of the baseline; else it is of results."""
    wide, kept = set(BASELINE_OF.values()), set(table.keys) & UNITS.keys()
    thresholds = [column.printed for column in table.columns if column.key == layouts.THRESHOLD]
    said = any(read_title(text).baseline for text in (*table.titles, table.sheet.name))
    if kept <= wide or (thresholds and said and kept <= wide | BASELINE_OF.keys() and not kept & wide):
        own = {wide: column for column, wide in BASELINE_OF.items()}
        table.layout = BASELINES
        table.columns = tuple(
            column._replace(key=own.get(column.key, column.key)) for column in table.columns
        )
    elif thresholds:
        rule = "a threshold, as beside baselines, but other columns are not said to be of 2011: nothing tells which it is"
        table.fault(rule, column=thresholds[0])


def _check_columns(table: Table) -> None:
    """Find columns that are not understood, that are there twice, and a test that does not say of what."""
    seen, left = {"": ""}, ""
    frequency = {"frequency_difference", "baseline_frequency"}.intersection(table.keys)
    for _, key, printed in table.columns:
        if key and key not in table.layout.types:
            table.fault("not used here" if key in UNITS else key, column=printed, aside=True)
        elif key and key in seen:
            table.fault(f"means the same as {seen[key]!r}", column=printed)
        bare = key == "significance" and "binary" not in printed.lower() and left != "difference"
        if bare and (frequency or "adjusted_rate" not in table.keys):
            table.fault("a test of the binary rate or of the frequency rate? Nothing tells", column=printed)
        seen[key], left = printed, key or left
    headers = {column.place: column.printed for column in table.columns}
    done = {column.place for column in table.columns if column.key}
    for number, row in table.rows:
        for at, cell in enumerate(row if is_provider(cell_at(row, table.place("provider"))) else ()):
            if at not in done and plain_text(cell):
                done.add(at)
                why = "a column that is not understood" if at in headers else "a cell without a header"
                table.fault(why, number, headers.get(at, ""), cell)


def _read_rows(table: Table) -> list[Line]:
    """Read the rows of a table: of providers, headings and totals; none with numbers is lost."""
    columns = [column for column in table.columns if column.key in table.layout.columns]
    provider, typed, cohorts = (table.place(name) for name in ("provider", "provider_type", "cohort"))
    lines: list[Line] = []
    above: object = None
    kind, cohort = table.kind, table.cohort
    for number, row in table.rows:
        cells = {column.key: cell_at(row, column.place) for column in columns}
        states = {parse_number(c).state for key, c in cells.items() if UNITS[key] != "test"}
        cell = cell_at(row, provider)
        if not states & {"value", "suppressed"}:
            kind = _read_words(table, number, row, "not understood" in states) or kind
            name = Name(joined(row), HEADING)
            if parse_provider(cell, kind):
                table.fault("a provider without any number", number, value=cell, aside=True)
                name = Name(plain_text(cell), BLANK)
        else:
            if cohorts is not None:
                cell = cell if plain_text(cell) or not plain_text(cell_at(row, cohorts)) else above
                cohort = _cohort_of(cell_at(row, cohorts), cohort, table, number)
            above = cell
            name = _name(cell, kind_in(cell_at(row, typed)) or kind, table, number, row)
        if name.provider:
            lines.append(Line(table, number, name, cohort, cells))
    kinds = {line.name.kind for line in lines} - {"either", *NO_PROVIDERS}
    for line in lines:
        if line.name.kind == "either":  # the CRC, where all others are, not the NPS division of that name
            line.name = line.name._replace(kind="CRC")
            if kinds != {"CRC"}:
                line.fault(_LONDON)
    return lines


def _name(cell: object, kind: str, table: Table, number: int, row: Row) -> Name:
    """Return the provider or the total that a row of numbers names; one that names neither is a fault."""
    if name := parse_provider(cell, kind):
        return name
    if parsing.total_of(cell):
        return Name(plain_text(cell), TOTAL)
    numbers = [parse_number(c).value for c in row if plain_text(c)]
    if numbers != list(range(1, len(numbers) + 1)):  # the numbers of the columns
        table.fault("a row of numbers that names no provider", number, value=plain_text(cell) or joined(row))
    return Name("", BLANK)


def _read_words(table: Table, number: int, row: Row, lost: bool) -> str:
    """Read a row without numbers; return the kind of providers that it names as a heading of those below."""
    cell, texts = cell_at(row, table.place("provider")), {plain_text(c) for c in row if plain_text(c)}
    if is_provider(cell) and lost:
        table.fault("a provider whose numbers are not understood", number, value=joined(row))
    title = read_title(text := texts.pop() if len(texts) == 1 else "")
    if title.cohort and title.cohort != table.cohort:
        rule = "a heading inside the table names a cohort; such tables are not read, save each as a sheet"
        table.fault(rule, number, value=text)
    return kind_in(text) if title.clean else ""


def _cohort_of(cell: object, above: Cohort | None, table: Table, number: int) -> Cohort | None:
    """Return the cohort that a cell of the column of cohorts names; of an empty one, that of the cell above."""
    title = read_title(plain_text(cell))
    if (title.cohort and not title.stage) or (above and not plain_text(cell)):
        return title.cohort or above
    rule = "no cohort of payment by results; it should be such as Oct-Dec 2015"
    table.fault(rule, number, "Cohort", plain_text(cell))
    return None
