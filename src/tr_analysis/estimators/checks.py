"""Checks of what a user gives: one message that names what is wrong and what to do."""

import math
import re
from collections.abc import Collection, Hashable
from contextlib import suppress
from datetime import date
from numbers import Real
from reprlib import repr as shortened
from typing import Any, TypeGuard, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

Array = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
INFINITE = float("inf")
MOST_DRAWS = 10**7  # more would not fit into memory, nor change a printed digit
LARGEST_COUNT = 2**53  # a float holds every whole number up to here
Seed = int | np.random.Generator
T = TypeVar("T")


def check_number(
    name: str,
    value: object,
    *,
    low: float = -INFINITE,
    high: float = INFINITE,
    strict: bool = False,
    advice: str = "",
) -> float:
    """Return ``value`` as a float; refuse what is not a finite number within bounds.

    Text, None, lists, True and False are not numbers. The bounds are allowed themselves unless ``strict``. In
    messages the value is called ``name``, and ``advice`` says what to do: it is made of the bounds if left out.
    """
    advice = advice or "give a " + _wanted("number", low, high, strict)
    given = _as_float(name, value, advice)
    if not (low < given < high if strict else low <= given <= high):
        raise ValueError(f"{name} is {shown(value)}: {advice}")
    return given


def check_integer(
    name: str, value: object, *, low: float = -INFINITE, high: float = INFINITE, advice: str = ""
) -> int:
    """Return ``value`` as an int, as `check_number`; refuse what is not whole (7.0 is whole)."""
    advice = advice or "give a " + _wanted("whole number", low, high)
    given = _as_float(name, value, advice)
    if given != math.floor(given) or not low <= given <= high:
        raise ValueError(f"{name} is {shown(value)}: {advice}")
    return int(value)  # type: ignore[call-overload, no-any-return]  # of the value: a float loses long integers


def check_level(level: object) -> float:
    """Return the coverage of an interval; refuse what is not strictly between 0 and 1."""
    advice = "give a coverage between 0 and 1, such as 0.95"
    return check_number("level", level, low=0, high=1, strict=True, advice=advice)


def check_draws(draws: object, least: int, name: str = "draws") -> int:
    """Return a number of random draws; refuse too few to compare with, and more than fit into memory."""
    advice = f"give {least:,} or more, up to ten million"
    return check_integer(name, draws, low=least, high=MOST_DRAWS, advice=advice)


def check_made(name: str, value: object, kind: type[T], call: str) -> T:
    """Return what another function made; refuse anything else by naming the call that makes it."""
    if not isinstance(value, kind):
        raise ValueError(f"{name} is {shown(value)}: give what `{call}` returns")
    return value


def check_option(name: str, value: object, options: Collection[str]) -> str:
    """Return one of some words; refuse any other."""
    if not isinstance(value, str) or value not in options:
        raise ValueError(f"{name} is {shown(value)}: give {' or '.join(map(repr, options))}")
    return value


def check_flag(name: str, value: object) -> bool:
    """Return True or False; refuse what only passes for it."""
    if not isinstance(value, bool | np.bool_):
        raise ValueError(f"{name} is {shown(value)}: give True or False")
    return bool(value)


def check_frame(
    name: str, value: object, needed: Collection[str] = (), *, results: Collection[str] = ()
) -> pd.DataFrame:
    """Return a frame with the columns needed; refuse one that has a column of the name of a result to be added."""
    if not isinstance(value, pd.DataFrame):
        raise ValueError(f"{name} is {shown(value)}: give a pandas DataFrame")
    if lacking := [column for column in needed if column not in value]:
        raise ValueError(f"no column {lacking[0]!r} in {name}: give {', '.join(needed)}")
    if twice := [column for column in needed if isinstance(value[column], pd.DataFrame)]:
        raise ValueError(f"several columns are called {twice[0]!r}: rename all but one")
    if taken := [column for column in results if column in value]:
        raise ValueError(
            f"column {taken[0]!r} has the name of a result, which would replace or be mistaken for it: rename it"
        )
    return value


def paired(name: str, values: object, index: pd.Index, other: str) -> Any:
    """Return a series in the order of the labels of another; refuse other labels, and pass on what has none."""
    if not isinstance(values, pd.Series) or values.index.equals(index):
        return values
    if index.is_unique and values.index.is_unique and not len(index.symmetric_difference(values.index)):
        return values.reindex(index)
    advice = "take both from one frame, or pair them by position with `.to_numpy()`"
    raise ValueError(f"the {name} and the {other} have different labels: {advice}")


def refuse_mixed_units(name: object, before: Array, after: Array) -> None:
    """Refuse a factor that is a share at one time and looks like per cent at the other."""
    for low, high in ((before, after), (after, before)):
        if low.any() and (np.abs(low) <= 1).all() and ((high > 10) & (high <= 100)).all():
            advice = "give both as shares or both in per cent; if it did change so much, rescale both alike"
            raise ValueError(
                f"factor {name!r} is {low[0]:g} at one time and {high[0]:g} at the other: {advice}"
            )


def generator(seed: object) -> np.random.Generator:
    """Return the generator given, or that of a seed; refuse a seed that could not be used again."""
    if isinstance(seed, np.random.Generator):
        return seed
    advice = "give a whole number from 0, or a generator"
    return np.random.default_rng(check_integer("seed", seed, low=0, advice=advice))


def numbers(name: str, values: object) -> Array:
    """Return one or many numbers as an array (n), missing ones as nan; refuse what `to_floats` does, and tables."""
    given = np.atleast_1d(to_floats(name, values))
    if given.ndim != 1:
        raise ValueError(f"{name} has {given.ndim} dimensions: give one number per unit")
    return given


def check_sizes(values: object, most: int = LARGEST_COUNT) -> Array:
    """Return the sizes of units (n); refuse what are no whole numbers of 1 or more."""
    n = numbers("sizes", values)
    right = (n >= 1) & (n <= most) & (np.floor(n) == n)
    if not len(n) or not right.all():
        held = f"hold {n[~right][0]:g}" if len(n) else "are empty"
        raise ValueError(
            f"sizes {held}: give whole numbers of 1 or more, up to {most:,}, and drop empty units"
        )
    return n


def to_floats(name: str, values: Any) -> Array:
    """Return values of any shape as floats, missing ones as nan; refuse text, even of digits, dates and the like."""
    with suppress(ValueError, OverflowError):  # unlike lengths; an integer too long for a float
        given = np.asarray(values)
        if given.dtype == object and all(_is_number(value) or pd.isna(value) for value in given.ravel()):
            return np.where(pd.isna(given), np.nan, given).astype(float)
        if given.dtype.kind in "biuf":
            return np.asarray(given, dtype=float)
    raise ValueError(f"{name} holds what is no number: turn text into numbers first")


def to_month(month: str | pd.Period | date) -> pd.Period:
    """Return the month of text such as "2015-02" or "2015-02-01", of a monthly period or of a date.

    Other ways to write a month are refused: different people read them differently.
    """
    if isinstance(month, pd.Period) and month.freqstr == "M":
        return month
    with suppress(ValueError):  # no such day
        if isinstance(month, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}(-[0-9]{2})?", month):
            month = date.fromisoformat(month if len(month) > 7 else f"{month}-01")
        if isinstance(month, date) and not pd.isna(month):  # pandas' missing time passes for a date
            return pd.Period(year=month.year, month=month.month, freq="M")
    raise ValueError(f"{shown(month)} is no month: write year and month, such as '2015-02'")


def check_count(successes: object, trials: object, which: str = "") -> tuple[int, int]:
    """Return the successes and trials of one unit as ints; ``which`` ends their names in messages."""
    advice = "no proportion without trials; give a whole number of 1 or more"
    n = check_integer(f"trials{which}", trials, low=1, high=LARGEST_COUNT, advice=advice)
    advice = "give a whole number from 0 to the number of trials"
    k = check_integer(f"successes{which}", successes, low=0, advice=advice)
    if k > n:
        raise ValueError(f"successes{which} is {k} of {n}: more successes than trials; are the two swapped?")
    return k, n


def check_counts(
    frame: pd.DataFrame, successes: str, trials: str, *, results: Collection[str] = ()
) -> tuple[Counts, Counts]:
    """Return the successes and the trials of each row (n, n); ``results`` are columns that the caller will add.

    A message names the first row and column at fault: a count is missing, negative or not whole, a row has no
    trials or more successes than trials, or a column is not there, there twice, or would be replaced by a result.
    """
    check_frame("the table of counts", frame, results=results)
    if frame.empty:
        raise ValueError("no rows: give at least one, or check the filter before")
    for column in (successes, trials):
        if not isinstance(column, Hashable) or column not in frame:
            raise ValueError(f"no column {shown(column)}: the frame has {', '.join(map(str, frame.columns))}")
    if successes == trials:
        raise ValueError(f"column {successes!r} is named for both successes and trials: name two columns")
    k, n = (_count_column(frame, column) for column in (successes, trials))
    _refuse(frame, trials, n == 0, "no proportion without trials; drop the row")
    _refuse(frame, successes, k > n, f"more successes than {trials!r}")
    return k, n


def _count_column(frame: pd.DataFrame, column: str) -> Counts:
    """Return a column as whole numbers, also where a spreadsheet gave it as objects."""
    if isinstance(frame[column], pd.DataFrame):
        raise ValueError(f"several columns are called {column!r}: rename all but one")
    try:
        count = to_floats(column, frame[column])
    except ValueError:
        advice = "turn it into whole numbers"
        raise ValueError(f"column {column!r} holds {frame[column].dtype}: {advice}") from None
    _refuse(frame, column, np.isnan(count), "a count is needed; drop the row or find the figure")
    _refuse(frame, column, count < 0, "a count cannot be negative")
    is_whole = (count <= LARGEST_COUNT) & (np.floor(count) == count)
    _refuse(frame, column, ~is_whole, "a count is a whole number; round it first")
    return count.astype(np.int64)


def _refuse(frame: pd.DataFrame, column: str, at_fault: npt.NDArray[np.bool_], rule: str) -> None:
    if at_fault.any():
        first = int(np.flatnonzero(at_fault)[0])
        raise ValueError(f"row {frame.index[first]}, column {column!r}: {frame[column].iloc[first]}: {rule}")


def _is_number(value: object) -> TypeGuard[Real]:
    return isinstance(value, Real) and not isinstance(value, bool)


def _as_float(name: str, value: object, advice: str) -> float:
    if not _is_number(value):
        raise ValueError(f"{name} is {shown(value)}, which is not a number: {advice}")
    try:
        given = float(value)
    except OverflowError:  # an integer too long for a float
        given = INFINITE
    if not math.isfinite(given):
        raise ValueError(f"{name} is {shown(value)}, which is not a finite number: {advice}")
    return given


def shown(value: object) -> str:
    """Return a number as it is written, without its type, a table by its kind, and else code, shortened."""
    if isinstance(value, pd.Series | pd.DataFrame | pd.Index | np.ndarray):
        return f"a {type(value).__name__} of shape {value.shape}"
    if isinstance(value, Real) and not isinstance(value, int):
        return f"{float(value)}".removesuffix(".0")
    return shortened(value)


def _wanted(kind: str, low: float, high: float, strict: bool = False) -> str:
    """Name the numbers within the bounds, as in "number above 0 and below 1"."""
    above = f" {'above' if strict else 'from'} {low:,g}" if low > -INFINITE else ""
    below = f" {'below' if strict else 'up to'} {high:,g}" if high < INFINITE else ""
    return kind + above + (" and" if above and below and strict else "") + below
