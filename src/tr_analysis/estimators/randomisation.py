"""Randomisation tests: data as they would be if nothing had happened, and whether those look as extreme."""

from collections.abc import Iterator
from itertools import product

import numpy as np
import numpy.typing as npt
import pandas as pd

from tr_analysis.estimators.checks import Array, check_draws, check_integer, generator, to_floats, to_month

__all__ = ["sign_flips", "shuffled_years", "joint_test"]


def sign_flips(units: int) -> Array:
    """Return every way to give signs to the changes of some units, but the observed one.

    Answers: how would the changes look if each unit could as well have moved the other way?

    Tested: listed by hand (`test_randomisation.test_all_signs_but_the_observed_ones`).

    One row of 1 and -1 for each null data set (2**units - 1, units), of 1 to 20 units such as years or pairs. The signs
    are exchangeable if, without an effect, each unit's change is as likely to have been as large the other
    way, independently of the others. Several measures of one unit take the same sign.

    Examples
    --------
    >>> sign_flips(2)
    array([[ 1., -1.],
           [-1.,  1.],
           [-1., -1.]])
    """
    units = check_integer("units", units, low=1, high=20)
    return np.array(list(product([1.0, -1.0], repeat=units))[1:])


def shuffled_years(
    series: pd.DataFrame, first: str | pd.Period, *, draws: int = 99, seed: int | np.random.Generator = 0
) -> Iterator[pd.DataFrame]:
    """Yield monthly series whose years were put in a random order.

    Answers: how would the series look if the reform had changed nothing but chance orders the years?

    Tested: keeps ends, seasons and company of the series; size under a random walk simulated
    (`test_randomisation.test_shuffled_years_keep_ends_seasons_and_company`,
    `test_randomisation.test_shuffled_years_keep_the_level_and_find_a_break`).

    The monthly changes of the logarithms are cut into years of twelve months from ``first`` backwards and forwards, and
    whole years change places, the same way in every series. First and last value, season, and the correlation between
    series stay as observed. The years are exchangeable if growth in one year says nothing of growth in the next.

    Parameters
    ----------
    series, first, draws, seed
        Positive, one column each, by consecutive months; month in which a year begins: that of the reform; number of data
        sets; seed of the order.

    Examples
    --------
    >>> months = pd.period_range("2013-01", "2016-12", freq="M")
    >>> people = pd.DataFrame({"recalled": np.linspace(5000, 6500, 48)}, months)
    >>> one = next(shuffled_years(people, "2015-02", seed=1))
    >>> one["recalled"].iloc[[0, 24, -1]].round().to_list()
    [5000.0, 5766.0, 6500.0]
    """
    draws = check_draws(draws, 1)
    first, values = to_month(first), _positive(series)
    months = series.index
    if first not in months:
        raise ValueError(f"{first} is no month of the series, {months[0]} to {months[-1]}")
    changes = np.diff(np.log(values), axis=0)
    start = int((months < first).sum() - 1) % 12
    years = (len(changes) - start) // 12
    if years < 2:
        raise ValueError(f"{years} whole years about {first}: at least two can change places")
    end = start + 12 * years
    blocks = changes[start:end].reshape(years, 12, -1)
    draw = generator(seed)

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
    values = to_floats("a series", series)
    if not (np.isfinite(values) & (values > 0)).all() or (np.diff(months.asi8) != 1).any():
        raise ValueError("the series need a positive value in every month of an unbroken row of months")
    return values


def joint_test(estimates: npt.ArrayLike, significant: npt.ArrayLike) -> pd.DataFrame:
    """Test all specifications together against curves where nothing happened.

    Answers: could chance alone give a whole curve as extreme as this one?

    Tested: counts by hand; level and power simulated
    (`test_randomisation.test_joint_test_counts_the_curves_as_extreme`,
    `test_randomisation.test_joint_test_keeps_its_level_and_finds_an_effect`).

    The same specifications are run on data in which the effect is 0 by construction (Simonsohn, Simmons and Nelson
    2020). The test is exact when, without an effect, the observed data and those are exchangeable; `sign_flips` and
    `shuffled_years` say what that takes.

    Parameters
    ----------
    estimates, significant
        A row a specification and a column a curve, the observed one first (n, c); whether each excludes 0.

    Returns
    -------
    pandas.DataFrame
        Rows "median" (its absolute size) and "share significant" (on the side of the median); columns observed,
        as_extreme (null curves that reach it), curves (observed and null), p_value ``= (1 + as_extreme) / curves``,
        smallest_p, that of the most extreme of these curves, and simulation_error, one standard error of the p-value
        where null curves are drawn at random.

    References
    ----------
    Simonsohn, Simmons and Nelson (2020), Nature Human Behaviour 4, 1208-1214.

    Examples
    --------
    >>> tested = joint_test([[3.0, 1, -2, -4], [2, 1, -1, -3]], np.zeros((2, 4)))
    >>> tested.loc["median", ["as_extreme", "p_value"]].to_list()
    [1.0, 0.5]
    """
    found, clear = to_floats("estimates", estimates), to_floats("significant", significant)
    if found.ndim != 2 or found.shape != clear.shape or not len(found) or found.shape[1] < 2:
        raise ValueError(
            "give estimates and significant of one shape: a row a specification, two curves or more"
        )
    if not np.isfinite(found).all():
        raise ValueError("an estimate is missing or infinite: leave out the specification in every curve")
    median = np.median(found, axis=0)
    on_its_side = (clear == 1) & (np.sign(found) == np.sign(median))
    rows = {}
    for name, values in {"median": np.abs(median), "share significant": on_its_side.mean(axis=0)}.items():
        # Equal up to rounding is equal: a mirrored data set gives the same size with other last digits.
        reached, largest = (values >= size - 1e-9 * size for size in (values[0], values.max()))
        p_value = float(reached.mean())
        rows[name] = {
            "observed": float(values[0]),
            "as_extreme": int(reached.sum()) - 1,
            "curves": len(values),
            "p_value": p_value,
            "smallest_p": float(largest.mean()),
            "simulation_error": float(np.sqrt(p_value * (1 - p_value) / len(values))),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("statistic")
