"""What one cohort can show against a baseline: standard error, power, minimum detectable change."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from tr_analysis.models.series import Array

Number = float | npt.NDArray[np.float64]


class Chances(NamedTuple):
    """Probabilities that a cohort is paid for and that money is taken back; shaped like the shifts."""

    payment: Array
    deduction: Array


def critical_value(level: float, sides: int = 2) -> float:
    """Return how many standard errors a rate must lie from its baseline to be significant.

    Parameters
    ----------
    level
        Significance level, above 0 and below 0.5.
    sides
        2: half the level for falls and half for rises. 1: all of it for falls, and rises are not tested.

    Raises
    ------
    ValueError
        If the level is not between 0 and 0.5, or there are not one or two sides.
    """
    if not 0 < level < 0.5:
        raise ValueError(f"level is {level}: give a significance level above 0 and below 0.5, such as 0.05")
    if sides not in (1, 2):
        raise ValueError(f"sides is {sides}: a test has 1 or 2")
    return float(-ndtri(level / sides))


def standard_error(size: float, rate: float, *, baseline_size: float = np.inf) -> float:
    """Return the standard error of a cohort's rate less its baseline, as a share.

    ``sqrt(rate (1 - rate) (1 / size + 1 / baseline_size))``.

    Parameters
    ----------
    size
        People in the cohort.
    rate
        Rate of the baseline, a share between 0 and 1.
    baseline_size
        People in the baseline's cohort; infinite where the baseline is taken as known.

    Raises
    ------
    ValueError
        If a size is below 1, or the rate is not between 0 and 1.
    """
    for name, people in (("size", size), ("baseline_size", baseline_size)):
        if not people >= 1:
            raise ValueError(f"{name} is {people}: give the number of people, 1 or more")
    if not 0 < rate < 1:
        raise ValueError(f"rate is {rate}: give a share between 0 and 1, such as 0.475 for 47.5%")
    return float(np.sqrt(rate * (1 - rate) * (1 / size + 1 / baseline_size)))


def minimum_detectable_change(
    error: float, *, level: float, power: float = 0.8, sides: int = 2, unseen: float = 0.0
) -> float:
    """Return the true fall that is found significant with a given probability.

    ``z(level) error + z(power) sqrt(error**2 + unseen**2)``, in the unit of the standard error.

    Parameters
    ----------
    error
        Standard error that the test reckons with, from `standard_error`.
    level, sides
        As in `critical_value`.
    power
        Probability to find it, above the level and below 1.
    unseen
        As in `chances`.

    Raises
    ------
    ValueError
        If the error is not positive, or level, sides, power or ``unseen`` is out of range.
    """
    critical = critical_value(level, sides)
    check_error(error)
    if not level < power < 1:
        raise ValueError(f"power is {power}: give a probability above the level and below 1, such as 0.8")
    noise = np.hypot(error, check_share("unseen", unseen, low=0))
    return float(critical * error + ndtri(power) * noise)


def chances(
    shift: Number, *, error: float, level: float, sides: int = 2, spread: Number = 0.0, unseen: float = 0.0
) -> Chances:
    """Return the chances of payment and deduction of a cohort whose true rate moved; normal approximation.

    With ``z`` the critical value, payment has the probability ``Phi((-z error - shift) / s)`` and deduction
    ``Phi((shift - z error) / s)``, where ``s = sqrt(error**2 + spread**2 + unseen**2)``. `operating`, in
    `payment_operating`, gives the exact binomial ones.

    Parameters
    ----------
    shift
        True change of the rate, negative for a fall; one or many, such as the points of a power curve.
    error
        Standard error that the test reckons with, from `standard_error`.
    level, sides
        As in `critical_value`.
    spread
        Standard deviation of the true changes around ``shift``, between providers; 0 for one provider.
    unseen
        Standard error that the test does not reckon with, such as that of a sampled baseline that is
        treated as known.

    Returns
    -------
    Chances
        Deduction is 0 with one side.

    Raises
    ------
    ValueError
        If the error is not positive, a spread is negative, or a value is not a finite share.
    """
    critical = critical_value(level, sides)
    check_error(error)
    shift, spread = check_share("shift", shift), check_share("spread", spread, low=0)
    scale = np.sqrt(error**2 + spread**2 + check_share("unseen", unseen, low=0) ** 2)
    deduction = ndtr((shift - critical * error) / scale)
    return Chances(ndtr((-critical * error - shift) / scale), deduction * (sides == 2))


def check_share(name: str, values: npt.ArrayLike, *, low: float = -1) -> Array:
    """Return a change or spread as floats; refuse what is no share, percentage points above all."""
    numbers = to_floats(name, values)
    at_fault = numbers[~((numbers >= low) & (numbers < 1) & (numbers > -1))]
    if at_fault.size:
        raise ValueError(
            f"{name} has {at_fault[0]}: give shares from {low:g} to 1, such as 0.019 for 1.9 percentage points"
        )
    return numbers


def to_floats(name: str, values: npt.ArrayLike) -> Array:
    """Return values as floats, or say which are no numbers."""
    try:
        return np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"{name} holds what is no number: turn text into numbers first") from None


def check_error(error: float) -> None:
    """Refuse a standard error that is none of a share."""
    if not 0 < error < 1:
        raise ValueError(f"error is {error}: give a share above 0 and below 1, from `standard_error`")
