"""Tables on the grid of a sheet: where their headers are, and of which cohort and stage they certainly are."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from tr_analysis.errors import Problem
from tr_analysis.official.layouts import UNITS, Key, Title, meaning, normalise, read_title
from tr_analysis.official.parsing import (
    Cohort,
    kind_in,
    parse_number,
    parse_provider,
    plain_text,
    scan_cohorts,
)
from tr_analysis.official.workbooks import Sheet

Row = Sequence[object]
_DEEPEST, _WIDEST = 3, 200  # rows of a header, and columns
_ACROSS = 2  # providers side by side, and measures below each other, that make a table to be turned
_HIGHEST = 100  # rows among which the providers of such a table stand
_NOTE = "note: "  # makes of a text none that is read as a title
_HINT = re.compile(r"offen|rate|cohort|baseline|threshold|signif|differ|binary|frequency", re.IGNORECASE)
_BOTH = "titles, the name of the sheet or the list of official files say both interim and final"


class Column(NamedTuple):
    """A column of a table: its place from 0, what it holds, and its header."""

    place: int
    key: Key | None
    printed: str


class Aside(NamedTuple):
    """One thing of a file that no tidy table holds: where it is, as printed, and why."""

    file: str
    sheet: str
    row: int | None
    header: str
    value: str
    why: str


@dataclass
class Book:
    """A file that is read: what is known of it besides its sheets, and what is found."""

    file: str
    sheets: Sequence[Sheet]
    release: str = ""  # year and month of its publication, where that is known
    stage: str = ""  # where the register knows it
    answers: Mapping[str, str] = field(
        default_factory=dict
    )  # cohorts named by the user, by sheet; "" for all
    lenient: bool = False  # whether what is not understood is set aside
    problems: list[Problem] = field(default_factory=list)
    asides: list[Aside] = field(default_factory=list)

    def fault(self, rule: str, sheet: str, row: int, column: str = "", value: object = None) -> None:
        """Keep a fault; it is raised with the others when the file was read."""
        place, shown = f"{self.file}, sheet {sheet!r}", None if value is None else short(value)
        self.problems.append(Problem(place, rule, row, short(column) or None, shown))

    def doubt(self, why: str, sheet: str, row: int, column: str = "", value: object = None) -> None:
        """Keep what is not understood: a fault, unless the user is content to have it set aside."""
        if self.lenient:
            self.set_aside(why, sheet, row, column, value)
        else:
            self.fault(f"{why}; add --lenient to set aside what is not understood", sheet, row, column, value)

    def set_aside(self, why: str, sheet: str, row: int, column: str = "", value: object = None) -> None:
        """Keep what no tidy table holds."""
        self.asides.append(Aside(self.file, sheet, row, short(column), short(plain_text(value)), why))


@dataclass
class Table:
    """One table of a sheet: its header's first and last row (from 0), the texts above it, and its rows (from 1)."""

    sheet: str
    first: int
    last: int
    columns: tuple[Column, ...]
    titles: tuple[str, ...] = ()
    rows: Sequence[tuple[int, Row]] = ()

    @property
    def names(self) -> set[str]:
        """What its columns hold, of whatever cohort."""
        return {c.key.column for c in self.columns if c.key and c.key.column != "aside"}

    @property
    def worth(self) -> tuple[int, int, int]:
        """How well its header is understood: columns, those not kept, and how short it is."""
        keys = [c.key for c in self.columns if c.key and c.key.column != "aside"]
        asides = sum(bool(c.key) for c in self.columns) - len(keys)
        return 3 * len(set(keys)) - 2 * len(keys), asides, self.first - self.last

    def place(self, column: str) -> int | None:
        """Return where a column without a cohort is."""
        return next((c.place for c in self.columns if c.key == Key(column)), None)


def short(value: object, most: int = 120) -> str:
    """Write a value in one line of bounded length."""
    text = " ".join(str(value).split())
    return text if len(text) <= most else text[: most - 1] + "…"


def cell_at(row: Row, place: int | None) -> object:
    """Return a cell; None where the row is shorter."""
    return row[place] if place is not None and place < len(row) else None


def joined(row: Row) -> str:
    """Return the texts of a row as one."""
    return " ".join(plain_text(cell) for cell in row[:40] if isinstance(cell, str) and cell.strip())


def upright(sheet: Sheet) -> tuple[Sheet, int]:
    """Return a sheet with its providers below each other, and where they stood across from which row on, or 0.

    The titles above stay. What is left of the providers names the measures, and becomes the header. Nothing is turned
    where something stands right above some providers only, such as their kind.
    """
    for top, row in enumerate(sheet.rows[:_HIGHEST]):
        across = [i for i, c in enumerate(row) if parse_provider(c) or parse_provider(c, "NPS")]
        if len(across) < _ACROSS:
            continue
        below, (first, *_) = sheet.rows[top + 1 :], across  # only the first such row is looked at
        labels = (meaning(" ".join(map(plain_text, r[:first]))) for r in below)
        named = {key.column for key in labels if key} & UNITS.keys()
        numbers = any(isinstance(c, float | int) for c in row)
        if len(named) < _ACROSS or numbers or _stands_over(sheet.rows[:top], first):
            break
        keys = [meaning(plain_text(c)) for c in row[:first]]
        kept = [c if key and key.column == "provider" else None for c, key in zip(row, keys, strict=False)]
        columns = zip([*kept, *row[first:]], *below, strict=True)
        return Sheet(sheet.name, [*sheet.rows[:top], *map(list, columns)], sheet.hidden), top + 1
    return sheet, 0


def _stands_over(above: Sequence[Row], first: int) -> bool:
    """Return whether the rows right above a row have texts over its columns after the first one of numbers."""
    for row in reversed(above):
        if any(map(plain_text, row[first + 1 :])):
            return True
        if not joined(row):
            break
    return False


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
        rows = sheet.rows[above : table.first]
        texts = [("" if any(map(plain_text, row[:left])) else _NOTE) + joined(row) for row in rows]
        table.titles = tuple(text for text in texts[::-1][:40] if text not in ("", _NOTE)) or (
            tables[i - 1].titles if i else ()
        )
        end = tables[i + 1].first if i + 1 < len(tables) else len(sheet.rows)
        body = list(enumerate(sheet.rows[table.last + 1 : end], table.last + 2))
        numbers = [n for n, row in body if sum(parse_number(c).value is not None for c in row) > 1]
        above = max(numbers, default=table.last + 1)
        table.rows = [
            (n, row) for n, row in body if n <= above or parse_provider(cell_at(row, table.place("provider")))
        ]
    return tables


def _header_at(sheet: Sheet, start: int) -> Table | None:
    """Return the header that begins in a row or, where that is a title of it, just below; None if none does."""
    lines: list[Row] = []
    while len(lines) < _DEEPEST and start + len(lines) < len(sheet.rows):
        cells = [cell for cell in sheet.rows[start + len(lines)][:_WIDEST] if cell is not None and cell != ""]
        if not cells or not all(map(_is_label, cells)):
            break
        lines.append(sheet.rows[start + len(lines)])
    if not any(_HINT.search(c) for row in lines for c in row if isinstance(c, str)):
        return None
    found = []
    below = max((n + 1 for n in range(len(lines)) if _is_title(lines[n : n + 2])), default=0)
    for first in range(below, len(lines)):
        for last in range(first, len(lines)):
            plain = lines[first : last + 1]
            found.append(_header(sheet, start + first, plain))
            if first < last:
                found.append(_header(sheet, start + first, [*map(_spread, plain[:-1]), plain[-1]]))
    named = UNITS.keys() | {"cohort"}
    found = [_with_providers(sheet, t) for t in found if len(t.names & named) > 1 and t.names & UNITS.keys()]
    return max((t for t in found if "provider" in t.names), key=lambda t: t.worth, default=None)


def _is_title(lines: Sequence[Row]) -> bool:
    """Return whether the first of two rows is a title that names the cohort, alone and at the left of those below."""
    places = [[i for i, cell in enumerate(line) if plain_text(cell)] for line in lines]
    alone = len(lines) == 2 and len(places[0]) == 1 and places[0] <= places[1]
    return alone and read_title(joined(lines[0])).names_cohort


def _is_label(cell: object) -> bool:
    """Return whether a cell can be part of a header: a text that is no number, or the year of the baselines."""
    return cell == 2011 or (isinstance(cell, str) and parse_number(cell).value is None)


def _header(sheet: Sheet, first: int, lines: Sequence[Row]) -> Table:
    """Match the header that stands in some rows, without asking whether it is one."""
    columns = []
    for place in range(min(max(map(len, lines)), _WIDEST)):
        parts = dict.fromkeys(str(c)[:300] for line in lines if plain_text(c := cell_at(line, place)))
        if parts:
            columns.append(Column(place, meaning(" ".join(parts)), " / ".join(map(plain_text, parts))))
    return Table(sheet.name, first, first + len(lines) - 1, tuple(columns))


def _with_providers(sheet: Sheet, table: Table) -> Table:
    """Return a table whose column of providers may lack a header: it is the one left of the numbers that names them."""
    first = min(c.place for c in table.columns if c.key and c.key.column in UNITS)
    places = set(range(first)) - {c.place for c in table.columns} if "provider" not in table.names else ()
    for place in places:
        cells = [cell_at(row, place) for row in sheet.rows[table.last + 1 : table.last + 60]]
        if sum(parse_provider(cell) is not None for cell in cells) > 1:
            table.columns = (Column(place, Key("provider"), ""), *table.columns)
            break
    return table


def _spread(row: Row) -> list[object]:
    """Carry each text over the empty cells to its right, as a merged cell shows it."""
    filled: list[object] = []
    for cell in row[:_WIDEST]:
        filled.append(filled[-1] if filled and not plain_text(cell) else cell)
    return filled


def kind_of(table: Table) -> str:
    """Return the kind of providers that header, titles and name of the sheet agree on, or nothing."""
    header = next(c.printed for c in table.columns if c.key and c.key.column == "provider")
    titles = [text for text in table.titles if read_title(text).clean]
    said = {kind_in(text) for text in (header, *titles, table.sheet)} - {""}
    return said.pop() if len(said) == 1 else ""


class Said(NamedTuple):
    """What a file says of a whole table, and where it says so."""

    cohort: Cohort | None
    stage: str
    how: str


def said_of(table: Table, book: Book, *, needed: bool) -> Said:
    """Return the cohort and the stage of a table; a cohort that is not certain is a fault where one is needed.

    It is certain where a title calls it the cohort, where two places name it (titles, the one header that names one,
    the name of the sheet, the contents, the name of the file), or where the user does.
    """
    titles, name = [read_title(text) for text in table.titles], read_title(table.sheet)
    contents = _contents(table.sheet, book)
    answer = read_title(book.answers.get(table.sheet) or book.answers.get("") or "")
    places = [("a title", title.cohort) for title in titles]
    places += [("a header", cohort) for cohort in {c.key.cohort for c in table.columns if c.key}]
    places += [("the contents", title.cohort) for title in contents[:1]]
    found = {cohort for _, cohort in places if cohort}
    if name.cohort and not any(name.cohort.holds(c) for c in found):
        places.append(("the name of the sheet", name.cohort))
    found |= {cohort for _, cohort in places if cohort}
    stem = Path(book.file).stem  # which is the name of the sheet of a CSV file
    of_file = scan_cohorts(re.sub(r"[-_]+", " ", stem))[0] if stem != table.sheet else ()
    places += [
        ("the name of the file", cohort) for cohort in of_file if len(of_file) == 1 and cohort in found
    ]
    said = [place for place, cohort in places if cohort]
    called = any(title.cohort and title.names_cohort for title in titles)
    certain = len(found) == 1 and (called or len(said) > 1)
    if needed and answer.cohort and certain and answer.cohort not in found:
        rule = f"{' and '.join(said)} say {min(found).name}, not {answer.cohort.name}; name the sheet with --cohort"
        book.fault(rule, table.sheet, table.first + 1)
    elif needed and not answer.cohort and not certain:
        _ask(table, book, sorted(cohort.name for cohort in found), said)
    stages = {t.stage for t in (*titles, name, *contents, Title(stage=book.stage), answer)} - {""}
    if len(stages) > 1:
        book.fault(f"{_BOTH}; nothing tells which it is", table.sheet, table.first + 1)
    cohort = answer.cohort or min(found, default=None)
    return Said(cohort, "".join(stages), "--cohort" if answer.cohort else " and ".join(dict.fromkeys(said)))


def _contents(sheet: str, book: Book) -> list[Title]:
    """Return what other sheets, such as the contents, say of a sheet in a row that begins with its name."""
    begins = normalise(sheet) + " "
    texts = [joined(row) for other in book.sheets if other.name != sheet for row in other.rows[:100]]
    return [read_title(text) for text in texts if normalise(text).startswith(begins)]


def _ask(table: Table, book: Book, names: Sequence[str], said: Sequence[str]) -> None:
    """Keep the fault that says what is not certain of a cohort, and how the user can say it."""
    if len(names) == 1:
        why = f"the cohort is not certain: only {said[0]} names {names[0]}, without calling it the cohort"
    elif names:
        why = f"the cohort is not certain: {', '.join(said)} name {' and '.join(names)}"
    else:
        why = "of which cohort this is, is not said"
    answer = f'--cohort "{table.sheet}={names[0] if len(names) == 1 else "Oct-Dec 2015"}"'
    book.fault(f"{why}; look it up, and add {answer} with the right one", table.sheet, table.first + 1)
