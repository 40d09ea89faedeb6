"""The kinds of parameters, and values as people type them: text or Python value into the declared type, or an error."""

import csv
import math
import numbers
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tr_analysis.errors import StudyError
from tr_analysis.paths import has_own_data, raw, tables

Month = str  # "YYYY-MM"
Year = str  # financial year, "YYYY/YY"
Provider = str  # a CRC or NPS division, by its name in the table `providers`
Value = int | float | bool | str


def provider_names() -> tuple[str, ...]:
    """Return the providers, read from the raw table: a run checks its call before it builds any other.

    Raises
    ------
    StudyError
        If the table cannot be read.
    """
    table = (raw() if has_own_data() else tables()) / "providers.csv"
    try:
        with table.open(encoding="utf-8", newline="") as lines:
            return tuple(row["provider"] for row in csv.DictReader(lines))
    except (OSError, KeyError, UnicodeDecodeError):
        raise StudyError(f"{table}: cannot be read; `tr-analysis data check` says what is wrong") from None


def _int(value: Any) -> int:
    if isinstance(value, str):
        return int(_matching(r"[+-]?[0-9]+", value))
    if isinstance(value, bool):
        raise TypeError("bool is no number here")
    return operator.index(value)


def _float(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, str | numbers.Real):
        raise TypeError("not a number")
    number = float(_matching(r"[0-9.eE+-]+", value) if isinstance(value, str) else value)
    if not math.isfinite(number):
        raise ValueError("not finite")
    return number


def _bool(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    return {"true": True, "yes": True, "false": False, "no": False}[value.lower()]


def _str(value: Any) -> str:
    return _matching(r"(?s).*", value)


def _month(value: Any) -> Month:
    return _matching(r"[0-9]{4}-(0[1-9]|1[0-2])", value)


def _year(value: Any) -> Year:
    first, second = _matching(r"[0-9]{4}/[0-9]{2}", value).split("/")
    if (int(first) + 1) % 100 != int(second):
        raise ValueError("the two years do not follow each other")
    return value  # type: ignore[no-any-return]


def _matching(pattern: str, value: str) -> str:
    if not re.fullmatch(pattern, value):
        raise ValueError(pattern)
    return value


@dataclass(frozen=True)
class Kind:
    """A type that a parameter may have.

    Attributes
    ----------
    words
        What it accepts, for a reader.
    parse
        Turns text or a Python value into the type, or raises an error.
    ranged
        Whether it may have bounds.
    quoted
        Whether its values stand in a notebook as text.
    """

    words: str
    parse: Callable[[Any], Value] = _str
    ranged: bool = False
    quoted: bool = True


KINDS = {
    "int": Kind("a whole number", _int, ranged=True, quoted=False),
    "float": Kind("a number", _float, ranged=True, quoted=False),
    "bool": Kind("true or false", _bool, quoted=False),
    "str": Kind("text"),
    "Month": Kind("a month (YYYY-MM)", _month, ranged=True),
    "Year": Kind("a financial year (YYYY/YY)", _year, ranged=True),
    "Literal": Kind("one of the values listed"),
    "Provider": Kind("a CRC or NPS division"),
}
