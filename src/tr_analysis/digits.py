"""How many digits of a number are kept: as many as its conditioning carries, so that every processor writes the same.

Two processors differ in the last digits of a sum, a factorisation or an optimum, by a relative 1e-16 to 1e-10. What is
stored or published therefore keeps six significant digits, whole units in full, and of an estimate no digit below a
ten-thousandth of its interval's half width. What is written for a reader is settled first: a number that lies on the
border between two roundings, such as 2.15, comes from figures with few digits, and noise must not decide it.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

SIGNIFICANT = 6  # digits of a number that is stored or published; its whole part is kept in full
FRACTION = 1e-4  # share of an interval's half width below which an estimate and its ends keep no digit
NOISE = 1e-10  # share of the largest of several numbers below which a difference of such numbers is nought
SETTLED = 10  # digits to which a number is settled before it is rounded for a reader, compared or drawn

STEP = 0.02
"""Step of the differences of `polish`: wide enough that rounding of the loss does not show, of an error of its fourth power."""

ROUNDS = 4  # Newton's steps: each squares the distance that the search left

Array = npt.NDArray[np.float64]


def settle(values: npt.ArrayLike) -> Any:
    """Round numbers of any shape to ten significant digits: away goes the noise of the processor and nothing else.

    Examples
    --------
    >>> settle(0.1 + 0.2), settle([2.1500000000000004, 1 / 3])
    (0.3, array([2.15      , 0.33333333]))
    """
    numbers = np.asarray(values, dtype=float)
    settled = np.array([float(f"{number:.{SETTLED}g}") for number in numbers.ravel()])
    return settled.reshape(numbers.shape) if numbers.ndim else float(settled[0])


def without_noise(values: npt.ArrayLike) -> Any:
    """Return numbers of one kind with nought for what is as small as the noise of the largest.

    Examples
    --------
    >>> without_noise([11.9, 100 * (5.7 / 5.7000000000000001 - 1) + 7e-11])
    array([11.9,  0. ])
    """
    numbers = np.asarray(values, dtype=float)
    largest = np.max(np.abs(numbers), initial=0.0, where=np.isfinite(numbers))
    return np.where(np.abs(numbers) < NOISE * largest, 0.0, numbers)


def kept(value: float, half_width: float | None = None) -> float:
    """Return a number with the digits that are kept, given half of the width of its interval, where there is one.

    Examples
    --------
    >>> kept(0.123456789), kept(1234567.8), kept(-0.016038018, half_width=3.2)
    (0.123457, 1234568.0, -0.016)
    """
    if not np.isfinite(value) or value == 0:
        return float(value) + 0.0  # without the sign of a zero
    places = max(SIGNIFICANT - 1 - _exponent(value), 0)
    if half_width and np.isfinite(half_width):
        places = min(places, max(-_exponent(half_width * FRACTION), 0))
    return float(round(settle(value), places)) + 0.0


def _exponent(value: float) -> int:
    return int(f"{abs(value):.{SETTLED}e}".partition("e")[2])


def text(value: float, half_width: float | None = None) -> str:
    """Write a number for a computer to read, as shortly as its kept digits allow.

    Examples
    --------
    >>> text(3.0), text(1 / 3), text(3.5544475e-08)
    ('3', '0.333333', '3.55445e-08')
    """
    number = kept(value, half_width)
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)


def to_count(value: Any) -> int:
    """Return a count as a whole number; a `ValueError` if it is none, to ten digits.

    Examples
    --------
    >>> to_count(12.999999999999)
    13
    """
    number = settle(float(value))
    if number != round(number):
        raise ValueError(f"{value} is no count: give a whole number, or round it where that is meant")
    return int(number)


def polish(loss: Callable[[Array], float], start: Array) -> Array:
    """Take Newton's steps from where a search stopped to where the slope of the loss is nought.

    A search by values alone scatters by the root of their rounding, 1e-8 to 1e-6 of the parameter's scale; after
    these steps, with a slope of central differences ``(8 (f(h) - f(-h)) - (f(2h) - f(-2h))) / 12 h``, by 1e-10.
    The start (k,) itself comes back where the loss does not curve upwards in every direction, has no finite value
    around it, or is smallest further off than one step of the differences.
    """
    steps = list(STEP * np.eye(len(start)))

    def slope(at: Array) -> Array:
        near = np.array([loss(at + h) - loss(at - h) for h in steps])
        far = np.array([loss(at + 2 * h) - loss(at - 2 * h) for h in steps])
        return np.asarray((8 * near - far) / (12 * STEP))

    curvature = np.array(
        [
            [
                loss(start + g + h) - loss(start + g - h) - loss(start - g + h) + loss(start - g - h)
                for g in steps
            ]
            for h in steps
        ]
    ) / (4 * STEP**2)
    if not len(start) or not np.isfinite(curvature).all() or np.linalg.eigvalsh(curvature).min() <= 0:
        return start
    found = start
    for _ in range(ROUNDS):
        found = found - np.linalg.solve(curvature, slope(found))
    return found if np.abs(found - start).max() < STEP else start
