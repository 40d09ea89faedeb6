"""Placebo dates: what the same model finds where nothing happened."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tr_analysis.estimators.checks import number, to_floats
from tr_analysis.estimators.segmented import SegmentedFit, autoregressive
from tr_analysis.estimators.series import Scale, SegmentedDesign, segmented_design


@dataclass(frozen=True)
class PlaceboRank:
    """Rank of the true effect among the placebo effects by absolute size, 1 being the largest."""

    rank: int
    of: int
    p_value: float


def placebo(
    series: pd.Series,
    dates: Iterable[str | pd.Period],
    *,
    estimator: Callable[[SegmentedDesign], SegmentedFit] = autoregressive,
    control: pd.Series | None = None,
    scale: Scale = "log",
    harmonics: int = 2,
) -> pd.DataFrame:
    """Fit the model once for each false reform date.

    Pass the months before the true reform only, or its break leaks into the placebos. Neighbouring dates
    share nearly all their data, so the effects are far from independent; and as each fit sees fewer months
    than the true one, they scatter more widely than it would, which makes ranks cautious.

    Parameters
    ----------
    series, control, scale, harmonics
        As in `segmented_design`.
    dates
        False reform months, each with at least 12 months of the series on either side.
    estimator
        The error model, such as ``autoregressive`` or ``functools.partial(newey_west, lags=6)``.

    Returns
    -------
    pandas.DataFrame
        Indexed by date; level, level_low, level_high, slope, slope_low, slope_high, on the scale of the
        model, with 95% intervals.

    Raises
    ------
    ValueError
        If there are no dates, one month is given for a list of them, or as in `segmented_design`.
    """
    if isinstance(dates, str) or not isinstance(dates, Iterable):
        raise ValueError(f"dates is {dates!r}: give a list of months, such as ['2013-06', '2013-07']")
    rows = {}
    for date in dates:
        design = segmented_design(series, date, control=control, scale=scale, harmonics=harmonics)
        effects = estimator(design).effects
        rows[design.reform] = {
            f"{effect}{suffix}": effects.loc[effect, column]
            for effect in effects.index
            for suffix, column in (("", "estimate"), ("_low", "low"), ("_high", "high"))
        }
    if not rows:
        raise ValueError("no dates: give the months to try as false reform dates")
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("date")


def placebo_rank(true: float, placebos: pd.Series) -> PlaceboRank:
    """Rank a true effect among placebo effects by absolute size.

    ``p_value = (1 + number of placebos at least as large) / (1 + number of placebos)``: the true date
    counts as one of those that could have been the largest. Sizes equal up to rounding (1e-9) are ties.

    Parameters
    ----------
    true
        The effect at the true date.
    placebos
        The same effect at the false dates: one column of `placebo`.

    Raises
    ------
    ValueError
        If there are no placebos, they are no series, or an effect is missing or infinite.
    """
    if not isinstance(placebos, pd.Series):
        raise ValueError(f"placebos is a {type(placebos).__name__}: give one column of `placebo`")
    if not len(placebos):
        raise ValueError("no placebos: give the effect at one false date at least")
    if placebos.isna().any() or not np.isfinite(to_floats("placebos", placebos)).all():
        raise ValueError("a placebo is missing or infinite: rank effects that were estimated only")
    size = abs(number("the true effect", true, advice="rank effects that were estimated only"))
    as_large = int((placebos.abs() >= size - 1e-9 * size).sum())  # rounding alone breaks no tie
    of = 1 + len(placebos)
    return PlaceboRank(rank=1 + as_large, of=of, p_value=(1 + as_large) / of)
