"""Tables that people can read: a caption, headers with scope, aligned numbers, unknowns said."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any

import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

UNKNOWN = "not known"


@dataclass(frozen=True)
class Table:
    """A table for a page: cells are text already.

    Attributes
    ----------
    caption
        What the table shows.
    cells
        The cells, in reading order; the first column names the row.
    numeric
        Columns that are aligned as numbers.
    key
        Whether it is the table of key numbers that closes a chapter.
    links
        Address and title of the words that are links, wherever they stand in a cell.
    """

    caption: str
    cells: pd.DataFrame
    numeric: frozenset[str]
    key: bool = False
    links: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def html(self) -> str:
        """Write the table as HTML."""
        head = "".join(f'<th scope="col"{self._class(c)}>{escape(c)}</th>' for c in map(str, self.cells))
        rows = [f"<tr>{self._row(row)}</tr>" for row in self.cells.itertuples(index=False, name=None)]
        body = "\n".join(rows or [f'<tr><td colspan="{len(self.cells.columns)}">none</td></tr>'])
        kind = ' class="key-numbers"' if self.key else ""
        return (
            f"<table{kind}>\n<caption>{escape(self.caption)}</caption>\n"
            f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"
        )

    def _row(self, row: tuple[str, ...]) -> str:
        first, *rest = zip(map(str, self.cells), row, strict=True)
        cells = "".join(f"<td{self._class(c)}{self._label(c)}>{self._linked(v)}</td>" for c, v in rest)
        return f'<th scope="row">{self._linked(first[1])}</th>{cells}'

    def _class(self, column: str) -> str:
        return ' class="number"' if column in self.numeric else ""

    def _label(self, column: str) -> str:
        """Name the column in each cell of the key numbers: a phone stacks them, out of sight of the header."""
        return f' data-label="{escape(column)}"' if self.key else ""

    def _linked(self, cell: str) -> str:
        return " ".join(self._link(w) if w in self.links else escape(w) for w in cell.split(" "))

    def _link(self, word: str) -> str:
        address, title = map(escape, self.links[word])
        return f'<a href="{address}" title="{title}">{escape(word)}</a>'

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        plain = self.cells.to_string(index=False) if len(self.cells) else "none"
        return {"text/html": self.html(), "text/plain": f"{self.caption}\n{plain}"}


def table(
    frame: pd.DataFrame,
    caption: str,
    *,
    formats: Mapping[str, str] | None = None,
    key: bool = False,
    links: Mapping[str, tuple[str, str]] | None = None,
) -> Table:
    """Make a table of a frame.

    Parameters
    ----------
    frame
        One row a row; column names are the headers, so give them words and units.
    caption
        What the table shows, of whom and when.
    formats
        Format of a column's numbers, such as ``"{:,.0f}"``; whole numbers get thousands separators and
        other numbers two decimals without being told.
    key
        Whether it is the table of key numbers that closes a chapter.
    links
        Address and title of the words that are links, by word.

    Returns
    -------
    Table
        Shown by a notebook as HTML. A missing cell reads "not known".

    Raises
    ------
    ValueError
        If the caption is empty, two columns share a name, or a format is for no column.
    """
    formats, frame = formats or {}, frame.rename(columns=str)
    if not caption.strip():
        raise ValueError("a table needs a caption: what it shows, of whom and when")
    if not frame.columns.is_unique:
        raise ValueError(
            f"two columns are called {frame.columns[frame.columns.duplicated()][0]!r}; rename one"
        )
    unknown = sorted(set(formats) - set(frame.columns))
    if unknown:
        raise ValueError(f"no column {unknown[0]!r} to format; there are: {', '.join(frame.columns)}")
    columns = {str(name): column for name, column in frame.items()}
    numeric = frozenset(c for c in columns if is_numeric_dtype(columns[c]) and not is_bool_dtype(columns[c]))
    cells = {c: _cells(column, formats.get(c), number=c in numeric) for c, column in columns.items()}
    return Table(caption, pd.DataFrame(cells), numeric, key, links or {})


def _cells(column: "pd.Series[Any]", form: str | None, *, number: bool) -> list[str]:
    whole = number and bool((column.dropna() % 1 == 0).all())
    form = form or ("{:,.0f}" if whole else "{:,.2f}" if number else "{}")
    if is_bool_dtype(column):
        column = column.map({True: "yes", False: "no"})
    write = number_text if number else str.format
    return [UNKNOWN if pd.isna(v) else write(form, v) for v in column]


def number_text(form: str, number: float) -> str:
    """Write a number in a format, with a true minus sign, and with none before a zero.

    Examples
    --------
    >>> number_text("{:.1f} points", -1.94), number_text("{:.1f}", -0.04)
    ('−1.9 points', '0.0')
    """
    text = form.format(number + 0)  # minus zero plus zero is zero
    if number < 0:
        text = text.replace("-", "\N{MINUS SIGN}" if re.search("[1-9]", text) else "", 1)
    return text


def interval_text(form: str, estimate: float, low: float, high: float) -> str:
    """Write an estimate with its interval, such as ``0.66% (0.10% to 1.23%)``."""
    middle, below, above = (number_text(form, number) for number in (estimate, low, high))
    return f"{middle} ({below} to {above})"
