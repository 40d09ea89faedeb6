"""The vocabulary the table schemas are written in: kinds of column, tables, and runs of periods."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import partial

import pandas as pd
import pandera.pandas as pa

Frames = Mapping[str, pd.DataFrame]
"""Tables by name."""

_YEAR = r"(19|20)\d\d"
_QUARTER = _YEAR + r"Q[1-4]"

# Each kind of column: the pattern a printed cell must match, and how to say so to a person. Fifteen digits are
# what a float64 holds exactly.
KINDS: Mapping[str, tuple[str, str]] = {
    "string": (r"(?s).+", "must be text"),
    "integer": (r"-?(0|[1-9]\d{0,14})", "must be a whole number without separators, such as 4240"),
    "number": (r"-?(0|[1-9]\d{0,14})(\.\d{1,15})?", "must be a number without separators, such as 45.6"),
    "yes or no": (r"(yes|no)", "must be yes or no"),
    "month": (_YEAR + r"-(0[1-9]|1[0-2])", "must be a month such as 2015-02"),
    "quarter": (_QUARTER, "must be a calendar quarter such as 2015Q4"),
    "quarters": (
        rf"({_YEAR}|{_QUARTER}( to {_QUARTER})?)",  # one group: not every reader anchors both branches
        "must be a quarter (2015Q4), a run of quarters (2015Q4 to 2016Q3) or a calendar year (2011)",
    ),
    "financial year": (_YEAR + r"/\d\d", "must be a financial year such as 2015/16"),
    "date": (_YEAR + r"-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])", "must be a date such as 2015-06-30"),
    "partial date": (
        _YEAR + r"(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?",
        "must be a date, a month or a year such as 2015-02-01, 2015-02 or 2015",
    ),
    "source": (r"S\d{3}", "must be a source such as S001"),
    "sources": (r"S\d{3}( S\d{3})*", "must be sources separated by one space, such as S066 S188"),
}
NUMERIC = {"integer": "Int64", "number": "float64"}


def column(
    kind: str,
    description: str,
    *,
    unit: str | None = None,
    required: bool = True,
    low: float | None = None,
    high: float | None = None,
    values: str | list[str] | None = None,
    pattern: str | None = None,
) -> pa.Column:
    """Describe one column: the pandera column that every other view of the schema is derived from.

    The kind is one of `KINDS`; an unknown is an empty cell, unless the column is required. Narrower than the kind are
    inclusive bounds, the only values allowed (a list, or a text such as ``"agree; differ"``) and a regular expression.
    """
    allowed = values.split("; ") if isinstance(values, str) else values
    checks, rules = [], {"minimum": low, "maximum": high, "enum": allowed, "pattern": pattern}
    if low is not None:
        checks.append(pa.Check.ge(low, error=f"must be at least {low:g}"))
    if high is not None:
        checks.append(pa.Check.le(high, error=f"must be at most {high:g}"))
    if allowed is not None:
        checks.append(pa.Check.isin(allowed, error=f"must be one of: {', '.join(allowed)}"))
    if pattern is not None:
        checks.append(pa.Check.str_matches(rf"^(?:{pattern})$", error=f"must match {pattern}"))
    metadata = {"kind": kind, "unit": unit, **{rule: v for rule, v in rules.items() if v is not None}}
    typed = NUMERIC.get(kind, "str")
    return pa.Column(typed, checks, nullable=not required, description=description, metadata=metadata)


text = partial(column, "string")
optional_text = partial(column, "string", required=False)
integer = partial(column, "integer")
number = partial(column, "number")
percent = partial(column, "number", unit="percent", low=0, high=100)


def at_most(name: str, other: str) -> pa.Check:
    """Demand that a column's number is nowhere above another's in the same row; an empty cell passes."""
    return pa.Check(
        lambda frame: (
            ~(frame[name].astype("float64") > frame[other].astype("float64"))
        ),  # false of a missing one
        title=name,
        error=f"must be at most {other}",
    )


def given_with(name: str, other: str) -> pa.Check:
    """Demand that a column has a value wherever another has one."""
    return pa.Check(
        lambda frame: frame[name].notna() | frame[other].isna(),
        title=name,
        error=f"must not be empty where {other} has a value",
        ignore_na=False,  # the cell it fails on is empty
    )


@dataclass(frozen=True)
class Run:
    """A run of periods in a column that claims to have no gap, both ends included; ``where`` picks its rows."""

    column: str
    first: str
    last: str
    where: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.first} to {self.last}" + "".join(f", {c} {v}" for c, v in self.where.items())


@dataclass(frozen=True)
class Table:
    """One table of published figures: its schema and the promises it makes."""

    schema: (
        pa.DataFrameSchema
    )  # columns, key (``unique``), rules within a row (``checks``), name, title, description
    references: Mapping[str, str] = field(
        default_factory=dict
    )  # by column the table.column that holds its values
    runs: tuple[Run, ...] = ()  # in which no period may be missing

    @property
    def name(self) -> str:
        """Its name, and that of its file without the ending."""
        return str(self.schema.name)

    @property
    def key(self) -> list[str]:
        """Columns that together name a row."""
        return list(self.schema.unique or [])

    def kind(self, name: str) -> str:
        """Return the kind of a column."""
        return str((self.schema.columns[name].metadata or {})["kind"])


def table(
    name: str,
    title: str,
    description: str,
    columns: Mapping[str, pa.Column],
    *,
    key: Collection[str],
    references: Mapping[str, str] | None = None,
    runs: Collection[Run] = (),
    rows: Collection[pa.Check] = (),
) -> Table:
    """Put a table's columns, key, references, runs and the rules of its rows together.

    A column of kind ``source`` or ``sources`` refers to the register of sources without being told.
    """
    schema = pa.DataFrameSchema(
        dict(columns),
        checks=list(rows),
        name=name,
        title=title,
        description=description,
        unique=list(key),
        strict=True,
        ordered=True,
    )
    sources = {
        c: "sources.source_id" for c, p in columns.items() if (p.metadata or {})["kind"].startswith("source")
    }
    own = {} if name == "sources" else sources
    return Table(schema, {**own, **(references or {})}, tuple(runs))
