"""Data as they would be if nothing had happened, made of the observed: for tests by permutation."""

from collections.abc import Iterator
from itertools import product

import numpy as np
import pandas as pd

from tr_analysis.estimators.checks import Array, to_floats, whole
from tr_analysis.estimators.interrupted import to_month


def sign_flips(units: int, *, draws: int = 999, seed: int | np.random.Generator = 0) -> Array:
    """Return signs to give to the changes of some units, all the ways there are but the observed one.

    **Exchangeable** are the signs: without an effect each unit's change is as likely to have been as large
    the other way, and independently of the others. Several measures of one unit take the same sign.

    Parameters
    ----------
    units
        Number of units, such as years or pairs, 1 or more.
    draws
        Most rows returned: where there are more than that ``2**units - 1`` ways, as many are drawn of all,
        with replacement.
    seed
        Of the draws.

    Returns
    -------
    numpy.ndarray
        One row of 1 and -1 for each null data set, one column for each unit.

    Raises
    ------
    ValueError
        If there are no units or no draws.
    """
    units = whole("units", units, low=1, advice="give at least one")
    draws = whole("draws", draws, low=1, advice="give at least one")
    if 2 ** min(units, 60) - 1 <= draws:
        return np.array(list(product([1.0, -1.0], repeat=units))[1:])
    return np.random.default_rng(seed).choice([1.0, -1.0], size=(draws, units))


def shuffled_years(
    series: pd.DataFrame, first: str | pd.Period, *, draws: int = 99, seed: int | np.random.Generator = 0
) -> Iterator[pd.DataFrame]:
    """Return monthly series whose years were put in a random order, made one by one as they are asked for.

    The monthly changes of the logarithms are cut into years of twelve months from ``first`` backwards and
    forwards, and the whole years change places, the same way in every series; months that make no whole
    year at either end stay. The series are rebuilt from their first value, so that first and last value,
    season, the correlation of months within a year and that between series are the observed ones, and only
    what came before the reform and what after is left to chance.

    **Exchangeable** are the years: without a reform, growth in one year says nothing of growth in the next.
    Swings that last several years break this and make the test find too much. Random walks do not: of 1,500
    of them, tests at 5% and 10% reject 0.04 and 0.09.

    Parameters
    ----------
    series
        Positive, one column each, indexed by consecutive months.
    first
        Month in which a year begins: the month of the reform.
    draws
        Number of data sets.
    seed
        Of the order.

    Raises
    ------
    ValueError
        If there are no series, the months are not consecutive, a value is not positive, ``first`` is not one
        of the months, there are fewer than two whole years, or no draws.
    """
    draws = whole("draws", draws, low=1, advice="give at least one")
    first, values = to_month(first), _positive(series)
    months = series.index
    if first not in months:
        raise ValueError(f"{first} is no month of the series, {months[0]} to {months[-1]}")
    changes = np.diff(np.log(values), axis=0)
    start = int((months < first).sum() - 1) % 12
    years = (len(changes) - start) // 12
    if years < 2:
        raise ValueError(
            f"{years} whole years from {first} backwards and forwards: at least two can change places"
        )
    end = start + 12 * years
    blocks = changes[start:end].reshape(years, 12, -1)
    draw = np.random.default_rng(seed)

    def reordered() -> pd.DataFrame:
        order = blocks[draw.permutation(years)].reshape(12 * years, -1)
        steps = np.vstack([np.zeros((1, values.shape[1])), changes[:start], order, changes[end:]])
        return pd.DataFrame(values[0] * np.exp(steps.cumsum(axis=0)), months, series.columns)

    return (reordered() for _ in range(draws))


def _positive(series: pd.DataFrame) -> Array:
    """Return the values of the series; refuse what has no monthly changes of logarithms."""
    if not isinstance(series, pd.DataFrame) or series.empty:
        raise ValueError("no series: give a frame with one column each; `to_frame()` makes one of a series")
    months = series.index
    if not isinstance(months, pd.PeriodIndex) or months.freqstr != "M" or months.hasnans:
        raise ValueError("the series need a monthly index: set its index to pd.PeriodIndex(months, freq='M')")
    values = to_floats("a series", series.fillna(np.nan))
    if not (np.isfinite(values) & (values > 0)).all() or (np.diff(months.asi8) != 1).any():
        raise ValueError("the series need a positive value in every month of an unbroken row of months")
    return values
