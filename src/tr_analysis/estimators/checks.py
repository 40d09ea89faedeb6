"""Checks of what a user gives: one message that names what is wrong and what to do."""

import math
from contextlib import suppress
from numbers import Real
from reprlib import repr as shortened
from typing import TypeGuard

import numpy as np
import numpy.typing as npt
import pandas as pd

Array = npt.NDArray[np.float64]
INFINITE = float("inf")


def number(
    name: str,
    value: object,
    *,
    low: float = -INFINITE,
    high: float = INFINITE,
    open_low: bool = False,
    open_high: bool = False,
    advice: str = "",
) -> float:
    """Return ``value`` as a float, if it is a finite number within bounds.

    Parameters
    ----------
    name
        What the reader of the message knows the value by.
    value
        Any object. Text, None, lists, True and False are no numbers, whatever they could be turned into.
    low, high
        Bounds, themselves allowed unless ``open_low`` or ``open_high``.
    open_low, open_high
        Whether the bound itself is refused.
    advice
        What to do, after a colon; made of the bounds if left out.

    Raises
    ------
    ValueError
        If ``value`` is not a number, not finite or out of bounds.
    """
    advice = advice or "give a " + _wanted("number", low, high, open_low, open_high)
    given = _as_float(name, value, advice)
    if given < low or given > high or (open_low and given == low) or (open_high and given == high):
        raise ValueError(f"{name} is {shown(value)}: {advice}")
    return given


def whole(
    name: str, value: object, *, low: float = -INFINITE, high: float = INFINITE, advice: str = ""
) -> int:
    """Return ``value`` as an int, if it is a whole number within bounds, these allowed; 7.0 is whole.

    Parameters and errors are those of `number`; a number that is not whole is refused too.
    """
    advice = advice or "give a " + _wanted("whole number", low, high, False, False)
    given = _as_float(name, value, advice)
    if given != math.floor(given) or not low <= given <= high:
        raise ValueError(f"{name} is {shown(value)}: {advice}")
    return int(value)  # type: ignore[call-overload, no-any-return]  # of the value: a float loses long integers


def coverage(level: object) -> float:
    """Return the coverage of an interval; refuse what is not strictly between 0 and 1."""
    advice = "give a coverage between 0 and 1, such as 0.95"
    return number("level", level, low=0, high=1, open_low=True, open_high=True, advice=advice)


def generator(seed: object) -> np.random.Generator:
    """Return the generator given, or that of a seed; refuse a seed that could not be used again."""
    if isinstance(seed, np.random.Generator):
        return seed
    return np.random.default_rng(
        whole("seed", seed, low=0, advice="give a whole number from 0, or a generator")
    )


def numbers(name: str, values: object) -> npt.NDArray[np.float64]:
    """Return one or many numbers (n) as an array, what is missing as nan; refuse text, dates and tables.

    Raises
    ------
    ValueError
        If something is not a number or the values are no single row or column.
    """
    given = np.atleast_1d(np.asarray(values))
    if given.ndim != 1:
        raise ValueError(f"the {name} have {given.ndim} dimensions: give one number per unit")
    kind = "nothing" if values is None else pd.api.types.infer_dtype(given, skipna=True)
    if kind not in ("integer", "floating", "mixed-integer-float", "boolean", "empty"):
        raise ValueError(f"the {name} hold {kind}, which are not numbers: turn them into numbers first")
    try:
        return pd.Series(given).to_numpy(dtype=np.float64, na_value=np.nan)
    except OverflowError:
        raise ValueError(
            f"the {name} hold an integer too long to compute with: choose another unit"
        ) from None


def to_floats(name: str, values: npt.ArrayLike) -> Array:
    """Return values as floats; refuse text, even of digits, and whatever else is no number."""
    with suppress(ValueError, OverflowError):  # unlike lengths; an integer too long for a float
        given = np.asarray(values)
        if given.dtype.kind in "iuf" or (given.dtype == object and all(map(_is_number, given.ravel()))):
            return np.asarray(given, dtype=float)
    raise ValueError(f"{name} holds what is no number: turn text into numbers first")


def _is_number(value: object) -> TypeGuard[Real]:
    return isinstance(value, Real) and not isinstance(value, bool)


def same_rows(**columns: object) -> None:
    """Refuse Series whose rows have other labels than the first one has: they would be paired by position."""
    labelled = {name: column.index for name, column in columns.items() if isinstance(column, pd.Series)}
    first = next(iter(labelled), "")
    for name, index in labelled.items():
        if not index.equals(labelled[first]):
            raise ValueError(
                f"the rows of {name} and {first} have different labels: take both from one frame, or give arrays "
                "if they belong together in this order"
            )


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
    """Return a number as it is written, without its type, and anything else as code, shortened."""
    if isinstance(value, Real) and not isinstance(value, int):
        return f"{float(value)}".removesuffix(".0")
    return shortened(value)


def _wanted(kind: str, low: float, high: float, open_low: bool, open_high: bool) -> str:
    """Name the numbers within the bounds, as in "number above 0 and below 1"."""
    above = f" {'above' if open_low else 'from'} {low:,g}" if low > -INFINITE else ""
    below = f" {'below' if open_high else 'up to'} {high:,g}" if high < INFINITE else ""
    return kind + above + (" and" if above and below and open_high else "") + below
