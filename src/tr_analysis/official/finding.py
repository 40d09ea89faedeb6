"""Tables on the grid of a sheet: each found by its layout, wherever it stands, with its header, titles and rows."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from tr_analysis.errors import DataError, Problem
from tr_analysis.official.layouts import Key, Layout, meaning, measure_of
from tr_analysis.official.parsing import parse_number, parse_provider, plain_text
from tr_analysis.official.workbooks import Sheet

Row = Sequence[object]
_LEAST = 3  # known columns that make a row a header
_DEEPEST = 400  # rows in which a header is looked for before a sheet is given up
_WIDEST = 120


class NotUnderstood(NamedTuple):
    """One thing found in a file that the tidy tables do not hold: where it is, as printed, and why."""

    file: str
    sheet: str
    row: int | None
    header: str
    value: str
    why: str


class _Column(NamedTuple):
    place: int
    key: Key | None
    printed: str


class _Header(NamedTuple):
    """A header: its first and last row, from 0, and every column with a text in it."""

    first: int
    last: int
    columns: tuple[_Column, ...]

    @property
    def places(self) -> dict[Key, int]:
        return {c.key: c.place for c in self.columns if c.key}

    @property
    def twice(self) -> list[_Column]:
        before = [{c.key for c in self.columns[:i]} for i in range(len(self.columns))]
        return [c for c, seen in zip(self.columns, before, strict=True) if c.key and c.key in seen]

    @property
    def worth(self) -> tuple[int, int]:
        return len(self.places) - 2 * len(self.twice), self.first - self.last


class Table(NamedTuple):
    """One table of a sheet: its header, the texts above it (the nearest first) and its rows that are not empty."""

    layout: Layout
    file: str
    sheet: str
    header: _Header
    titles: tuple[str, ...]
    rows: Sequence[tuple[int, Row]]
    notes: list[NotUnderstood]

    @property
    def columns(self) -> set[str]:
        """The columns that the header names, of whatever band."""
        return {key.column for key in self.header.places}

    def printed(self, column: str) -> str:
        """Return the header of a column as printed."""
        columns = [c for c in self.header.columns if c.key and c.key.column == column]
        return short(columns[0].printed) if columns else column

    def text(self, number: int) -> str:
        """Return the texts of a row as one."""
        return " ".join(map(plain_text, _texts(dict(self.rows)[number])))

    def note(self, row: int, header: str, value: object, why: str) -> None:
        """Report something that is not understood."""
        found = NotUnderstood(self.file, self.sheet, row, short(header), short(plain_text(value)), why)
        self.notes.append(found)

    def fault(
        self, rule: str, row: int | None = None, column: str | None = None, value: object = None
    ) -> DataError:
        """Return the error of one fault; by default it is one of the header."""
        place, shown = f"{self.file}, sheet {self.sheet!r}", None if value is None else short(value)
        return DataError([Problem(place, rule, row or self.header.last + 1, column, shown)])


def short(value: object, most: int = 120) -> str:
    """Write a value in one line of bounded length."""
    text = " ".join(str(value).split())
    return text if len(text) <= most else text[: most - 1] + "…"


def _texts(row: Row) -> list[str]:
    return [cell for cell in row[:40] if isinstance(cell, str) and cell.strip()]


def cell_at(row: Row, place: int | None) -> object:
    """Return a cell; None where the row is shorter."""
    return row[place] if place is not None and place < len(row) else None


def find_tables(sheet: Sheet, file: str, layout: Layout, notes: list[NotUnderstood]) -> list[Table]:
    """Split a sheet at its headers: each table has the titles above it and the rows down to the next header."""
    headers = _headers(sheet.rows, layout)
    found, above = [], 0
    ends = [*(following.first for following in headers[1:]), len(sheet.rows)]
    for header, end in zip(headers, ends, strict=bool(headers)):
        rows = [
            (number, row)
            for number, row in enumerate(sheet.rows[header.last + 1 : end], start=header.last + 2)
            if any(cell is not None and cell != "" for cell in row)
        ]
        texts = [" ".join(map(plain_text, _texts(row))) for row in sheet.rows[above : header.first]]
        titles = tuple(filter(None, texts[::-1][:40]))
        own = _by_measure(header, layout, f"{sheet.name} {titles[:1]}")
        found.append(Table(layout, file, sheet.name, own, titles, rows, notes))
        numbers = [n for n, row in rows if sum(parse_number(c).value is not None for c in row) > 1]
        above = max(numbers, default=header.last + 1)
    return found


def _headers(rows: Sequence[Row], layout: Layout) -> list[_Header]:
    """Find every header: of the ways to read a place, the one with the most known columns, then the shortest."""
    found: list[_Header] = []
    start = misses = 0
    while start < len(rows) and misses < _DEEPEST:
        header = _best_at(rows, start, layout)
        if header is None or len(header.places) < _LEAST:
            start, misses = start + 1, misses + 1
            continue
        while header.last > header.first:  # a title above a header is none of it
            inner = _best_at(rows, header.first + 1, layout)
            if inner is None or not _better_without(rows[header.first], header, inner):
                break
            header = inner
        found.append(header)
        start, misses = header.last + 1, 0
    return found


def _best_at(rows: Sequence[Row], start: int, layout: Layout) -> _Header | None:
    """Return the best reading of a header that starts in a row: one row, or two or three joined, also if merged."""
    if start >= len(rows) or not any(isinstance(c, str) and c.strip() for c in rows[start][:_WIDEST]):
        return None
    found = []
    for depth in (1, 2, 3):
        if start + depth > len(rows) or (depth > 1 and not _may_continue(rows[start + depth - 1])):
            break
        lines = rows[start : start + depth]
        found.append(_header(lines, start, layout))
        if depth > 1:
            found.append(_header([*map(_spread, lines[:-1]), lines[-1]], start, layout))
    return max(found, key=lambda header: header.worth)


def _header(lines: Sequence[Row], start: int, layout: Layout) -> _Header:
    """Match the header that stands in some rows, without asking whether it is one."""
    columns = []
    for place in range(min(max(map(len, lines)), _WIDEST)):
        parts = [cell for line in lines if _is_label(cell := cell_at(line, place))]
        texts = list(dict.fromkeys(str(part)[:300] for part in parts))
        if texts:
            printed = " / ".join(map(plain_text, texts))
            columns.append(_Column(place, meaning(layout, " ".join(texts)), printed))
    return _Header(start, start + len(lines) - 1, tuple(columns))


def _better_without(upper: Row, whole: _Header, inner: _Header) -> bool:
    """Return whether a header is better read without its first row: a single text at its left is a title."""
    labels = [i for i, cell in enumerate(upper[:_WIDEST]) if plain_text(cell)]
    if len(labels) == 1 and inner.columns and labels[0] <= inner.columns[0].place and len(inner.places) > 1:
        return True
    if inner.worth[0] != whole.worth[0]:
        return inner.worth[0] > whole.worth[0]
    return inner.places == whole.places or max(len(plain_text(cell)) for cell in upper[:_WIDEST]) > 60


def _is_label(cell: object) -> bool:
    """Return whether a cell can be part of a header: text, or a year."""
    if isinstance(cell, str):
        return bool(cell.strip())
    return isinstance(cell, (int, float)) and cell == cell and 1990 <= cell <= 2040 and cell == int(cell)


def _may_continue(row: Row) -> bool:
    """Return whether a row can be a further one of a header: labels, hardly a number among them, not only marks."""
    cells = [cell for cell in row[:_WIDEST] if cell is not None and cell != ""]
    numbers = [v for cell in cells if (v := parse_number(cell).value) is not None and not _is_label(v)]
    texts = [cell for cell in cells if isinstance(cell, str)]
    marks = all(re.fullmatch(r"[\d.,%\s*~+-]+", str(cell)) for cell in cells)
    return bool(texts) and all(map(_is_label, cells)) and 3 * len(numbers) <= len(texts) and not marks


def _spread(row: Row) -> list[object]:
    """Carry each text over the empty cells to its right, as a merged cell shows it."""
    filled: list[object] = []
    last: object = None
    for cell in row[:_WIDEST]:
        empty = cell is None or cell == ""
        last = last if empty else cell if isinstance(cell, str) and cell.strip() else None
        filled.append(last if empty else cell)
    return filled


def _by_measure(header: _Header, layout: Layout, title: str) -> _Header:
    """Make a bare "difference" or "baseline" one of the frequency rate where it stands by it.

    Under a header or a title that names the frequency rate and not the binary one, and in the columns that follow
    the frequency rate where the same words stood before, they speak of the frequency rate.
    """
    own = [measure_of(layout, c.key.column, c.printed) if c.key else "" for c in header.columns]
    titled = "frequency" in title.lower() and "binary" not in title.lower()
    alone = "binary" not in own and ("frequency" in own or titled)
    columns, by, seen = [], "", set()
    for column, measure in zip(header.columns, own, strict=True):
        by = measure or by
        again, key = column.key in seen, column.key
        seen.add(key)
        if key and key.column in layout.twins and not measure and (alone or (by == "frequency" and again)):
            column = column._replace(key=key._replace(column=layout.twins[key.column]))
        columns.append(column)
    return header._replace(columns=tuple(columns))


def provider_place(table: Table) -> int | None:
    """Return the place of the column of providers: by its header, else the one whose cells name them."""
    places = table.header.places
    if (place := places.get(Key("provider"))) is not None:
        return place
    named = {
        place: sum(parse_provider(cell_at(row, place)) is not None for _, row in table.rows)
        for place in sorted(set(range(12)) - set(places.values()))
    }
    best = max(named, key=lambda place: named[place], default=0)
    return best if named.get(best, 0) >= 2 else places.get(Key("area_code"))


def recognises(layout: Layout, sheets: Sequence[Sheet]) -> bool:
    """Return whether a sheet has a table of a layout."""
    for sheet in sheets:
        for table in find_tables(sheet, "", layout, []):
            said = " ".join([*table.titles, sheet.name, *(c.printed for c in table.header.columns)]).lower()
            told = table.columns & layout.outcomes and not table.columns & {"reoffenders", "reoffences"}
            own = table.columns & layout.marks or (told and re.search(layout.said, said))
            if not own or re.search(layout.foreign, said):
                continue
            if provider_place(table) is not None or "eligible" in table.columns:
                return True
    return False
