"""The vocabulary the table schemas are written in: kinds of column, tables, and runs of periods."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pandas as pd

from tr_analysis.data.periods import exists

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


@dataclass(frozen=True)
class Column:
    """One column: every view of the schema is derived from it. An unknown is an empty cell, unless it is required."""

    kind: str  # one of `KINDS`
    description: str
    unit: str = ""
    required: bool = True
    low: float | None = None  # inclusive bounds
    high: float | None = None
    allowed: Sequence[str] = ()  # the only values, where they are few
    pattern: str = ""  # regular expression of a whole cell

    def narrower(self) -> dict[str, Any]:
        """Return what is narrower than the kind, as Frictionless calls it."""
        rules = {"minimum": self.low, "maximum": self.high, "enum": self.allowed, "pattern": self.pattern}
        return {rule: value for rule, value in rules.items() if value not in (None, (), "")}

    def broken_rule(self, cell: str) -> str | None:
        """Return the rule that a printed cell, or an empty one, breaks, if it breaks one."""
        form, rule = KINDS[self.kind]
        if not cell:
            return "must not be empty" if self.required else None
        if cell != cell.strip():
            return "has space around it; remove it"
        if not re.fullmatch(form, cell, re.ASCII):
            return rule
        if not exists(cell, self.kind):
            return f"does not exist; {rule}"
        if self.low is not None and float(cell) < self.low:
            return f"must be at least {self.low:g}"
        if self.high is not None and float(cell) > self.high:
            return f"must be at most {self.high:g}"
        if self.allowed and cell not in self.allowed:
            return f"must be one of: {', '.join(self.allowed)}"
        if self.pattern and not re.fullmatch(self.pattern, cell):
            return f"must match {self.pattern}"
        return None


def column(kind: str, description: str, *, values: str | Sequence[str] = (), **rest: Any) -> Column:
    """Describe one column; the values allowed are a list, or a text such as ``"agree; differ"``."""
    allowed = values.split("; ") if isinstance(values, str) else values
    return Column(kind, description, allowed=tuple(allowed), **rest)


text = partial(column, "string")
optional_text = partial(column, "string", required=False)
integer = partial(column, "integer")
number = partial(column, "number")
percent = partial(column, "number", unit="percent", low=0, high=100)


@dataclass(frozen=True)
class Rule:
    """What must hold within each row, said of one of its columns; ``holds`` tells in which rows of a frame it does."""

    column: str
    words: str
    holds: Callable[[pd.DataFrame], "pd.Series[bool]"]


def at_most(name: str, other: str) -> Rule:
    """Demand that a column's number is nowhere above another's in the same row; an empty cell passes."""

    def holds(frame: pd.DataFrame) -> "pd.Series[bool]":
        return ~(frame[name].astype(float) > frame[other].astype(float))  # false of a missing one

    return Rule(name, f"must be at most {other}", holds)


def given_with(name: str, other: str) -> Rule:
    """Demand that a column has a value wherever another has one."""
    words = f"must not be empty where {other} has a value"
    return Rule(name, words, lambda frame: frame[name].notna() | frame[other].isna())


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
    """One table of published figures: its columns, and what it promises.

    A column of kind ``source`` or ``sources`` refers to the register of sources without being told.
    """

    name: str  # and that of its file, without the ending
    title: str
    description: str
    columns: Mapping[str, Column]
    key: Sequence[str]  # columns that together name a row
    references: Mapping[str, str] = field(default_factory=dict)  # by column the table.column with its values
    runs: Sequence[Run] = ()  # in which no period may be missing
    rules: Sequence[Rule] = ()  # within a row

    def __post_init__(self) -> None:
        read_in = [c for c, about in self.columns.items() if about.kind.startswith("source")]
        own = {} if self.name == "sources" else dict.fromkeys(read_in, "sources.source_id")
        object.__setattr__(self, "references", {**own, **self.references})

    def kind(self, name: str) -> str:
        """Return the kind of a column."""
        return self.columns[name].kind
