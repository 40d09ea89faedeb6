"""What one cohort can show against a baseline: standard error, power, minimum detectable change."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from tr_analysis.estimators.checks import Array, number, whole
from tr_analysis.estimators.payment_checks import WIDEST, check_error, check_share, one_share

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
    advice = "give a significance level above 0 and below 0.5, such as 0.05"
    number("level", level, low=0, high=0.5, open_low=True, open_high=True, advice=advice)
    whole("sides", sides, low=1, high=2, advice="a test has 1 or 2")
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
    number("size", size, low=1, advice="give the number of people, 1 or more")
    if not (isinstance(baseline_size, float) and baseline_size == np.inf):
        number("baseline_size", baseline_size, low=1, advice="give the number of people, 1 or more")
    advice = "give a share between 0 and 1, such as 0.475 for 47.5%"
    number("rate", rate, low=0, high=1, open_low=True, open_high=True, advice=advice)
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
        If the error or ``unseen`` is not above 0 and up to 0.5, level, sides or power is out of range, or no
        fall there can be would be found.
    """
    critical = critical_value(level, sides)
    check_error(error)
    advice = "give a probability above the level and below 1, such as 0.8"
    number("power", power, low=level, high=1, open_low=True, open_high=True, advice=advice)
    noise = np.hypot(error, one_share("unseen", unseen, low=0, high=WIDEST))
    found = float(critical * error + ndtri(power) * noise)
    if found > 1:
        raise ValueError(
            f"only a fall of {found:.2f} would be found, more than there is: take a larger cohort"
        )
    return found


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
        If the error is not above 0 and up to 0.5, a spread is negative or above 0.5, a value is not a finite
        share, or shifts and spreads are not as many.
    """
    wide = check_share("spread", spread, low=0, high=WIDEST)
    shifts, luck = check_share("shift", shift), check_share("unseen", unseen, low=0, high=WIDEST)
    if len({values.shape for values in (shifts, wide, luck) if values.ndim}) > 1:
        raise ValueError(
            f"{shifts.size} shifts and {wide.size} spreads: give one of either, or as many of both, alike in shape"
        )
    return normal_chances(shifts, error=error, level=level, sides=sides, spread=wide, unseen=luck)


def normal_chances(
    shift: Array, *, error: float, level: float, sides: int, spread: Array, unseen: Array
) -> Chances:
    """Return `chances` of changes and spreads already checked."""
    critical = critical_value(level, sides)
    check_error(error)
    scale = np.sqrt(error**2 + spread**2 + unseen**2)
    deduction = ndtr((shift - critical * error) / scale)
    return Chances(ndtr((-critical * error - shift) / scale), deduction * (sides == 2))
