"""Checks of what is given for payment by results: shares, standard errors, and counts of providers."""

import numpy as np
import numpy.typing as npt

from tr_analysis.estimators.checks import Array, number, to_floats, whole

WIDEST = 0.5
"""Largest standard deviation of a share: half of all 0, half of all 1."""

SMALLEST = 1e-100
"""Smallest standard error, so that its square is a number."""


def check_share(name: str, values: npt.ArrayLike, *, low: float = -1, high: float = 1) -> Array:
    """Return a change or spread as floats; refuse what is no share, percentage points above all."""
    numbers = to_floats(name, values)
    at_fault = numbers[~((numbers >= low) & (numbers <= high) & (np.abs(numbers) < 1))]
    if at_fault.size:
        raise ValueError(
            f"{name} has {at_fault[0]}: give shares from {low:g} to {high:g}, such as 0.019 for "
            "1.9 percentage points, divided by 100"
        )
    return numbers


def one_share(name: str, value: float, *, low: float = -1, high: float = 1) -> float:
    """Return one change or spread, checked as in `check_share`."""
    return float(
        check_share(name, number(name, value, advice="give one share, not many"), low=low, high=high)
    )


def check_error(error: float, name: str = "error") -> None:
    """Refuse a standard error that is none of a share."""
    advice = "give a share above 0 and up to 0.5, from `standard_error`; divide percentage points by 100"
    number(name, error, low=SMALLEST, high=WIDEST, advice=advice)


def check_counts(winners: float, losers: float, providers: int) -> None:
    """Refuse counts of winners and losers that cannot be."""
    advice = "give counts of 0 or more, together no more than all"
    whole("providers", providers, low=1)
    number("winners", winners, low=0, advice=advice)
    number("losers", losers, low=0, advice=advice)
    if winners + losers > providers:
        raise ValueError(f"{winners} winners and {losers} losers of {providers}: {advice}")
