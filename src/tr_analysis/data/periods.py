"""Periods as printed, turned into real ones."""

import re
from collections.abc import Callable
from datetime import date
from functools import cache
from typing import Any, NamedTuple

import pandas as pd

FREQUENCY = {"month": "M", "quarter": "Q-DEC", "financial year": "Y-MAR", "date": "D"}
_NAMES = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_MONTHS = {name: number for number, name in enumerate(_NAMES, start=1)}


class MonthRange(NamedTuple):
    """First and last month of a period, both included."""

    first: pd.Period
    last: pd.Period


@cache
def period(text: str, kind: str) -> pd.Period:
    """Turn one printed period of a kind of `FREQUENCY` into a pandas period.

    Raises
    ------
    ValueError
        If the text is no such period; a financial year's years must follow each other.

    Examples
    --------
    >>> period("2015/16", "financial year").end_time.date().isoformat()
    '2016-03-31'
    """
    if kind == "financial year":
        first, last = text.split("/")
        if (int(first) + 1) % 100 != int(last):
            raise ValueError(f"{text!r} is no financial year: write two consecutive years, such as 2015/16")
        return pd.Period(year=int(first) + 1, freq=FREQUENCY[kind])
    return pd.Period(text, freq=FREQUENCY[kind])


def periods(cells: "pd.Series[Any]", kind: str) -> pd.PeriodIndex:
    """Turn a column of printed periods of a known kind into real ones; an empty cell stays empty."""
    read = [period(cell, kind) if isinstance(cell, str) else pd.NaT for cell in cells]
    return pd.PeriodIndex(read, freq=FREQUENCY[kind])


def exists(text: str, kind: str) -> bool:
    """Return whether the calendar has a period that is written in the form of its kind, unlike ``2015-02-30``."""
    try:
        if kind.endswith("date") and len(text) == len("2015-02-30"):
            date.fromisoformat(text)
        elif kind == "financial year":
            period(text, kind)
    except ValueError:
        return False
    first, _, last = text.partition(" to ")
    return kind != "quarters" or not last or first < last


def financial_year(value: pd.Period | date) -> str:
    """Write the financial year, April to March, of a period or date the way it is printed, such as 2015/16.

    Raises
    ------
    ValueError
        If it is no period or date, is missing, or lies in two financial years, as a calendar year does.

    Examples
    --------
    >>> financial_year(pd.Period("2015-04", "M")), financial_year(pd.Timestamp("2015-03-31"))
    ('2015/16', '2014/15')
    """
    if not isinstance(value, pd.Period | date) or value in {pd.NaT}:
        raise ValueError(f"{value!r} has no financial year: give a period or a date")
    whole = value if isinstance(value, pd.Period) else pd.Period(value, freq="D")
    years = {
        pd.Period(end, freq=FREQUENCY["financial year"]).year for end in (whole.start_time, whole.end_time)
    }
    if len(years) > 1:
        raise ValueError(f"{whole} lies in two financial years: give one of its months or quarters")
    return f"{min(years) - 1}/{min(years) % 100:02d}"


def with_printed_years(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame with its financial years as they are printed."""
    years = [str(column) for column, kind in frame.dtypes.items() if str(kind) == "period[Y-MAR]"]
    return frame.assign(**{column: frame[column].map(financial_year) for column in years})


def month_name(value: object) -> str:
    """Return a month, or the month of a day, as readers meet it.

    Examples
    --------
    >>> month_name("2015-02-01"), month_name(pd.Period("2020-02", "M"))
    ('February 2015', 'February 2020')
    """
    return pd.Period(str(value)[:7], "M").strftime("%B %Y")


def month_range(text: str) -> MonthRange | None:
    """Find the first and last month of a period printed in any of the register's forms.

    There is none where the words do not fix both ends: an open period is not closed by guessing.

    Examples
    --------
    >>> month_range("Oct-Dec 2015"), month_range("from 2019-04")
    (MonthRange(first=Period('2015-10', 'M'), last=Period('2015-12', 'M')), None)
    """
    text = text.removeprefix("cohort ")
    if whole := _read(text):
        return whole
    outer, _, inner = text.removesuffix(")").partition(" (")
    start, to, end = outer.partition(" to ")
    if not to and inner.startswith("to "):
        to, end = "to", inner.removeprefix("to ")
    if to:
        first, last = _read(start), _read(end)
        return _ordered(MonthRange(first.first, last.last)) if first and last else None
    return _read(inner) or _read(outer)


def _read(text: str) -> MonthRange | None:
    """Read a period that is one of the forms below from end to end."""
    for form, months in _FORMS:
        if match := re.fullmatch(form, text, re.ASCII):
            numbers = (_MONTHS.get(part) or int(part) for part in match.groups())
            if ends := months(*numbers):  # the thirteenth month is the next January
                first, last = (pd.Period(year=year, month=1, freq="M") + (month - 1) for year, month in ends)
                return _ordered(MonthRange(first, last))
    return None


def _ordered(found: MonthRange) -> MonthRange | None:
    return found if found.first <= found.last else None


_Ends = tuple[tuple[int, int], tuple[int, int]]


def _financial(first: int, second: int, start: int = 4, end: int = 15) -> _Ends | None:
    """Return months of a financial year, counted from its first January; None if its years do not follow."""
    return ((first, start), (first, end)) if (first + 1) % 100 == second else None


_Y = r"((?:19|20)\d\d)"
_M = "(0[1-9]|1[0-2])"
_NAME = f"({'|'.join(_MONTHS)})[a-z]*"
# Each form, and the year and month of its first and last month. The first that fits the whole text decides: 2011-12
# is a financial year, 2014-12 a month.
_FORMS: tuple[tuple[str, Callable[..., _Ends | None]], ...] = (
    (rf"{_Y}-{_M}-\d\d", lambda y, m: ((y, m), (y, m))),
    (rf"{_Y}[-/](\d\d)(?: annual)?", _financial),
    (f"{_Y}-{_M}", lambda y, m: ((y, m), (y, m))),
    (_Y, lambda y: ((y, 1), (y, 12))),
    (f"{_Y}-{_Y}", lambda y, z: ((y, 1), (z, 12))),
    (f"{_Y}Q([1-4])", lambda y, q: ((y, 3 * q - 2), (y, 3 * q))),
    (rf"{_Y}-(\d\d) ?Q([1-4])", lambda y, z, q: _financial(y, z, 3 * q + 1, 3 * q + 3)),
    (f"{_NAME} {_Y}", lambda m, y: ((y, m), (y, m))),
    (f"{_NAME}-{_NAME} {_Y}", lambda m, n, y: ((y, m), (y, n))),
    (rf"{_Y} \({_NAME}-{_NAME}\)", lambda y, m, n: ((y, m), (y, n))),
    (f"{_NAME} {_Y}-{_NAME} {_Y}", lambda m, y, n, z: ((y, m), (z, n))),
    (f"year to March {_Y}", lambda y: ((y, -8), (y, 3))),
    (f"year ending {_Y}-{_M}", lambda y, m: ((y, m - 11), (y, m))),
)
