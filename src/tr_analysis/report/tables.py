"""Tables that people can read: a caption, headers with scope, aligned numbers, unknowns said."""

from collections.abc import Mapping
from dataclasses import dataclass
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
    """

    caption: str
    cells: pd.DataFrame
    numeric: frozenset[str]
    key: bool = False

    def html(self) -> str:
        """Write the table as HTML."""
        head = "".join(f'<th scope="col"{self._class(c)}>{escape(c)}</th>' for c in map(str, self.cells))
        body = "\n".join(f"<tr>{self._row(row)}</tr>" for row in self.cells.itertuples(index=False))
        kind = ' class="key-numbers"' if self.key else ""
        return (
            f"<table{kind}>\n<caption>{escape(self.caption)}</caption>\n"
            f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"
        )

    def _row(self, row: tuple[str, ...]) -> str:
        first, *rest = zip(map(str, self.cells.columns), row, strict=True)
        cells = "".join(f"<td{self._class(c)}>{escape(v)}</td>" for c, v in rest)
        return f'<th scope="row">{escape(first[1])}</th>{cells}'

    def _class(self, column: str) -> str:
        return ' class="number"' if column in self.numeric else ""

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        plain = f"{self.caption}\n{self.cells.to_string(index=False)}"
        return {"text/html": self.html(), "text/plain": plain}


def table(
    frame: pd.DataFrame, caption: str, *, formats: Mapping[str, str] | None = None, key: bool = False
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

    Returns
    -------
    Table
        Shown by a notebook as HTML. A missing cell reads "not known".
    """
    formats = formats or {}
    unknown = sorted(set(formats) - set(frame.columns))
    if unknown:
        raise ValueError(
            f"no column {unknown[0]!r} to format; there are: {', '.join(map(str, frame.columns))}"
        )
    numeric = {c for c in frame if is_numeric_dtype(frame[c]) and not is_bool_dtype(frame[c])}
    cells = pd.DataFrame({str(c): _cells(frame[c], formats.get(str(c))) for c in frame})
    return Table(caption, cells, frozenset(map(str, numeric)), key)


def _cells(column: "pd.Series[Any]", form: str | None) -> list[str]:
    whole = is_numeric_dtype(column) and bool((column.dropna() % 1 == 0).all())
    form = form or ("{:,.0f}" if whole else "{:,.2f}" if is_numeric_dtype(column) else "{}")
    return [
        UNKNOWN
        if pd.isna(v)
        else form.format(v).replace("-", "\N{MINUS SIGN}" if whole or "f" in form else "-")
        for v in column
    ]
