"""False dates of a reform: what a model of an interrupted series finds when nothing happened."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from tr_analysis.estimators.checks import check_made, check_number, shown, to_floats
from tr_analysis.estimators.interrupted import InterruptedDesign, InterruptedFit, interrupted

__all__ = ["placebo", "placebo_rank"]


def placebo(
    series: pd.Series,
    dates: Iterable[str | pd.Period],
    estimator: Callable[[InterruptedDesign], InterruptedFit],
    **options: Any,
) -> pd.DataFrame:
    """Fit the model once for each false date of the reform.

    Answers: what does the same model find at dates when nothing happened?

    Tested: each row is a fit of its own; a true break stands out
    (`test_placebo.test_placebos_are_fits_of_their_own`, `test_placebo.test_a_true_break_stands_out`).

    Pass the months before the true reform only, or its break leaks into the placebos. Neighbouring dates share
    nearly all their data.

    Parameters
    ----------
    series, dates, estimator, **options
        As in `interrupted`, with false months of the reform; the error model, such as ``autoregressive``.

    Returns
    -------
    pandas.DataFrame
        Indexed by date; level, level_low, level_high, slope, slope_low, slope_high, on the scale of the model.

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

    Tested: ranks by hand, with ties up to rounding
    (`test_placebo.test_rank_counts_sizes_and_ties_but_not_rounding`).

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
