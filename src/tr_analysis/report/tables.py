"""Tables that people can read: a caption, headers with scope, aligned numbers, unknowns said."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from html import escape
from itertools import groupby
from operator import itemgetter
from typing import Any

import pandas as pd
from pandas.api.types import is_bool_dtype, is_float_dtype, is_numeric_dtype

from tr_analysis import digits
from tr_analysis.digits import settle, without_noise
from tr_analysis.simulated import marked, origin_of

UNKNOWN = "not known"
Format = str | Callable[[Any], str]


@dataclass(frozen=True)
class Table:
    """A table for a page, made by `table`."""

    caption: str
    cells: pd.DataFrame  # as text, in reading order; the first column names the row
    numeric: frozenset[str]  # columns that are aligned as numbers
    data: pd.DataFrame  # the values themselves, before any rounding, as they are downloaded
    groups: tuple[str, ...] = ()  # the heading that each row stands under; none when rows are not grouped
    links: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # address and title, by word
    key: bool = False  # whether it is a table of key numbers
    ids: tuple[str, ...] = ()  # the name of each row, for links to it; none when rows have none

    def html(self) -> str:
        """Write the table as HTML."""
        head = "".join(f'<th scope="col"{self._class(c)}>{escape(c)}</th>' for c in map(str, self.cells))
        kind = ' class="key-numbers"' if self.key else ""
        bodies = "\n".join(f"<tbody>\n{body}\n</tbody>" for body in self._bodies())
        return (
            f"<table{kind}>\n<caption>{escape(self.caption)}</caption>\n"
            f"<thead><tr>{head}</tr></thead>\n{bodies}\n</table>"
        )

    def _bodies(self) -> Iterator[str]:
        """Write the rows of each group, under its heading when it has one."""
        span = f'colspan="{len(self.cells.columns)}"'
        ids = [f' id="{escape(name)}"' for name in self.ids] or [""] * len(self.cells)
        cells = self.cells.itertuples(index=False, name=None)
        rows = [f"<tr{name}>{self._row(row)}</tr>" for name, row in zip(ids, cells, strict=True)]
        if not rows:
            yield f"<tr><td {span}>none</td></tr>"
        named = zip(self.groups or [""] * len(rows), rows, strict=True)
        for heading, members in groupby(named, itemgetter(0)):
            top = f'<tr class="group"><th scope="rowgroup" {span}>{escape(heading)}</th></tr>'
            yield "\n".join([*([top] if heading else []), *(row for _, row in members)])

    def _row(self, row: tuple[str, ...]) -> str:
        first, *rest = zip(map(str, self.cells), row, strict=True)
        cells = "".join(f"<td{self._class(c)}>{self._linked(v)}</td>" for c, v in rest)
        return f'<th scope="row">{self._linked(first[1])}</th>{cells}'

    def _class(self, column: str) -> str:
        return ' class="number"' if column in self.numeric else ""

    def _linked(self, cell: str) -> str:
        words = cell.split(" ")
        for place, word in enumerate(words):
            words[place] = escape(word)
            if word in self.links:
                address, title = map(escape, self.links[word])
                words[place] = f'<a href="{address}" title="{title}">{escape(word)}</a>'
        return " ".join(words)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        cells = self.cells.copy()
        if self.groups:
            cells.insert(0, "", list(self.groups))
        plain = cells.to_string(index=False) if len(cells) else "none"
        return {
            "text/html": self.html(),
            "text/plain": f"{self.caption}\n{plain}",
            "text/csv": csv_text(self.data),
        }


def csv_text(frame: pd.DataFrame) -> str:
    """Write a frame's values as CSV, numbers with the digits that are `kept`, missing ones empty.

    Columns called low and high, or alike with something before it, are the ends of an interval; every column
    that lies between them, of those whose names begin alike, keeps the digits of an estimate.

    Examples
    --------
    >>> print(csv_text(pd.DataFrame({"rate": [1 / 3, None]})), end="")
    rate
    0.333333
    ""
    """
    columns = {str(name): column for name, column in frame.items()}
    half = dict.fromkeys(columns, pd.Series(0.0, frame.index)) | _half_widths(columns)
    values = {
        name: [_value(*pair) for pair in zip(_clean(column), half[name], strict=True)]
        for name, column in columns.items()
    }
    return pd.DataFrame(values, dtype=object).to_csv(index=False, lineterminator="\n")


def _half_widths(columns: "Mapping[str, pd.Series[Any]]") -> "dict[str, pd.Series[Any]]":
    """Return half the widths of the intervals of each column that has some, the ends themselves too."""
    found = {}
    for begin in (name[:-3] for name in columns if name.endswith("low") and f"{name[:-3]}high" in columns):
        low, high = (columns[begin + end].astype(float) for end in ("low", "high"))
        for name in (name for name in columns if name.startswith(begin.rstrip("_ "))):
            column = columns[name]
            if is_float_dtype(column) and column.between(low, high)[column.notna()].all():
                found[name] = (high - low) / 2
    return found


def _clean(column: "pd.Series[Any]") -> Any:
    """Take away the noise of a column of numbers; probabilities have none, however small they are."""
    if not is_float_dtype(column) or column.between(0, 1)[column.notna()].all():
        return column
    return without_noise(column.astype(float))


def _value(value: Any, half_width: float) -> str:
    """Write one value for a computer to read."""
    if pd.isna(value):
        return ""
    return digits.text(value, half_width) if isinstance(value, float) else str(value)


def table(
    frame: pd.DataFrame,
    caption: str,
    *,
    formats: Mapping[str, Format] | None = None,
    intervals: Mapping[str, Sequence[str]] | None = None,
    missing: Mapping[str, str] | None = None,
    by: str | None = None,
    key: bool = False,
    links: Mapping[str, tuple[str, str]] | None = None,
    origin: str = "",
) -> Table:
    """Make a table of a frame, whose column names are the headers: give them words and units.

    A notebook shows it as HTML, and as CSV with the frame's own values. A missing cell reads "not known".

    Parameters
    ----------
    caption
        What the table shows, of whom and when.
    formats
        Format of a column's values, such as ``"{:,.0f}"``, or a function that writes one, such as
        `probability_text`; whole numbers get thousands separators and other numbers two decimals without
        being told.
    intervals
        Header of an interval, and the columns that it stands for: its two ends, written ``10 to 20``, or
        the estimate and both ends, written ``15 (10 to 20)``.
    missing
        What a missing cell of a column reads, where "not known" would be wrong.
    by
        Column whose values are headings between the rows, instead of a column of its own; rows that belong
        together follow each other.
    key
        Whether it is a table of key numbers, such as the one that closes a chapter.
    links
        Address and title of the words that are links, by word.
    origin
        ``findings.origin``: "simulated" puts that before the caption, as a frame that says so itself does.

    Raises
    ------
    ValueError
        If the caption is empty, two columns share a name, or there is no column of a name given.
    """
    formats, intervals, frame = formats or {}, intervals or {}, frame.rename(columns=str)
    if not caption.strip():
        raise ValueError("a table needs a caption: what it shows, of whom and when")
    if not frame.columns.is_unique:
        twice = frame.columns[frame.columns.duplicated()][0]
        raise ValueError(f"two columns are called {twice!r}; rename one")
    named = {*formats, *(missing or {}), *(part for parts in intervals.values() for part in parts)}
    if unknown := sorted((named | {by} if by else named) - set(frame.columns)):
        raise ValueError(f"no column {unknown[0]!r}; there are: {', '.join(frame.columns)}")
    columns = {str(name): column for name, column in frame.items()}
    numeric = {c for c in columns if is_numeric_dtype(columns[c]) and not is_bool_dtype(columns[c])}
    absent = dict.fromkeys(columns, UNKNOWN) | dict(missing or {})
    cells = {c: _cells(columns[c], formats.get(c), absent[c], number=c in numeric) for c in columns}
    groups = tuple(cells.pop(by)) if by else ()
    caption, names = marked(caption, origin or origin_of(frame)), frozenset(numeric | set(intervals))
    return Table(caption, pd.DataFrame(_joined(cells, intervals)), names, frame, groups, links or {}, key)


def _joined(cells: Mapping[str, list[str]], intervals: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Write the parts of each interval in one column, at the place of the first of them."""
    joined: dict[str, list[str]] = {}
    firsts = {parts[0]: name for name, parts in intervals.items()}
    rest = {part for parts in intervals.values() for part in parts[1:]}
    for column in cells:
        if column in firsts:
            name = firsts[column]
            joined[name] = [_interval(*row) for row in zip(*(cells[p] for p in intervals[name]), strict=True)]
        elif column not in rest:
            joined[column] = cells[column]
    return joined


def _interval(*parts: str) -> str:
    """Write an interval, or the word for a missing one."""
    *estimate, low, high = parts
    if not re.search(r"\d", low):
        return parts[0]
    return f"{estimate[0]} ({low} to {high})" if estimate else f"{low} to {high}"


def _cells(column: "pd.Series[Any]", form: Format | None, absent: str, *, number: bool) -> list[str]:
    whole = number and bool((settle(column.dropna().astype(float)) % 1 == 0).all())
    form = form or ("{:,.0f}" if whole else "{:,.2f}" if number else "{}")
    if is_bool_dtype(column):
        column = column.map({True: "yes", False: "no"})
    write = form if callable(form) else partial(number_text if number else str.format, form)
    return [absent if pd.isna(v) else write(v) for v in column]


def number_text(form: str, number: float) -> str:
    """Write a number in a format, with a true minus sign, and with no sign before a zero.

    Examples
    --------
    >>> number_text("{:.1f} points", -1.94), number_text("{:.1f}", -0.04)
    ('−1.9 points', '0.0')
    """
    text = form.format(settle(number) if isinstance(number, float) else number)
    if not re.search("[1-9]", text):
        return re.sub(r"[-+](?=[\d.])", "", text, count=1)
    return text.replace("-", "\N{MINUS SIGN}", 1) if number < 0 else text


def probability_text(value: float, places: int = 3) -> str:
    """Write a probability; one that would round to nought is "below" the least that is written.

    Examples
    --------
    >>> probability_text(0.0606), probability_text(3.6e-8)
    ('0.061', 'below 0.001')
    """
    least, value = 10.0**-places, settle(value)
    return f"below {least:.{places}f}" if 0 < value < least / 2 else f"{value:.{places}f}"
