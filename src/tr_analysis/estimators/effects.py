"""Effects of a reform in months and people: what the series would have been without its break."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tr_analysis.estimators.checks import Array
from tr_analysis.estimators.segmented import SegmentedFit
from tr_analysis.estimators.series import SegmentedDesign, to_month
from tr_analysis.order import only


@dataclass(frozen=True)
class Effect:
    """The effect in one month: in the unit of the series, and in percent of what it would have been."""

    month: pd.Period
    units: float
    units_low: float
    units_high: float
    percent: float
    percent_low: float
    percent_high: float


def counterfactual(fit: SegmentedFit) -> pd.DataFrame:
    """Return the series as observed, as fitted, and as it would have been without the break.

    The counterfactual is the observed series less the estimated effect of the month, ``level + slope
    (t - t0)``; on the scale "log" it is divided by its exponential. So it shares every season and shock of
    the observed series, the gap between the two is the effect, and its interval holds the uncertainty of
    the effect alone. (The expected path of a model has no such meaning when errors hardly fade: its
    height is then not known.) Before the reform both are the same.

    Parameters
    ----------
    fit
        A fit by any estimator.

    Returns
    -------
    pandas.DataFrame
        Indexed by month; observed, fitted (the path of the regression, its errors averaging 0 over the
        series), counterfactual, low, high (its 95% interval); all in the unit of the series.
    """
    design = fit.design
    after = design.regressors.loc[design.reform :]
    effect = fit.combine(after * after.columns.isin(["level", "slope"]))
    effect = effect.reindex(design.series.index, fill_value=0.0)
    return pd.DataFrame(
        {
            "observed": design.series,
            "fitted": _fitted(fit),
            "counterfactual": _without(design, effect["estimate"]),
            "low": _without(design, effect["high"]),
            "high": _without(design, effect["low"]),
        }
    )


def effect_at(fit: SegmentedFit, month: str | pd.Period) -> Effect:
    """Return the effect in one month, with 95% intervals: observed less counterfactual.

    Parameters
    ----------
    fit
        A fit by any estimator.
    month
        A month of the series, from the reform on.

    Returns
    -------
    Effect
        ``units`` in the unit of the series; ``percent`` of the counterfactual, missing with its interval
        unless counterfactual, low and high are all positive (on the scale "log" they are).

    Raises
    ------
    ValueError
        If the month is before the reform or after the end of the series.
    """
    path = counterfactual(fit).loc[fit.design.reform :]
    month = to_month(month)
    if month not in path.index:
        raise ValueError(f"{month} has no effect: choose a month of {path.index[0]} to {path.index[-1]}")
    at_month = only(path.loc[[month]])
    without = at_month[["counterfactual", "high", "low"]]
    units = at_month["observed"] - without
    percent = 100 * units / without if (without > 0).all() else units * np.nan
    return Effect(month, *units, *np.r_[percent.iloc[:1], np.sort(percent.iloc[1:])])


def _without(design: SegmentedDesign, effect: pd.Series) -> pd.Series:
    """Take an effect on the scale of the model off the observed series."""
    return design.series / np.exp(effect) if design.scale == "log" else design.series - effect


def _fitted(fit: SegmentedFit) -> Array:
    design = fit.design
    slopes = (fit.weights @ fit.coefficients)[1:]
    path = design.regressors.to_numpy()[:, 1:] @ slopes
    path += design.response.mean() - path.mean() + design.offset
    return np.exp(path) if design.scale == "log" else path
