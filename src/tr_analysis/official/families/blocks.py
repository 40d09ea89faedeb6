"""A sheet as blocks: a header, the titles above it, and the rows below it down to the next header."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

from tr_analysis.official.families.reading import NotUnderstood, short
from tr_analysis.official.words.cells import parse_number, plain_text
from tr_analysis.official.words.headers import Header, Meaning, Row, find_headers

_TITLE_ROWS = 40
UNKNOWN = "a column of no known meaning"


class SheetLike(Protocol):
    """A sheet as `grid.read_sheets` gives it."""

    @property
    def name(self) -> str:
        """Name of the sheet."""
        ...

    @property
    def rows(self) -> Sequence[Row]:
        """Cells, row by row."""
        ...


class Block(NamedTuple):
    """One table of a sheet.

    Attributes
    ----------
    file, sheet
        Where it is.
    header
        Its header.
    titles
        Texts above the header, the nearest first.
    first, rows
        Number of the first row below the header, from 1, and those rows.
    """

    file: str
    sheet: str
    header: Header
    titles: tuple[str, ...]
    first: int
    rows: Sequence[Row]

    def numbered(self) -> Iterator[tuple[int, Row]]:
        """Yield the rows below the header with their numbers, empty ones left out."""
        for number, row in enumerate(self.rows, start=self.first):
            if any(cell is not None and cell != "" for cell in row):
                yield number, row

    def note(self, row: int | None, header: str, value: object, why: str) -> NotUnderstood:
        """Return the report of something in this block that was not understood."""
        return NotUnderstood(self.file, self.sheet, row, short(header), short(plain_text(value)), why)


def blocks(sheet: SheetLike, file: str, meaning: Meaning, least: int = 3) -> list[Block]:
    """Split a sheet at its headers.

    Parameters
    ----------
    sheet
        The sheet.
    file
        Name of its file.
    meaning
        What a normalised header means.
    least
        Fewest known columns that make a row a header.
    """
    headers = find_headers(sheet.rows, meaning, least)
    found = []
    above = 0
    for i, header in enumerate(headers):
        end = headers[i + 1].first if i + 1 < len(headers) else len(sheet.rows)
        body = sheet.rows[header.last + 1 : end]
        found.append(
            Block(file, sheet.name, header, _titles(sheet.rows[above : header.first]), header.last + 2, body)
        )
        last = next((k for k in reversed(range(len(body))) if _numbers(body[k]) > 1), -1)
        above = header.last + 2 + last
    return found


def _titles(rows: Sequence[Row]) -> tuple[str, ...]:
    """Return the texts of the rows above a header, the nearest first."""
    texts = (" ".join(filter(None, (plain_text(c) for c in row[:40] if isinstance(c, str)))) for row in rows)
    return tuple(t for t in list(texts)[::-1][:_TITLE_ROWS] if t)


def _numbers(row: Row) -> int:
    """Count the cells of a row that hold a number."""
    return sum(parse_number(cell).value is not None for cell in row if cell is not None and cell != "")


def unread(sheet: SheetLike, file: str, why: str) -> list[NotUnderstood]:
    """Report a sheet of which nothing was read, if it holds numbers: one entry, at the first of them."""
    for number, row in enumerate(sheet.rows, start=1):
        for cell in row:
            if isinstance(cell, (int, float)) and not isinstance(cell, bool):
                return [NotUnderstood(file, sheet.name, number, "", short(cell), why)]
            if isinstance(cell, str) and len(cell) < 30 and parse_number(cell).value is not None:
                return [NotUnderstood(file, sheet.name, number, "", short(cell), why)]
    return []


def cell_at(row: Row, index: int) -> object:
    """Return a cell; None where the row is shorter."""
    return row[index] if index < len(row) else None


def unknown_columns(block: Block, names: int | None = None) -> list[NotUnderstood]:
    """Report each column but that of names that has no known meaning, with its first value."""
    out = []
    for column in block.header.columns:
        if column.key is not None or column.place == names:
            continue
        for number, row in block.numbered():
            cell = cell_at(row, column.place)
            if cell is not None and plain_text(cell):
                out.append(block.note(number, column.printed, cell, UNKNOWN))
                break
    return out


def nameless_columns(
    block: Block, rows: Sequence[tuple[int, Row]], names: int | None = None
) -> list[NotUnderstood]:
    """Report numbers in columns without a header but that of names, one entry a column."""
    known = {column.place for column in block.header.columns} | {names}
    out = []
    seen: set[int] = set()
    for number, row in rows:
        for index, cell in enumerate(row):
            if index in known or index in seen or cell is None or parse_number(cell).value is None:
                continue
            seen.add(index)
            out.append(block.note(number, "", cell, f"a number in column {index + 1}, which has no header"))
    return out
