"""The one reader of official tables: rows to tidy values, and a fault for every number that it does not understand."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from tr_analysis.errors import DataError
from tr_analysis.official.agreement import check_lines, check_totals, merge
from tr_analysis.official.finding import (
    Aside,
    Book,
    Row,
    Said,
    Table,
    cell_at,
    find_tables,
    joined,
    kind_of,
    said_of,
    upright,
)
from tr_analysis.official.layouts import (
    BASELINE_OF,
    BASELINES,
    LAYOUTS,
    RESULTS,
    UNITS,
    Layout,
    Title,
    read_title,
)
from tr_analysis.official.parsing import (
    Cohort,
    Name,
    kind_in,
    parse_number,
    parse_provider,
    plain_text,
    scan_cohorts,
    suggest_provider,
    total_of,
)
from tr_analysis.official.values import Line, keep_values
from tr_analysis.official.workbooks import Sheet
from tr_analysis.simulated import MARK

_OUTSIDE = (
    "names providers, but in no table with a header that is understood: a column such as 'CRC name', and beside it "
    "such as 'Number of reoffenders'"
)
_LONDON = (
    "is both a CRC and an NPS division, and neither header, title nor the name of the sheet say which; call the "
    "column 'CRC name' or 'NPS division'"
)
_PART = re.compile(r"\b(?:thousands?|000s?|males?|females?|women|juveniles?|youths?|aged)\b", re.IGNORECASE)
_SIMULATED = re.compile(r"\b(?:simulat\w+|synthetic|dummy)\b", re.IGNORECASE)
_SAYS = {"value", "suppressed"}
_REVISED = re.compile(r"\b(?:revised|revision|corrected)\b", re.IGNORECASE)
_TURNED = "nothing is lost: providers stand across, so columns are read as rows, the first one as row"
_HIDDEN = "a hidden sheet is not read; show it in a spreadsheet and save the file to have it read"


class Reading(NamedTuple):
    """The tidy tables of a file by family, and what they do not hold."""

    frames: dict[str, pd.DataFrame]
    asides: tuple[Aside, ...]


def tidy(rows: Sequence[Mapping[str, Any]], types: Mapping[str, str]) -> pd.DataFrame:
    """Return rows as a frame with the columns and types of a tidy table, also when there is no row."""
    columns = {c: pd.Series([row.get(c) for row in rows], dtype="object") for c in types}
    return pd.DataFrame({c: columns[c].astype(t) for c, t in types.items()})  # type: ignore[call-overload]


def read(book: Book) -> Reading | None:
    """Read the official tables of a file; None where it has none.

    Every number beside the name of a provider is read, or is a fault, or is set aside for a reason that is reported.
    The `DataError` has every fault: what is not understood, not certain, or contradicts something.
    """
    found = [(sheet, find_tables(sheet)) for sheet in _upright_sheets(book)]
    if not any(tables for _, tables in found):
        return None
    lines: list[Line] = []
    for name in book.answers.keys() - {"", *(sheet.name for sheet in book.sheets)}:
        book.fault("there is no such sheet; --cohort names it as SHEET=COHORT", name, 1)
    for sheet, tables in found:
        done = {n for t in tables for n in (*range(t.first + 1, t.last + 2), *(n for n, _ in t.rows))}
        for table in tables:
            lines += _read_table(table, book)
        _check_outside(sheet.name, sheet.rows, done, book)
    for sheet in book.sheets:
        if sheet.hidden and any(map(_names_provider, sheet.rows)):
            book.set_aside(_HIDDEN, sheet.name, 1)
    lines = _latest(lines, book)
    merged = merge([line for line in lines if line.name.kind != "total"], book)
    check_lines(merged, book)
    check_totals([line for line in lines if line.name.kind == "total"], merged, book)
    if not merged and not book.problems:
        book.fault("a table without a row that names a provider", found[0][0].name, 1)
    if book.problems:
        raise DataError(book.problems)
    frames = {
        layout.family: tidy([line.row for line in merged if line.layout is layout], layout.types)
        for layout in LAYOUTS.values()
        if any(line.layout is layout for line in merged)
    }
    return Reading(frames, tuple(dict.fromkeys(book.asides)))


def _upright_sheets(book: Book) -> list[Sheet]:
    """Return the sheets that can be seen, and say which of them were turned."""
    sheets = []
    for sheet, across in (upright(sheet) for sheet in book.sheets if not sheet.hidden):
        sheets.append(sheet)
        if across:
            book.set_aside(f"{_TURNED} {across}", sheet.name, across)
    return sheets


def _latest(lines: Sequence[Line], book: Book) -> list[Line]:
    """Set aside the rows that a table replaces which calls itself revised."""

    def key(line: Line) -> tuple[object, ...]:
        return line.layout, line.name, line.cohort, line.row.get("stage")

    later = {key(line): line.sheet for line in lines if line.revised}
    for line in lines:
        if key(line) in later and not line.revised:
            why = f"replaced by the revised table of sheet {later[key(line)]!r}"
            book.set_aside(why, line.sheet, line.number, value=line.printed)
    return [line for line in lines if line.revised or key(line) not in later]


def _names_provider(row: Row) -> bool:
    """Return whether a row names a provider and has a number."""
    named = any(parse_provider(c) or parse_provider(c, "NPS") for c in row if isinstance(c, str))
    return named and any(parse_number(c).value is not None for c in row)


def _check_outside(sheet: str, rows: Sequence[Row], done: set[int], book: Book) -> None:
    """Find the numbers of providers that stand outside of every table that was understood."""
    for number, row in enumerate(rows, 1):
        if number not in done and (_names_provider(row) or sum(bool(parse_provider(c)) for c in row) > 2):
            book.doubt(_OUTSIDE, sheet, number, value=joined(row))
            return


def _read_table(table: Table, book: Book) -> list[Line]:
    """Read one table: its rows first, then their values column by column."""
    layout = _layout(table, book)
    _check_columns(table, layout, book)
    cohorts = list(dict.fromkeys(c.key.cohort for c in table.columns if c.key and c.key.cohort))
    several = "each row" if table.place("cohort") is not None else "each column" if len(cohorts) > 1 else ""
    said = said_of(table, book, needed=layout is RESULTS and not several)
    _check_texts(table, said, book)
    named = {c.key.cohort for c in table.columns if c.key and c.key.column in UNITS}
    if cohorts and (len(named) > len(cohorts) or not (several or said.cohort in named)):
        rule = f"some headers name {cohorts[0].name}, and others none or another; nothing tells of which these are"
        book.fault(rule, table.sheet, table.first + 1)
    of: list[Cohort | None] = [*cohorts] or [None]
    titles = [text for text in (*table.titles, table.sheet) if read_title(text).clean]
    lines = []
    for own_cohort in of:
        cohort = None if layout is BASELINES else own_cohort if several else said.cohort
        for line in (own := _read_rows(table, cohort, own_cohort, layout, book)):
            line.revised = any(_REVISED.search(text) for text in titles)
            line.row |= dict(release=book.release or None, file=book.file, sheet=line.sheet, row=line.number)
            line.row |= dict(provider=line.name.provider, provider_type=line.name.kind, baseline_year="2011")
            if line.cohort:
                line.row |= dict(
                    cohort=line.cohort.name, cohort_type=line.cohort.kind, stage=said.stage or None
                )
                line.row["cohort_from"] = several or said.how
                if book.release and book.release <= line.cohort.end:
                    rule = f"the file is of {book.release} by its name, before {line.cohort.name} was over; name it"
                    rule += " after the month of its publication, or look at the cohort"
                    book.fault(rule, line.sheet, line.number)
        if providers := [line for line in own if line.name.kind != "total"]:
            keep_values(providers, book)
        lines += own
    return lines


def _check_texts(table: Table, said: Said, book: Book) -> None:
    """Find what texts say of the numbers that no number may be, and sections of another cohort or stage."""
    bare = [c for c in table.columns if not c.key]
    beside = (joined(row) for _, row in table.rows if not _names_provider(row))
    for text in (*table.titles, *(column.printed for column in bare), *beside):
        if _SIMULATED.search(text) and not book.file.startswith(MARK):
            rule = f"a text says that it is simulated; then the name of the file must begin with {MARK}-"
            book.fault(rule, table.sheet, table.first + 1, value=text)
        if part := _PART.search(text):
            why = f"a text says {part[0]!r}: whole numbers of all offenders are needed"
            book.doubt(why, table.sheet, table.first + 1, value=text)
    for column in bare:
        named: set[object] = {*scan_cohorts(column.printed)[0], read_title(column.printed).stage}
        empty = not any(plain_text(cell_at(row, column.place)) for _, row in table.rows)
        if empty and named - {said.cohort, said.stage, ""}:
            rule = "names a cohort or a stage, and stands neither over the table nor over numbers"
            book.fault(rule, table.sheet, table.first + 1, column.printed)


def _layout(table: Table, book: Book) -> Layout:
    """Return the layout of a table: of baselines if everything in it is of the baseline, else of results."""
    wide = set(BASELINE_OF.values())
    kept = table.names & UNITS.keys()
    thresholds = [c.printed for c in table.columns if c.key and c.key.why == "a threshold"]
    said = any(read_title(text).baseline for text in (*table.titles, table.sheet))
    if kept <= wide or (thresholds and said and kept <= wide | BASELINE_OF.keys() and not kept & wide):
        return BASELINES
    if thresholds:
        rule = "a threshold, as beside baselines, but other columns are not said to be of 2011: nothing tells which"
        book.fault(f"{rule} it is", table.sheet, table.first + 1, thresholds[0])
    return RESULTS


def _check_columns(table: Table, layout: Layout, book: Book) -> None:
    """Find columns that are not understood, that are there twice, and a test that does not say of what."""
    seen, left = dict[object, str](), ""
    for column in table.columns:
        key = column.key
        if key and not _is_used(key.column, layout):
            book.set_aside(key.why or "not used here", table.sheet, table.first + 1, column.printed)
        elif key and key in seen:
            book.fault(f"means the same as {seen[key]!r}", table.sheet, table.first + 1, column.printed)
        bare = key and key.column == "significance" and "binary" not in column.printed.lower()
        both = (
            "adjusted_rate" not in table.names or {"frequency_difference", "baseline_frequency"} & table.names
        )
        if bare and left != "difference" and both:
            rule = "a test of the binary rate or of the frequency rate? Nothing tells"
            book.fault(rule, table.sheet, table.first + 1, column.printed)
        if key:
            seen[key], left = column.printed, key.column
    headers = {c.place: c.printed for c in table.columns}
    done = {c.place for c in table.columns if c.key}
    for number, row in table.rows:
        for place, cell in enumerate(row if _is_provider(cell_at(row, table.place("provider"))) else ()):
            if place not in done and plain_text(cell):
                done.add(place)
                why = (
                    "a column that is not understood"
                    if place in headers
                    else "a cell in a column without a header"
                )
                book.doubt(why, table.sheet, number, headers.get(place, ""), cell)


def _is_used(column: str, layout: Layout) -> bool:
    """Return whether a layout takes a column, under its own name or, in tables of baselines, as one of these."""
    if column in ("provider", "provider_type") or (column == "cohort" and layout is RESULTS):
        return True
    return column in layout.columns or (layout is BASELINES and column in BASELINE_OF.values())


def _is_provider(cell: object) -> bool:
    return bool(parse_provider(cell) or parse_provider(cell, "NPS"))


def _read_rows(
    table: Table, of_all: Cohort | None, named: Cohort | None, layout: Layout, book: Book
) -> list[Line]:
    """Read the rows under the headers of one cohort: of providers, headings and totals; none with numbers is lost."""
    columns = {
        c.key.column: c
        for c in table.columns
        if c.key and c.key.cohort == named and c.key.column in UNITS and _is_used(c.key.column, layout)
    }
    provider, typed, cohorts = (table.place(name) for name in ("provider", "provider_type", "cohort"))
    lines: list[Line] = []
    above: object = None
    kind, cohort = kind_of(table), of_all
    for number, row in table.rows:
        cells = {name: cell_at(row, column.place) for name, column in columns.items()}
        cell = cell_at(row, provider)
        if not {parse_number(c).state for name, c in cells.items() if UNITS[name] != "test"} & _SAYS:
            kind = _read_words(table, number, row, cells, of_all, book) or kind
            continue
        if cohorts is not None:
            cell = cell if plain_text(cell) or not plain_text(cell_at(row, cohorts)) else above
            cohort = _cohort_of(cell_at(row, cohorts), cohort, table, number, book)
        above = cell
        name = parse_provider(cell, kind_in(cell_at(row, typed)) or kind)
        if name is None and (of := total_of(cell)) is not None:
            name = Name(of, "total")
        if name is None:
            numbers = [parse_number(c).value for c in row if plain_text(c)]
            if numbers != list(range(1, len(numbers) + 1)):  # the numbers of the columns
                why = f"a row of numbers that names no provider{suggest_provider(cell)}"
                book.doubt(why, table.sheet, number, value=plain_text(cell) or joined(row) or "nobody")
            continue
        lines.append(Line(table.sheet, number, plain_text(cell), name, cohort, cells, columns, layout))
    return _settled(lines, book)


def _read_words(
    table: Table, number: int, row: Row, cells: Mapping[str, object], of_all: Cohort | None, book: Book
) -> str:
    """Read a row without numbers; return the kind of providers that it names as a heading of those below."""
    cell, texts = cell_at(row, table.place("provider")), {plain_text(c) for c in row if plain_text(c)}
    if _is_provider(cell) and total_of(cell) is None:
        if any(plain_text(c) and parse_number(c).state == "not understood" for c in cells.values()):
            book.doubt("a provider whose numbers are not understood", table.sheet, number, value=joined(row))
        else:
            book.set_aside("a provider without any number", table.sheet, number, value=cell)
    title = read_title(text := texts.pop()) if len(texts) == 1 else Title()
    if title.cohort and title.cohort != of_all:
        rule = "a heading inside the table names a cohort; such tables are not read, save each as a sheet"
        book.fault(rule, table.sheet, number, value=text)
    return kind_in(text) if title.clean else ""


def _cohort_of(cell: object, above: Cohort | None, table: Table, number: int, book: Book) -> Cohort | None:
    """Return the cohort that a cell of the column of cohorts names; of an empty one, that of the cell above."""
    title = read_title(plain_text(cell))
    if (title.cohort and not title.stage) or (above and not plain_text(cell)):
        return title.cohort or above
    rule = "no cohort of payment by results; it should be such as Oct-Dec 2015"
    book.fault(rule, table.sheet, number, "Cohort", plain_text(cell))
    return None


def _settled(lines: list[Line], book: Book) -> list[Line]:
    """Tell London and Wales, the CRCs, from the NPS divisions of that name: by the other providers of the table."""
    kinds = {line.name.kind for line in lines} - {"either", "total"}
    for line in lines:
        if line.name.kind == "either":
            line.name = line.name._replace(kind="CRC")
            if kinds != {"CRC"}:
                book.fault(_LONDON, line.sheet, line.number, value=line.name.provider)
    return lines
