"""The one reader of official tables: rows to tidy values, and a fault for every number that it does not understand."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from tr_analysis.errors import DataError, Problem
from tr_analysis.official import layouts, parsing
from tr_analysis.official.finding import Book, Row, Said, Table, cell_at, find_tables, joined, said_of, short
from tr_analysis.official.layouts import BASELINE_OF, BASELINES, RESULTS, UNITS, Layout, read_title
from tr_analysis.official.parsing import Cohort, Name, parse_number, parse_provider, plain_text
from tr_analysis.official.totals import BLANK, HEADING, NO_PROVIDERS, TOTAL, Total, check_totals, find_totals
from tr_analysis.official.values import Line, check_lines, latest, merge, read_values
from tr_analysis.simulated import MARK

_OUTSIDE = "names providers, but in no table whose header, such as 'CRC name' and 'Number of reoffenders', is understood"
_LONDON = "is both a CRC and an NPS division; call the column of providers 'CRC name' or 'NPS division'"
_PART = re.compile(
    r"\b(?:thousands?|000s?|(?:fe)?males?|women|juveniles?|youths?|aged|only)\b", re.IGNORECASE
)
_REVISED = re.compile(r"\b(?:revised|revision|corrected)\b", re.IGNORECASE)
_SIMULATED = re.compile(r"\b(?:simulat\w+|synthetic|dummy)\b", re.IGNORECASE)
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
    found = [(sheet, find_tables(sheet)) for sheet in book.sheets if not sheet.hidden]
    if not any(tables for _, tables in found):
        return None
    lines, totals = list[Line](), list[Total]()
    for name in book.answers.keys() - {"", *(sheet.name for sheet in book.sheets)}:
        book.fault("there is no such sheet; --cohort names it as SHEET=COHORT", name, 1)
    for sheet, tables in found:
        done = {n for t in tables for n in (*range(t.first + 1, t.last + 2), *(n for n, _ in t.rows))}
        for table in tables:
            lines += _read_table(table, totals, book)
        _check_outside(sheet.name, sheet.rows, done, book)
    for sheet in book.sheets:
        if sheet.hidden and any(map(_names_provider, sheet.rows)):
            book.set_aside(_HIDDEN, sheet.name, 1)
    merged = merge(latest(lines, book), book)
    check_lines(merged, book)
    check_totals(totals, merged, book)
    if not merged and not book.problems:
        book.fault("a table without a row that names a provider", found[0][0].name, 1)
    if book.problems:
        raise DataError(book.problems)
    rows = {
        layout: [_row(ln, book) for ln in merged if ln.layout is layout]
        for layout in layouts.LAYOUTS.values()
    }
    frames = {layout.family: tidy(own, layout.types) for layout, own in rows.items() if own}
    return Reading(frames, tuple(dict.fromkeys(book.asides)))


def _row(line: Line, book: Book) -> dict[str, Any]:
    """Return a row of a tidy table: what it is about, its values, and which of them were suppressed."""
    at = book.across(line.sheet, line.number) or line.number
    row = {"release": book.release or None, "file": book.file, "sheet": short(line.sheet), "row": at}
    row |= {"provider": line.name.provider, "provider_type": line.name.kind, "baseline_year": "2011"}
    if line.cohort:
        row |= {"cohort": line.cohort.name, "cohort_type": line.cohort.kind, "stage": line.stage or None}
    for state in ("suppressed", "not applicable"):
        there = [c for c in line.layout.columns if c in line.found and line.found[c].state == state]
        row[state.replace(" ", "_")] = " ".join(there)
    return row | {column: value.value for column, value in line.found.items()}


def _is_provider(cell: object) -> bool:
    return bool(parse_provider(cell) or parse_provider(cell, "NPS"))


def _names_provider(row: Row) -> bool:
    """Return whether a row names a provider and has a number."""
    return any(map(_is_provider, row)) and any(parse_number(c).value is not None for c in row)


def _check_outside(sheet: str, rows: Sequence[Row], done: set[int], book: Book) -> None:
    """Find the numbers of providers that stand outside of every table that was understood."""
    for number, row in enumerate(rows, 1):
        if number not in done and (_names_provider(row) or sum(map(bool, map(parse_provider, row))) > 2):
            book.fault(_OUTSIDE, sheet, number, value=joined(row))
            return


def _read_table(table: Table, totals: list[Total], book: Book) -> list[Line]:
    """Read one table: its rows first, then their values column by column; its totals are kept for a comparison."""
    layout = _layout(table, book)
    _check_columns(table, layout, book)
    by_row = table.place("cohort") is not None
    said = said_of(table, book, needed=layout is RESULTS and not by_row)
    _check_texts(table, said, book)
    if layout is BASELINES or by_row:
        said = said._replace(cohort=None)
    rows = _read_rows(table, said, layout, book)
    totals += find_totals(rows)
    lines = [line for line in rows if line.name.kind not in NO_PROVIDERS]
    for line in lines:
        line.revised = any(_REVISED.search(t) for t in (*table.titles, table.sheet) if read_title(t).clean)
        if line.cohort and book.release and book.release <= line.cohort.end:
            rule = f"the file is of {book.release} by its name, before {line.cohort.name} was over; name it after "
            rule += "the month of its publication, or look at the cohort"
            book.fault(rule, line.sheet, line.number)
    if lines:
        read_values(lines, book)
    return lines


def _check_texts(table: Table, said: Said, book: Book) -> None:
    """Find texts that say of the numbers what must not be: made up, of a part, or some columns of another cohort."""
    inside = [joined(row) for _, row in table.rows if not _names_provider(row)]
    columns = [*table.beside, *(column.printed for column in table.columns if not column.key)]
    for text in (table.sheet, *table.titles, *columns, *inside):
        rule = ""
        if _SIMULATED.search(text) and not book.file.startswith(MARK):
            rule = f"a text says that it is simulated; then the name of the file must begin with {MARK}-"
        elif part := _PART.search(text):
            rule = f"a text says {part[0]!r}: whole numbers of all offenders are needed"
        elif text in columns and {*parsing.scan_cohorts(text)[0], read_title(text).stage} - {*said, ""}:
            rule = "names a cohort or a stage over some columns only; save a sheet for each cohort"
        if rule:
            book.fault(rule, table.sheet, table.first + 1, value=text)


def _layout(table: Table, book: Book) -> Layout:
    """Return the layout of a table: of baselines if everything in it is of the baseline, else of results."""
    wide, kept = set(BASELINE_OF.values()), set(table.keys) & UNITS.keys()
    thresholds = [column.printed for column in table.columns if column.key == layouts.THRESHOLD]
    said = any(read_title(text).baseline for text in (*table.titles, table.sheet))
    if kept <= wide or (thresholds and said and kept <= wide | BASELINE_OF.keys() and not kept & wide):
        return BASELINES
    if thresholds:
        rule = "a threshold, as beside baselines, but other columns are not said to be of 2011: nothing tells which it is"
        book.fault(rule, table.sheet, table.first + 1, thresholds[0])
    return RESULTS


def _is_used(key: str, layout: Layout) -> bool:
    """Return whether a layout takes a column, under its own name or, in tables of baselines, as one of these."""
    used = {"provider", "provider_type", *layout.columns}
    return key in used | ({"cohort"} if layout is RESULTS else set(BASELINE_OF.values()))


def _check_columns(table: Table, layout: Layout, book: Book) -> None:
    """Find columns that are not understood, that are there twice, and a test that does not say of what."""
    seen, left, place = {"": ""}, "", table.first + 1
    frequency = {"frequency_difference", "baseline_frequency"}.intersection(table.keys)
    for _, key, printed in table.columns:
        if key and not _is_used(key, layout):
            book.set_aside("not used here" if key in UNITS else key, table.sheet, place, printed)
        elif key and key in seen:
            book.fault(f"means the same as {seen[key]!r}", table.sheet, place, printed)
        bare = key == "significance" and "binary" not in printed.lower() and left != "difference"
        if bare and (frequency or "adjusted_rate" not in table.keys):
            rule = "a test of the binary rate or of the frequency rate? Nothing tells"
            book.fault(rule, table.sheet, place, printed)
        seen[key], left = printed, key or left
    headers = {column.place: column.printed for column in table.columns}
    done = {column.place for column in table.columns if column.key}
    for number, row in table.rows:
        for at, cell in enumerate(row if _is_provider(cell_at(row, table.place("provider"))) else ()):
            if at not in done and plain_text(cell):
                done.add(at)
                why = "a column that is not understood" if at in headers else "a cell without a header"
                book.fault(why, table.sheet, number, headers.get(at, ""), cell)


def _read_rows(table: Table, said: Said, layout: Layout, book: Book) -> list[Line]:
    """Read the rows of a table: of providers, headings and totals; none with numbers is lost."""
    columns = [column for column in table.columns if column.key in UNITS and _is_used(column.key, layout)]
    headers = {column.key: column.printed for column in columns}
    provider, typed, cohorts = (table.place(name) for name in ("provider", "provider_type", "cohort"))
    lines: list[Line] = []
    above: object = None
    kind, cohort = table.kind, said.cohort
    for number, row in table.rows:
        cells = {column.key: cell_at(row, column.place) for column in columns}
        states = {parse_number(c).state for key, c in cells.items() if UNITS[key] != "test"}
        cell = cell_at(row, provider)
        if not states & {"value", "suppressed"}:
            kind = _read_words(table, number, row, "not understood" in states, said, book) or kind
            name = Name(joined(row), HEADING)
            if parse_provider(cell, kind):
                book.set_aside("a provider without any number", table.sheet, number, value=cell)
                name = Name(plain_text(cell), BLANK)
        else:
            if cohorts is not None:
                cell = cell if plain_text(cell) or not plain_text(cell_at(row, cohorts)) else above
                cohort = _cohort_of(cell_at(row, cohorts), cohort, table.sheet, number, book)
            above = cell
            name = _name(cell, parsing.kind_in(cell_at(row, typed)) or kind, table.sheet, number, row, book)
        if name.provider:
            lines.append(Line(table.sheet, number, name, cohort, said.stage, layout, cells, headers))
    kinds = {line.name.kind for line in lines} - {"either", *NO_PROVIDERS}
    for line in lines:
        if line.name.kind == "either":  # the CRC, where all others are, not the NPS division of that name
            line.name = line.name._replace(kind="CRC")
            if kinds != {"CRC"}:
                book.fault(_LONDON, line.sheet, line.number, value=line.name.provider)
    return lines


def _name(cell: object, kind: str, sheet: str, number: int, row: Row, book: Book) -> Name:
    """Return the provider or the total that a row of numbers names; one that names neither is a fault."""
    if name := parse_provider(cell, kind):
        return name
    if parsing.total_of(cell):
        return Name(plain_text(cell), TOTAL)
    numbers = [parse_number(c).value for c in row if plain_text(c)]
    if numbers != list(range(1, len(numbers) + 1)):  # the numbers of the columns
        shown = plain_text(cell) or joined(row)
        book.fault("a row of numbers that names no provider", sheet, number, value=shown)
    return Name("", BLANK)


def _read_words(table: Table, number: int, row: Row, lost: bool, said: Said, book: Book) -> str:
    """Read a row without numbers; return the kind of providers that it names as a heading of those below."""
    cell, texts = cell_at(row, table.place("provider")), {plain_text(c) for c in row if plain_text(c)}
    if _is_provider(cell) and lost:
        book.fault("a provider whose numbers are not understood", table.sheet, number, value=joined(row))
    title = read_title(text := texts.pop() if len(texts) == 1 else "")
    if title.cohort and title.cohort != said.cohort:
        rule = "a heading inside the table names a cohort; such tables are not read, save each as a sheet"
        book.fault(rule, table.sheet, number, value=text)
    return parsing.kind_in(text) if title.clean else ""


def _cohort_of(cell: object, above: Cohort | None, sheet: str, number: int, book: Book) -> Cohort | None:
    """Return the cohort that a cell of the column of cohorts names; of an empty one, that of the cell above."""
    title = read_title(plain_text(cell))
    if (title.cohort and not title.stage) or (above and not plain_text(cell)):
        return title.cohort or above
    rule = "no cohort of payment by results; it should be such as Oct-Dec 2015"
    book.fault(rule, sheet, number, "Cohort", plain_text(cell))
    return None
