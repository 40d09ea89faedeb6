"""Periods as printed, turned into real ones."""

import re
from typing import NamedTuple

import pandas as pd

FREQUENCY = {"month": "M", "quarter": "Q-DEC", "financial year": "Y-MAR", "date": "D"}
_MONTHS = {
    m: i
    for i, m in enumerate(
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"], start=1
    )
}


class Span(NamedTuple):
    """First and last month of a period, both included."""

    first: pd.Period
    last: pd.Period


def period(text: str, kind: str) -> pd.Period:
    """Turn one printed period of a known kind into a pandas period.

    Parameters
    ----------
    text
        Such as ``2015-02``, ``2015Q4``, ``2015/16`` or ``2015-06-30``.
    kind
        ``month``, ``quarter``, ``financial year`` (April to March, named by both its years) or ``date``.

    Raises
    ------
    ValueError
        If the text is no such period; a financial year's years must follow each other.
    """
    if kind == "financial year":
        first, last = text.split("/")
        if (int(first) + 1) % 100 != int(last):
            raise ValueError(f"{text!r} is no financial year: write two consecutive years, such as 2015/16")
        return pd.Period(year=int(first) + 1, freq=FREQUENCY[kind])
    return pd.Period(text, freq=FREQUENCY[kind])


def financial_year(value: pd.Period) -> str:
    """Write a financial year the way it is printed, such as 2015/16."""
    return f"{value.year - 1}/{value.year % 100:02d}"


def span(text: str) -> Span | None:
    """Find the first and last month of a period printed in any of the register's forms.

    Parameters
    ----------
    text
        Such as ``2016-17``, ``2015Q3``, ``Oct-Dec 2015``, ``2014-06 to 2014-09 (17 weeks)``.

    Returns
    -------
    Span or None
        None where the words do not fix both ends: an open period is not closed by guessing.
    """
    text = text.removeprefix("cohort ")
    outer, _, inner = text.removesuffix(")").partition(" (")
    ends = outer.split(" to ") if " to " in outer else [outer, inner.removeprefix("to ")]
    if match := _read(text):
        return match
    if " to " in outer or inner.startswith("to "):
        first, last = (_read(end) for end in ends)
        return Span(first.first, last.last) if first and last else None
    return _read(inner) or _read(outer)


def _read(text: str) -> Span | None:
    for form, first, last in _FORMS:
        if match := re.fullmatch(form, text):
            return Span(_month(first(*match.groups())), _month(last(*match.groups())))
    return None


def _month(year_month: tuple[int, int]) -> pd.Period:
    return pd.Period(year=year_month[0], month=year_month[1], freq="M")


def _number(month: str) -> int:
    return _MONTHS[month[:3]]


def _follows(first: str, last: str) -> bool:
    return (int(first) + 1) % 100 == int(last)


_NAME = "([A-Z][a-z]{2,})"
# Form, first month, last month; the first form that fits the whole text decides.
_FORMS = (
    (r"(\d{4})-(\d\d)-\d\d", lambda y, m: (int(y), int(m)), lambda y, m: (int(y), int(m))),
    (
        r"(\d{4})[-/](\d\d)(?: annual)?",
        lambda y, m: (int(y), 4 if _follows(y, m) else int(m)),
        lambda y, m: (int(y) + 1, 3) if _follows(y, m) else (int(y), int(m)),
    ),
    (r"(\d{4})", lambda y: (int(y), 1), lambda y: (int(y), 12)),
    (r"(\d{4})-(\d{4})", lambda y, z: (int(y), 1), lambda y, z: (int(z), 12)),
    (r"(\d{4})Q(\d)", lambda y, q: (int(y), 3 * int(q) - 2), lambda y, q: (int(y), 3 * int(q))),
    (
        r"(\d{4})-\d\d ?Q(\d)",  # quarter of a financial year: the first is April to June
        lambda y, q: (int(y) + (q == "4"), 3 * int(q) + 1 - 12 * (q == "4")),
        lambda y, q: (int(y) + (q == "4"), 3 * int(q) + 3 - 12 * (q == "4")),
    ),
    (rf"{_NAME} (\d{{4}})", lambda a, y: (int(y), _number(a)), lambda a, y: (int(y), _number(a))),
    (
        rf"{_NAME}-{_NAME} (\d{{4}})",
        lambda a, b, y: (int(y), _number(a)),
        lambda a, b, y: (int(y), _number(b)),
    ),
    (
        rf"(\d{{4}}) \({_NAME}-{_NAME}\)",
        lambda y, a, b: (int(y), _number(a)),
        lambda y, a, b: (int(y), _number(b)),
    ),
    (
        rf"{_NAME} (\d{{4}})-{_NAME} (\d{{4}})",
        lambda a, y, b, z: (int(y), _number(a)),
        lambda a, y, b, z: (int(z), _number(b)),
    ),
    (
        r"year (?:to March|ending) (\d{4})(?:-(\d\d))?",
        lambda y, m: (int(y) - (m != "12"), int(m or 3) % 12 + 1),
        lambda y, m: (int(y), int(m or 3)),
    ),
)
