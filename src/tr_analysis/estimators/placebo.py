"""What a model finds where nothing happened: at false dates, in shuffled years, under turned signs."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tr_analysis.estimators.checks import (
    Array,
    Seed,
    check_draws,
    check_integer,
    check_made,
    check_number,
    generator,
    shown,
    to_floats,
    to_month,
)
from tr_analysis.estimators.interrupted import InterruptedDesign, InterruptedFit, check_series, interrupted

__all__ = ["placebo", "placebo_rank", "sign_flips", "shuffled_years", "joint_test"]


def placebo(
    series: pd.Series,
    dates: Iterable[str | pd.Period],
    estimator: Callable[[InterruptedDesign], InterruptedFit],
    **options: Any,
) -> pd.DataFrame:
    """Fit the model once for each false date of the reform.

    Answers: what does the same model find at dates when nothing happened?

    Tested: each row is a fit of its own; a true break stands out (`test_placebos_are_fits_of_their_own`,
    `test_a_true_break_stands_out`).

    ``series`` and ``options`` are those of `interrupted`, ``dates`` false months of the reform, and ``estimator`` is the
    error model. Pass the months before the true reform only, or its break leaks into the placebos. Neighbouring dates
    share nearly all their data. Returned are by date level, level_low, level_high, slope, slope_low and slope_high, on
    the scale of the model.

    Examples
    --------
    >>> from tr_analysis.estimators.autocorrelation import autoregressive
    >>> months = pd.period_range("2010-06", periods=56, freq="M")
    >>> people = pd.Series(5000 + 100 * np.random.default_rng(1).standard_normal(56), months)
    >>> placebo(people, ["2012-06", "2013-06"], autoregressive)["slope"].round(3).to_list()
    [0.001, 0.001]
    """
    if isinstance(dates, str) or not isinstance(dates, Iterable):
        raise ValueError(f"dates is {shown(dates)}: give a list of months, such as ['2013-06', '2013-07']")
    if not callable(estimator):
        raise ValueError(f"estimator is {shown(estimator)}: give a function, such as autoregressive")
    rows = {}
    for false_date in dates:
        design = interrupted(series, false_date, **options)
        fit = check_made("what the estimator returned", estimator(design), InterruptedFit, "autoregressive")
        effects = fit.effects
        rows[design.reform] = {
            f"{effect}{suffix}": effects.loc[effect, column]
            for effect in effects.index
            for suffix, column in (("", "estimate"), ("_low", "low"), ("_high", "high"))
        }
    if not rows:
        raise ValueError("no dates: give the months to try as false reform dates")
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("date")


@dataclass(frozen=True)
class PlaceboRank:
    """Rank of the true effect among the placebo effects by absolute size, 1 being the largest."""

    rank: int
    of: int
    p_value: float


def placebo_rank(true: float, placebos: pd.Series) -> PlaceboRank:
    """Rank a true effect among placebo effects by absolute size.

    Answers: is the change at the true date larger than those at dates when nothing happened?

    Tested: ranks by hand, with ties up to rounding (`test_rank_counts_sizes_and_ties_but_not_rounding`).

    ``p_value = (1 + number of placebos at least as large) / (1 + number of placebos)``: the true date counts as one of
    those that could have been the largest. Sizes equal up to rounding (1e-9) are ties.
    ``placebos`` is one column of `placebo`.

    Examples
    --------
    >>> placebo_rank(-2.0, pd.Series([1.0, -2.0, 3.0, 0.5]))
    PlaceboRank(rank=3, of=5, p_value=0.6)
    """
    if not isinstance(placebos, pd.Series) or placebos.empty:
        raise ValueError(f"placebos is a {type(placebos).__name__}, or empty: give one column of `placebo`")
    if placebos.isna().any() or not np.isfinite(to_floats("placebos", placebos)).all():
        raise ValueError("a placebo is missing or infinite: rank effects that were estimated only")
    size = abs(check_number("the true effect", true, advice="rank effects that were estimated only"))
    as_large = int((placebos.abs() >= size - 1e-9 * size).sum())  # rounding alone breaks no tie
    of = 1 + len(placebos)
    return PlaceboRank(rank=1 + as_large, of=of, p_value=(1 + as_large) / of)


def sign_flips(units: int) -> Array:
    """Return every way to give signs to the changes of some units, but the observed one.

    Answers: how would the changes look if each unit could as well have moved the other way?

    Tested: listed by hand (`test_all_signs_but_the_observed_ones`).

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
    series: pd.DataFrame, first: str | pd.Period, *, draws: int = 99, seed: Seed = 0
) -> Iterator[pd.DataFrame]:
    """Yield monthly series whose years were put in a random order.

    Answers: how would the series look if the reform had changed nothing but chance orders the years?

    Tested: keeps ends, seasons and company of the series; size under a random walk simulated
    (`test_shuffled_years_keep_ends_seasons_and_company`, `test_shuffled_years_keep_the_level_and_find_a_break`).

    The monthly changes of the logarithms are cut into years of twelve months from ``first`` backwards and forwards, and
    whole years change places, the same way in every series. First and last value, season, and the correlation between
    series stay as observed. The years are exchangeable if growth in one year says nothing of growth in the next.
    ``series`` are positive, by consecutive months, one column each; ``first`` is the month of the reform.

    Examples
    --------
    >>> months = pd.period_range("2013-01", "2016-12", freq="M")
    >>> people = pd.DataFrame({"recalled": np.linspace(5000, 6500, 48)}, months)
    >>> one = next(shuffled_years(people, "2015-02", seed=1))
    >>> one["recalled"].iloc[[0, 24, -1]].round().to_list()
    [5000.0, 5766.0, 6500.0]
    """
    draws, first = check_draws(draws, 1), to_month(first)
    if not isinstance(series, pd.DataFrame) or series.empty:
        raise ValueError("no series: give a frame with one column each; `to_frame()` makes one of a series")
    values = np.column_stack(
        [check_series(column, f"series {name}", "log") for name, column in series.items()]
    )
    months = series.index
    if not isinstance(months, pd.PeriodIndex) or months.freqstr != "M":
        raise ValueError("the series are not by month: give monthly ones")
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


def joint_test(estimates: npt.ArrayLike, significant: npt.ArrayLike) -> pd.DataFrame:
    """Test all specifications together against curves where nothing happened.

    Answers: could chance alone give a whole curve as extreme as this one?

    Tested: counts by hand; level and power simulated (`test_joint_test_counts_the_curves_as_extreme`,
    `test_joint_test_keeps_its_level_and_finds_an_effect`).

    The same specifications are run on data in which the effect is 0 by construction (Simonsohn, Simmons and Nelson
    2020). The test is exact when, without an effect, the observed data and those are exchangeable; `sign_flips` and
    `shuffled_years` say what that takes. Both arguments have a row a specification and a column a curve, the observed
    one first (n, c); ``significant`` says whether an estimate excludes 0.

    Returns
    -------
    pandas.DataFrame
        Rows "median" (its absolute size) and "share significant" (on the side of the median); columns observed,
        as_extreme (null curves that reach it), curves (observed and null), p_value ``= (1 + as_extreme) / curves``,
        smallest_p, that of the most extreme of these curves, and simulation_error, one standard error of the p-value
        where null curves are drawn at random.

    Reference: Simonsohn, Simmons and Nelson (2020), Nature Human Behaviour 4, 1208-1214.

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
