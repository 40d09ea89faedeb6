"""What a reader gives back: a tidy table, what it rests on, and what was not understood."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pandas as pd

from tr_analysis.errors import DataError, Problem


class NotUnderstood(NamedTuple):
    """One thing found in a file that the tidy tables do not hold.

    Attributes
    ----------
    file, sheet
        Where it is.
    row
        Row of the sheet, counted from 1; None for a whole sheet.
    header
        Header of the column, as printed; empty where there is none.
    value
        What was found, as printed.
    why
        Why it could not be used.
    """

    file: str
    sheet: str
    row: int | None
    header: str
    value: str
    why: str


@dataclass(frozen=True)
class Reading:
    """What one file, or several of one family, say.

    Attributes
    ----------
    family
        Name of the tidy table.
    frame
        The tidy table.
    not_understood
        What was found and is not in it.
    checks
        Printed numbers against the same recomputed; see `reconcile`.
    printed
        Each number as it was printed, with its decimals: release, file, sheet, row, column, printed, places.
    """

    family: str
    frame: pd.DataFrame
    not_understood: tuple[NotUnderstood, ...] = ()
    checks: pd.DataFrame = field(default_factory=pd.DataFrame)
    printed: pd.DataFrame = field(default_factory=pd.DataFrame)


def fault(
    file: str, sheet: str, rule: str, row: int | None = None, column: str | None = None, value: object = None
) -> DataError:
    """Return the error of one fault in a sheet."""
    return DataError([problem(file, sheet, rule, row, column, value)])


def problem(
    file: str, sheet: str, rule: str, row: int | None = None, column: str | None = None, value: object = None
) -> Problem:
    """Return one fault of a sheet; the sheet is named with its file."""
    place = f"{file}, sheet {sheet!r}" if sheet else file
    return Problem(place, rule, row, column, None if value is None else short(value))


def repeated(rows: Sequence[Mapping[str, Any]], key: Sequence[str]) -> list[Problem]:
    """Find rows of a tidy table that are about the same as one before them.

    Parameters
    ----------
    rows
        The rows, with file, sheet and row.
    key
        The columns that together say what a row is about.
    """
    seen: dict[tuple[Any, ...], Mapping[str, Any]] = {}
    out = []
    for row in rows:
        name = tuple(row.get(c) for c in key)
        first = seen.setdefault(name, row)
        if first is not row:
            about = ", ".join(str(part) for part in name if part)
            rule = f"second row of {about}, after row {first['row']} of sheet {first['sheet']!r}; remove one"
            out.append(problem(row["file"], row["sheet"], rule, row["row"]))
    return out


def short(value: object, most: int = 120) -> str:
    """Write a value in one line of bounded length."""
    text = " ".join(str(value).split())
    return text if len(text) <= most else text[: most - 1] + "…"


def tidy(rows: Sequence[Mapping[str, Any]], types: Mapping[str, str]) -> pd.DataFrame:
    """Return rows as a frame with the columns and types of a tidy table, also when there is no row.

    Parameters
    ----------
    rows
        Cells by column; a column that a row lacks is missing in it.
    types
        Type of each column, in the order of the table.
    """
    columns = {c: pd.Series([row.get(c) for row in rows], dtype="object") for c in types}
    return pd.DataFrame({c: columns[c].astype(t) for c, t in types.items()})  # type: ignore[call-overload]
