"""Tables on the grid of a sheet: where their headers are, and of which cohort and stage they certainly are."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate, combinations, takewhile
from typing import NamedTuple

from tr_analysis.errors import Problem
from tr_analysis.official.layouts import NAMED, RESULTS, TITLE, UNITS, Layout, meaning, read_title
from tr_analysis.official.parsing import (
    Cohort,
    is_provider,
    kind_in,
    parse_number,
    parse_provider,
    plain_text,
)
from tr_analysis.official.workbooks import Sheet

Row = Sequence[object]
_DEEPEST, _WIDEST = 3, 200  # rows of a header, and columns
_HIGHEST = 100  # rows among which providers that stand across are looked for
_ACROSS = 2  # providers side by side, and measures below each other, that make a table to be turned
_HINT = re.compile(r"offen|rate|cohort|baseline|threshold|signif|differ|binary|frequency", re.IGNORECASE)
_BOTH = "titles, the name of the sheet or the list of official files say both interim and final; nothing tells which"


class Column(NamedTuple):
    """A column of a table: its place from 0, what it holds (see `meaning`), and its header."""

    place: int
    key: str
    printed: str


@dataclass
class Book:
    """A file that is read: what is known of it besides its sheets, and what is found."""

    file: str
    sheets: Sequence[Sheet]
    release: str = ""  # year and month of its publication, where that is known
    stage: str = ""  # where the register knows it
    answers: Mapping[str, str] = field(default_factory=dict)  # cohorts that the user named, by sheet or ""
    problems: list[Problem] = field(default_factory=list)
    asides: list[Problem] = field(default_factory=list)  # what no tidy table holds

    def __post_init__(self) -> None:
        """Turn the sheets whose providers stand across, so that all that follows sees one shape."""
        self.sheets = [upright(sheet) for sheet in self.sheets]
        self.found = [(sheet, find_tables(self, sheet)) for sheet in self.sheets if not sheet.hidden]

    def fault(
        self,
        rule: str,
        sheet: Sheet,
        row: int,
        column: str = "",
        value: object = None,
        *,
        aside: bool = False,
    ) -> None:
        """Keep a fault, to be raised with the others when the file was read, or why something is set aside."""
        at = across(sheet, row)
        where = ", ".join(text for text in (letters(at) if at else "", short(column)) if text)
        place, shown = f"{self.file}, sheet {short(sheet.name)!r}", None if value is None else short(value)
        kept = self.asides if aside else self.problems
        kept.append(Problem(place, rule, None if at else row, where or None, shown))


@dataclass(eq=False)
class Table:
    """One table of a sheet: its header's first and last row (from 0), the texts above it, and its rows (from 1)."""

    book: Book
    sheet: Sheet
    first: int
    last: int
    columns: tuple[Column, ...]
    titles: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()  # texts above it that stand over some columns only
    rows: Sequence[tuple[int, Row]] = ()
    layout: Layout = RESULTS
    cohort: Cohort | None = None  # where it has one for all of its rows
    stage: str = ""

    @cached_property
    def headers(self) -> dict[str, str]:
        """The header of each thing that it holds."""
        return {column.key: column.printed for column in self.columns}

    @property
    def keys(self) -> list[str]:
        """What its columns hold, but for those set aside."""
        return [column.key for column in self.columns if column.key in NAMED]

    @property
    def worth(self) -> tuple[int, int, int]:
        """How well its header is understood: columns, those not kept, and how short it is."""
        asides = sum(bool(column.key) for column in self.columns) - len(self.keys)
        return 3 * len(set(self.keys)) - 2 * len(self.keys), asides, self.first - self.last

    @cached_property
    def clean(self) -> list[str]:
        """Its titles and the name of its sheet, but for notes."""
        return [text for text in (*self.titles, self.sheet.name) if read_title(text).clean]

    @property
    def kind(self) -> str:
        """The kind of providers that header, titles and name of the sheet agree on, or nothing."""
        header = next(column.printed for column in self.columns if column.key == "provider")
        said = {kind_in(text) for text in (header, *self.clean, self.sheet.name)} - {""}
        return said.pop() if len(said) == 1 else ""

    @property
    def revised(self) -> bool:
        """Whether it calls itself so."""
        return any(map(TITLE["revised"].search, self.clean))

    def place(self, key: str) -> int | None:
        """Return where a column is."""
        return next((column.place for column in self.columns if column.key == key), None)

    def fault(
        self, why: str, row: int = 0, column: str = "", value: object = None, aside: bool = False
    ) -> None:
        """Keep a fault of a row, or else of the header, or why it is set aside."""
        self.book.fault(why, self.sheet, row or self.first + 1, column, value, aside=aside)


def short(value: object, most: int = 120) -> str:
    """Write a value in one line of bounded length that no spreadsheet takes for a formula."""
    text = " ".join(str(value).split())
    text = f"'{text}" if text.startswith(tuple("=+@\uff1d\uff0b\uff20")) else text
    return text if len(text) <= most else text[: most - 1] + "…"


def cell_at(row: Row, place: int | None) -> object:
    """Return a cell; None where the row is shorter."""
    return row[place] if place is not None and place < len(row) else None


def joined(row: Row) -> str:
    """Return the texts of a row as one."""
    return " ".join(plain_text(cell) for cell in row[:40] if isinstance(cell, str) and cell.strip())


def letters(number: int) -> str:
    """Return what a spreadsheet calls a column: ``A`` for 1, ``AB`` for 28."""
    more, last = divmod(number - 1, 26)
    return f"{letters(more) if more else ''}{chr(ord('A') + last)}"


def across(sheet: Sheet, row: int) -> int:
    """Return the column, from 1, that became a row of a sheet that was turned; else 0."""
    return max(row - sheet.turned + 1, 0) if sheet.turned else 0


def place_of(sheet: Sheet, first: int, last: int = 0) -> str:
    """Name a row of a sheet, or some, as they stand in the file."""
    at = across(sheet, first)
    names = [letters(across(sheet, n)) if at else str(n) for n in (first, last) if n]
    return f"{'column' if at else 'row'}{'s' * (len(names) - 1)} {' to '.join(names)} of sheet {short(sheet.name)!r}"


def upright(sheet: Sheet) -> Sheet:
    """Return a sheet whose providers stand across with them below each other, as all others have them.

    The titles above stay, what is left of the providers names the measures and becomes the header, and notes below
    are left away. Nothing is turned where texts stand right above some providers only, such as their kind.
    """
    for top, row in enumerate(sheet.rows[:_HIGHEST]):
        places = [i for i, cell in enumerate(row) if is_provider(cell)]
        if len(places) < _ACROSS:
            continue
        first = places[0]  # only the first such row is looked at
        filled = [n for n, below in enumerate(sheet.rows) if n > top and any(map(plain_text, below[first:]))]
        below = sheet.rows[top + 1 : max(filled, default=top) + 1]
        named = {meaning(" ".join(map(plain_text, labels[:first]))) for labels in below} & UNITS.keys()
        numbers = any(parse_number(cell).value is not None for cell in row)
        over = takewhile(joined, reversed(sheet.rows[:top]))  # the rows right above
        if len(named) < _ACROSS or numbers or any(any(map(plain_text, line[first + 1 :])) for line in over):
            break
        corner = [cell if meaning(plain_text(cell)) == "provider" else None for cell in row[:first]]
        columns = map(list, zip([*corner, *row[first:]], *below, strict=True))
        return Sheet(sheet.name, [*sheet.rows[:top], *columns], sheet.hidden, top + 1)
    return sheet


def find_tables(book: Book, sheet: Sheet) -> list[Table]:
    """Split a sheet at its headers: each table has the titles above it, and its rows end with the last of numbers."""
    tables: list[Table] = []
    start = above = 0
    while start < len(sheet.rows):
        if table := _header_at(book, sheet, start):
            tables.append(table)
        start = table.last + 1 if table else start + 1
    for i, table in enumerate(tables):
        left = table.columns[1].place + 1  # what stands right of it is about some columns, and no title
        texts = [(any(map(plain_text, row[:left])), joined(row)) for row in sheet.rows[above : table.first]]
        table.titles = tuple(text for at_left, text in texts if text and at_left)
        table.beside = tuple(text for at_left, text in texts if text and not at_left)
        if i and not any(text for _, text in texts):
            table.titles = tables[i - 1].titles
        end = tables[i + 1].first if i + 1 < len(tables) else len(sheet.rows)
        body = list(enumerate(sheet.rows[table.last + 1 : end], table.last + 2))
        numbers = [n for n, row in body if sum(parse_number(c).value is not None for c in row) > 1]
        above, names = max(numbers, default=table.last + 1), table.place("provider")
        table.rows = [(n, row) for n, row in body if n <= above or parse_provider(cell_at(row, names))]
    return tables


def _header_at(book: Book, sheet: Sheet, start: int) -> Table | None:
    """Return the header that begins in a row or, where that is a title of it, just below; None if none does."""
    lines: list[Row] = []
    for row in sheet.rows[start : start + _DEEPEST]:
        cells = [cell for cell in row[:_WIDEST] if cell is not None and cell != ""]
        if not cells or not all(map(_is_label, cells)):
            break
        lines.append(row)
    if not any(_HINT.search(c) for row in lines for c in row if isinstance(c, str)):
        return None
    titles = [bool(read_title(joined(line)).cohort) for line in lines]
    tables = [
        Table(
            book,
            sheet,
            start + first,
            start + end - 1,
            _columns(sheet.rows, start + end, lines[first:end], spread),
        )
        for first, end in combinations(range(len(lines) + 1), 2)
        for spread in (False, True)
        if not any(titles[first:end])
    ]
    found = [t for t in tables if "provider" in t.keys and len({*t.keys} & {"cohort", *UNITS}) > 1]
    return max(found, key=lambda table: table.worth, default=None)


def _is_label(cell: object) -> bool:
    """Return whether a cell can be part of a header: a text that is no number, or the year of the baselines."""
    return cell == 2011 or (isinstance(cell, str) and parse_number(cell).value is None)


def _columns(rows: Sequence[Row], below: int, lines: Sequence[Row], spread: bool) -> tuple[Column, ...]:
    """Match the header that some rows would make, all but the last spread over empty cells as merged ones are.

    A column of providers may lack a header: it is the one left of the numbers that names them.
    """
    if spread:
        lines = [*(list(accumulate(line, _carry)) for line in lines[:-1]), lines[-1]]
    columns: list[Column] = []
    for place in range(min(max(map(len, lines)), _WIDEST)):
        parts = dict.fromkeys(str(c)[:300] for line in lines if plain_text(c := cell_at(line, place)))
        cells = [] if parts or columns else [cell_at(row, place) for row in rows[below : below + 59]]
        if parts:
            columns.append(Column(place, meaning(" ".join(parts)), " / ".join(map(plain_text, parts))))
        elif sum(parse_provider(cell) is not None for cell in cells) > 1:
            columns.append(Column(place, "provider", ""))
    return tuple(columns)


def _carry(left: object, cell: object) -> object:
    return cell if plain_text(cell) else left


def settle(table: Table, *, needed: bool) -> None:
    """Give a table its cohort and stage; a cohort that is not certain is a fault where one is needed.

    It is certain where a title calls it the cohort, where two places name it (titles, the name of the sheet), or
    where the user does.
    """
    answers, sheet = table.book.answers, table.sheet.name
    titles = [read_title(text) for text in (*table.titles, sheet)]
    answer = read_title(answers.get(sheet) or answers.get("") or "")
    said = [title.cohort for title in titles if title.cohort]
    called = any(title.cohort and title.names_cohort for title in titles[:-1])
    certain = len(set(said)) == 1 and (called or len(said) > 1)
    names = " and ".join(cohort.name for cohort in sorted(set(said)))
    if needed and answer.cohort and certain and answer.cohort not in said:
        rule = f"title and name of the sheet say {names}, not {answer.cohort.name}; say --cohort SHEET=COHORT"
        table.fault(rule)
    elif needed and not answer.cohort and not certain:
        why = f"not certain, {names} without being called the cohort" if said else "not said"
        hint = f'--cohort "{sheet}={names if len(set(said)) == 1 else "Oct-Dec 2015"}"'
        table.fault(f"the cohort is {why}; look it up, and add {hint} with the right one")
    stages = {table.book.stage, answer.stage, *(title.stage for title in titles)} - {""}
    if len(stages) > 1:
        table.fault(_BOTH)
    table.cohort, table.stage = answer.cohort or next(iter(said), None), "".join(stages)
