"""Tables on the grid of a sheet: where their headers are, and of which cohort and stage they certainly are."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, takewhile
from typing import NamedTuple

from tr_analysis.errors import Problem
from tr_analysis.official.layouts import NAMED, UNITS, Title, meaning, read_title
from tr_analysis.official.parsing import Cohort, kind_in, parse_number, parse_provider, plain_text
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

    def across(self, sheet: str, row: int) -> int:
        """Return the column, from 1, that became a row of a sheet that was turned; else 0."""
        turned = next((found.turned for found in self.sheets if found.name == sheet), 0)
        return max(row - turned + 1, 0) if turned else 0

    def place(self, sheet: str, first: int, last: int = 0) -> str:
        """Name a row of a sheet, or some, as they stand in the file."""
        word = "column" if self.across(sheet, first) else "row"
        names = [letters(self.across(sheet, n)) if word == "column" else str(n) for n in (first, last) if n]
        return f"{word}{'s' * (len(names) - 1)} {' to '.join(names)} of sheet {short(sheet)!r}"

    def fault(self, rule: str, sheet: str, row: int, column: str = "", value: object = None) -> None:
        """Keep a fault; it is raised with the others when the file was read."""
        place, shown = f"{self.file}, sheet {short(sheet)!r}", None if value is None else short(value)
        at = self.across(sheet, row)
        where = ", ".join(text for text in (letters(at) if at else "", short(column)) if text)
        self.problems.append(Problem(place, rule, None if at else row, where or None, shown))

    def set_aside(self, why: str, sheet: str, row: int, column: str = "", value: object = None) -> None:
        """Keep what no tidy table holds, with the reason."""
        self.fault(why, sheet, row, column, value)
        self.asides.append(self.problems.pop())


@dataclass
class Table:
    """One table of a sheet: its header's first and last row (from 0), the texts above it, and its rows (from 1)."""

    sheet: str
    first: int
    last: int
    columns: tuple[Column, ...]
    titles: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()  # texts above it that stand over some columns only
    rows: Sequence[tuple[int, Row]] = ()

    @property
    def keys(self) -> list[str]:
        """What its columns hold, but for those set aside."""
        return [column.key for column in self.columns if column.key in NAMED]

    @property
    def worth(self) -> tuple[int, int, int]:
        """How well its header is understood: columns, those not kept, and how short it is."""
        asides = sum(bool(column.key) for column in self.columns) - len(self.keys)
        return 3 * len(set(self.keys)) - 2 * len(self.keys), asides, self.first - self.last

    @property
    def kind(self) -> str:
        """The kind of providers that header, titles and name of the sheet agree on, or nothing."""
        header = next(column.printed for column in self.columns if column.key == "provider")
        titles = [text for text in self.titles if read_title(text).clean]
        said = {kind_in(text) for text in (header, *titles, self.sheet)} - {""}
        return said.pop() if len(said) == 1 else ""

    def place(self, key: str) -> int | None:
        """Return where a column is."""
        return next((column.place for column in self.columns if column.key == key), None)


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


def upright(sheet: Sheet) -> Sheet:
    """Return a sheet whose providers stand across with them below each other, as all others have them.

    The titles above stay, what is left of the providers names the measures and becomes the header, and notes below
    are left away. Nothing is turned where texts stand right above some providers only, such as their kind.
    """
    for top, row in enumerate(sheet.rows[:_HIGHEST]):
        places = [i for i, cell in enumerate(row) if parse_provider(cell) or parse_provider(cell, "NPS")]
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


def find_tables(sheet: Sheet) -> list[Table]:
    """Split a sheet at its headers: each table has the titles above it, and its rows end with the last of numbers."""
    tables: list[Table] = []
    start = above = 0
    while start < len(sheet.rows):
        if table := _header_at(sheet, start):
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


def _header_at(sheet: Sheet, start: int) -> Table | None:
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
        _header(sheet, start + first, lines[first:end], spread)
        for first, end in combinations(range(len(lines) + 1), 2)
        for spread in (False, True)
        if not any(titles[first:end])
    ]
    found = [t for t in tables if "provider" in t.keys and len({*t.keys} & {"cohort", *UNITS}) > 1]
    return max(found, key=lambda table: table.worth, default=None)


def _is_label(cell: object) -> bool:
    """Return whether a cell can be part of a header: a text that is no number, or the year of the baselines."""
    return cell == 2011 or (isinstance(cell, str) and parse_number(cell).value is None)


def _header(sheet: Sheet, first: int, lines: Sequence[Row], spread: bool) -> Table:
    """Match the header that some rows would make, all but the last spread over empty cells as merged ones are.

    A column of providers may lack a header: it is the one left of the numbers that names them.
    """
    last = first + len(lines) - 1
    lines = [*map(_spread, lines[:-1]), lines[-1]] if spread else lines
    columns: list[Column] = []
    for place in range(min(max(map(len, lines)), _WIDEST)):
        parts = dict.fromkeys(str(c)[:300] for line in lines if plain_text(c := cell_at(line, place)))
        cells = [] if parts or columns else [cell_at(r, place) for r in sheet.rows[last + 1 : last + 60]]
        if parts:
            columns.append(Column(place, meaning(" ".join(parts)), " / ".join(map(plain_text, parts))))
        elif sum(parse_provider(cell) is not None for cell in cells) > 1:
            columns.append(Column(place, "provider", ""))
    return Table(sheet.name, first, last, tuple(columns))


def _spread(row: Row) -> list[object]:
    """Carry each text over the empty cells to its right, as a merged cell shows it."""
    filled: list[object] = []
    for cell in row[:_WIDEST]:
        filled.append(filled[-1] if filled and not plain_text(cell) else cell)
    return filled


class Said(NamedTuple):
    """What a file, or the user, says of a whole table."""

    cohort: Cohort | None
    stage: str


def said_of(table: Table, book: Book, *, needed: bool) -> Said:
    """Return the cohort and the stage of a table; a cohort that is not certain is a fault where one is needed.

    It is certain where a title calls it the cohort, where two places name it (titles, the name of the sheet), or
    where the user does.
    """
    titles, name = [read_title(text) for text in table.titles], read_title(table.sheet)
    answer = read_title(book.answers.get(table.sheet) or book.answers.get("") or "")
    said = [title.cohort for title in (*titles, name) if title.cohort]
    called = any(title.cohort and title.names_cohort for title in titles)
    certain = len(set(said)) == 1 and (called or len(said) > 1)
    names, rule = " and ".join(cohort.name for cohort in sorted(set(said))), ""
    if needed and answer.cohort and certain and answer.cohort not in said:
        rule = f"title and name of the sheet say {names}, not {answer.cohort.name}; say --cohort SHEET=COHORT"
    elif needed and not answer.cohort and not certain:
        why = f"not certain, {names} without being called the cohort" if said else "not said"
        hint = f'--cohort "{table.sheet}={names if len(set(said)) == 1 else "Oct-Dec 2015"}"'
        rule = f"the cohort is {why}; look it up, and add {hint} with the right one"
    stages = {t.stage for t in (*titles, name, Title(stage=book.stage), answer)} - {""}
    for fault in (rule, _BOTH if len(stages) > 1 else ""):
        if fault:
            book.fault(fault, table.sheet, table.first + 1)
    return Said(answer.cohort or next(iter(said), None), "".join(stages))
