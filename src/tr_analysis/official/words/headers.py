"""Headers by their meaning: normalised, matched to known columns, found wherever in a sheet they stand."""

import re
from collections.abc import Callable, Hashable, Sequence
from functools import lru_cache
from typing import NamedTuple

from tr_analysis.official.words.cells import parse_number, plain_text, without_notes

Row = Sequence[object]
Meaning = Callable[[str], Hashable | None]
"""From a normalised header to the column it names; None for one that is not known."""

_DEEPEST = 400  # rows in which a header is looked for before a sheet is given up
_WIDEST = 120
_LONGEST = 300
_HYPHEN = re.compile(r"(?<=[A-Za-z])[-\u2010\u2011]\s*[\r\n]+\s*(?=[a-z])")


def normalise(cell: object) -> str:
    """Return a header in small letters, without footnote marks, line breaks, punctuation and variant spellings.

    Examples
    --------
    >>> normalise("Proportion of offenders who Re-offend (%)[note 1]")
    'proportion of offenders who reoffend percent'
    """
    if not isinstance(cell, (str, int, float)) or isinstance(cell, bool):
        return ""
    return _normalised(str(cell)[: 2 * _LONGEST])


@lru_cache(maxsize=4096)
def _normalised(text: str) -> str:
    text = _HYPHEN.sub("", text)
    text = without_notes(plain_text(text))[:_LONGEST].lower()
    text = re.sub(r"\((?:note )?\d{1,2}\)|\[[^\]]{1,12}\]|[\u00b9\u00b2\u00b3\u2070-\u2079]", " ", text)
    text = text.replace("&", " and ").replace("%", " percent ").replace("per cent", "percent")
    text = re.sub(r"\bre[- ]?(?=offen[cds])", "re", text).replace("offense", "offence")
    text = re.sub(r"ogrs\W*(\d)\W*g?\b", r"ogrs \1 ", text)
    text = re.sub(
        r"(?<=[a-z]{4})(?<!ogrs)(?<!subcat)\d{1,2}\b", "", text
    )  # a raised digit that lost its height
    return " ".join(re.findall(r"[a-z]+|\d+", text))


class Column(NamedTuple):
    """One column under a header.

    Attributes
    ----------
    place
        Place in the row, from 0.
    key
        The column it was matched to; None if it was not.
    printed
        The header as printed, its rows joined.
    """

    place: int
    key: Hashable | None
    printed: str


class Header(NamedTuple):
    """A header found in a sheet.

    Attributes
    ----------
    first, last
        Its rows, from 0, both included.
    columns
        Every column with a text in it.
    """

    first: int
    last: int
    columns: tuple[Column, ...]

    @property
    def places(self) -> dict[Hashable, int]:
        """Place of each column that was matched."""
        return {c.key: c.place for c in self.columns if c.key is not None}

    @property
    def names(self) -> dict[Hashable, str]:
        """Printed header of each column that was matched."""
        return {c.key: c.printed for c in self.columns if c.key is not None}

    @property
    def twice(self) -> list[Column]:
        """Columns whose meaning another column before them has."""
        seen: set[Hashable] = set()
        again = []
        for column in self.columns:
            if column.key is not None and column.key in seen:
                again.append(column)
            seen.add(column.key)
        return again

    def __len__(self) -> int:
        return len(self.places)


def read_header(rows: Sequence[Row], first: int, depth: int, spread: bool, meaning: Meaning) -> Header:
    """Match the header that stands in some rows, without asking whether it is one.

    Parameters
    ----------
    rows
        Rows of the sheet.
    first, depth
        First row, and how many rows the header has; texts above each other are joined.
    spread
        Whether a text in an upper row also stands over the empty cells to its right, as in merged cells.
    meaning
        What a normalised header means.
    """
    lines = [
        _spread(rows[i]) if spread and i < first + depth - 1 else rows[i] for i in range(first, first + depth)
    ]
    width = min(max((len(line) for line in lines), default=0), _WIDEST)
    columns = []
    for index in range(width):
        parts = [line[index] if index < len(line) else None for line in lines]
        texts = list(dict.fromkeys(plain_text(p)[:_LONGEST] for p in parts if _is_label(p)))
        if texts:
            columns.append(
                Column(index, meaning(" ".join(filter(None, map(normalise, texts)))), " / ".join(texts))
            )
    return Header(first, first + depth - 1, tuple(columns))


def _is_label(cell: object) -> bool:
    """Return whether a cell can be part of a header: text, or a year."""
    if isinstance(cell, str):
        return bool(cell.strip())
    return (
        isinstance(cell, (int, float))
        and not isinstance(cell, bool)
        and 1990 <= cell <= 2040
        and cell == int(cell)
    )


def _spread(row: Row) -> list[object]:
    """Carry each text over the empty cells to its right, as a merged cell shows it."""
    filled: list[object] = []
    last: object = None
    for cell in row[:_WIDEST]:
        last = cell if isinstance(cell, str) and cell.strip() else last if cell in (None, "") else None
        filled.append(last if cell in (None, "") else cell)
    return filled


def find_headers(rows: Sequence[Row], meaning: Meaning, least: int = 3) -> list[Header]:
    """Find every header of a sheet.

    Parameters
    ----------
    rows
        Rows of the sheet.
    meaning
        What a normalised header means.
    least
        Fewest known columns that make a row a header.

    Returns
    -------
    list of Header
        In the order of the sheet. Of the ways to read a place - one row, or two or three joined, with and without
        merged cells - the one with the most known columns and the fewest repeated ones, then the shortest.
    """
    found: list[Header] = []
    start = misses = 0
    while start < len(rows) and misses < _DEEPEST:
        header = _best_at(rows, start, meaning)
        if header is None or len(header) < least:
            start, misses = start + 1, misses + 1
            continue
        while header.last > header.first:  # a title above a header is none of it
            inner = _best_at(rows, header.first + 1, meaning)
            if inner is None or not _better_without(rows[header.first], header, inner):
                break
            header = inner
        found.append(header)
        start, misses = header.last + 1, 0
    return found


def _better_without(upper: Row, whole: Header, inner: Header) -> bool:
    """Return whether a header is better read without its first row: a single text at its left is a title."""
    labels = [i for i, cell in enumerate(upper[:_WIDEST]) if plain_text(cell)]
    if len(labels) == 1 and inner.columns and labels[0] <= inner.columns[0].place and len(inner) > 1:
        return True
    if _worth(inner)[0] != _worth(whole)[0]:
        return _worth(inner)[0] > _worth(whole)[0]
    longest = max(len(plain_text(cell)) for cell in upper[:_WIDEST])
    return inner.places == whole.places or longest > 60


def _best_at(rows: Sequence[Row], start: int, meaning: Meaning) -> Header | None:
    """Return the best reading of a header that starts in a row and has a known column in it."""
    if start >= len(rows) or not any(
        isinstance(cell, str) and cell.strip() for cell in rows[start][:_WIDEST]
    ):
        return None
    best: Header | None = None
    for depth in (1, 2, 3):
        if start + depth > len(rows) or (depth > 1 and not _may_continue(rows[start + depth - 1])):
            break
        for spread in (False, True) if depth > 1 else (False,):
            header = read_header(rows, start, depth, spread, meaning)
            if best is None or _worth(header) > _worth(best):
                best = header
    return best


def _may_begin(row: Row) -> bool:
    """Return whether a row can be the first of a header: it has texts, and hardly a number but years."""
    cells = [cell for cell in row[:_WIDEST] if cell is not None and cell != ""]
    numbers = sum(map(_is_number, cells))
    texts = sum(isinstance(cell, str) and bool(cell.strip()) for cell in cells)
    return texts > 0 and 3 * numbers <= texts


def _may_continue(row: Row) -> bool:
    """Return whether a row can be a further one of a header: not all of it are marks."""
    cells = [cell for cell in row[:_WIDEST] if cell is not None and cell != ""]
    return all(map(_is_label, cells)) and _may_begin(row) and not all(map(_is_mark, cells))


def _is_number(cell: object) -> bool:
    """Return whether a cell is a number and no year."""
    value = parse_number(cell).value
    return value is not None and not (1990 <= value <= 2040 and value == int(value))


def _is_mark(cell: object) -> bool:
    return bool(re.fullmatch(r"[\d.,%\s*~+-]+", str(cell)))


def _worth(header: Header) -> tuple[int, int]:
    return len(header) - 2 * len(header.twice), -(header.last - header.first)
