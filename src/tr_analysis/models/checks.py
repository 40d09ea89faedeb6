"""Checks of single numbers that a user gives: one message that names what is wrong and what to do."""

import math
from numbers import Real
from reprlib import repr as shortened

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
        raise ValueError(f"{name} is {_shown(value)}: {advice}")
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
        raise ValueError(f"{name} is {_shown(value)}: {advice}")
    return int(value)  # type: ignore[call-overload, no-any-return]  # of the value: a float loses long integers


def _as_float(name: str, value: object, advice: str) -> float:
    if isinstance(value, bool) or not isinstance(value, Real):
        raise ValueError(f"{name} is {_shown(value)}, which is not a number: {advice}")
    try:
        given = float(value)
    except OverflowError:  # an integer too long for a float
        given = INFINITE
    if not math.isfinite(given):
        raise ValueError(f"{name} is {_shown(value)}, which is not a finite number: {advice}")
    return given


def _shown(value: object) -> str:
    """Return a number as it is written, without its type, and anything else as code, shortened."""
    if isinstance(value, Real) and not isinstance(value, int):
        return f"{float(value)}".removesuffix(".0")
    return shortened(value)


def _wanted(kind: str, low: float, high: float, open_low: bool, open_high: bool) -> str:
    """Name the numbers within the bounds, as in "number above 0 and below 1"."""
    above = f" {'above' if open_low else 'from'} {low:,g}" if low > -INFINITE else ""
    below = f" {'below' if open_high else 'up to'} {high:,g}" if high < INFINITE else ""
    return kind + above + (" and" if above and below and open_high else "") + below
