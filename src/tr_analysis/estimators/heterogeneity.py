"""How much units differ beyond chance, and the mean of their true values."""

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import brentq, minimize_scalar
from scipy.stats import chi2, t

from tr_analysis.estimators.checks import Array, coverage, numbers, same_rows
from tr_analysis.estimators.counts import counts
from tr_analysis.estimators.optimum import polish
from tr_analysis.order import place_of_smallest

Estimator = Literal["Paule-Mandel", "DerSimonian-Laird", "REML"]


@dataclass(frozen=True)
class Heterogeneity:
    """Variation between units; ``tau2`` is the variance of the true values, in the squared unit given.

    ``i2`` is the share of the variation seen that is not chance; ``low`` and ``high`` bound ``tau2`` and
    ``method`` names its estimator.
    """

    units: int
    q: float
    p_value: float
    i2: float
    tau2: float
    low: float
    high: float
    method: str
    level: float

    @property
    def estimate(self) -> float:
        """The between-unit variance, under the name that findings read."""
        return self.tau2


@dataclass(frozen=True)
class Pooled:
    """Mean of the true values with its interval."""

    estimate: float
    low: float
    high: float
    tau2: float
    method: str
    level: float


def log_odds(frame: pd.DataFrame, successes: str = "successes", trials: str = "trials") -> pd.DataFrame:
    """Turn counts into log odds with their variances, one half added to both counts.

    ``ln((k + 1/2) / (n - k + 1/2))`` with variance ``1 / (k + 1/2) + 1 / (n - k + 1/2)``, which exists for
    none and for all of ``n`` as well.

    Parameters
    ----------
    frame
        One row per unit; not changed.
    successes, trials
        Names of the columns with the counts.

    Returns
    -------
    pandas.DataFrame
        Rows and index of ``frame``; estimate (log odds) and variance.

    Raises
    ------
    ValueError
        If the counts are not possible, as in `proportions`.

    References
    ----------
    Haldane (1956), Annals of Human Genetics 20, 309-311.
    """
    known, n = counts(frame, successes, trials)
    k, rest = known + 0.5, n - known + 0.5
    return pd.DataFrame({"estimate": np.log(k / rest), "variance": 1 / k + 1 / rest}, index=frame.index)


def heterogeneity(
    estimates: npt.ArrayLike,
    variances: npt.ArrayLike,
    *,
    method: Estimator = "Paule-Mandel",
    level: float = 0.95,
) -> Heterogeneity:
    """Measure the variation between units that chance does not explain.

    With ``w = 1 / variance``, ``Q = sum w (y - mean)^2`` is chi-squared on ``units - 1`` degrees of freedom
    where all units share one true value, and ``I2 = max(0, 1 - (units - 1) / Q)``. The interval of
    ``tau2`` is the Q-profile: the values at which ``Q(tau2) = sum (y - mean)^2 / (variance + tau2)`` meets
    the two quantiles of that chi-squared. With few units it is wide, and both ends can be 0.

    Parameters
    ----------
    estimates, variances
        One value per unit, in any unit, and its sampling variance, taken as known.
    method
        Estimator of ``tau2``: Paule and Mandel's (``Q(tau2) = units - 1``), DerSimonian and Laird's closed
        form, or restricted maximum likelihood. None is below 0.
    level
        Coverage of the interval, between 0 and 1.

    Raises
    ------
    ValueError
        If there are fewer than two units, lengths or the labels of the rows of Series differ, a value is
        not a finite number, a variance is not positive, or ``method`` or ``level`` is none of those allowed.

    References
    ----------
    Cochran (1954), Biometrics 10, 101-129. Higgins and Thompson (2002), Statistics in Medicine 21,
    1539-1558. Paule and Mandel (1982), Journal of Research of the NBS 87, 377-385. Viechtbauer (2007),
    Statistics in Medicine 26, 37-52.
    """
    y, v = check_units(estimates, variances, level)
    freedom = len(y) - 1
    q = spread(y, v, 0.0)
    low, high = (_where_spread_is(y, v, chi2.ppf((1 + side * level) / 2, freedom)) for side in (1, -1))
    i2 = max(0.0, 1 - freedom / q) if q > 0 else 0.0
    tau2 = between_variance(y, v, method)
    p_value = float(chi2.sf(q, freedom))
    # The estimators are not inversions of the profile: at the margin one can fall just outside it.
    return Heterogeneity(
        len(y), q, p_value, i2, tau2, min(low, tau2), max(high, tau2), f"{method}; Q-profile", level
    )


def between_variance(
    estimates: npt.ArrayLike, variances: npt.ArrayLike, method: Estimator = "Paule-Mandel"
) -> float:
    """Estimate the variance of the true values; see `heterogeneity` for inputs and estimators."""
    y, v = check_units(estimates, variances, 0.95)
    if method not in get_args(Estimator):
        raise ValueError(f"method {method!r} is none of {', '.join(get_args(Estimator))}")
    if method == "Paule-Mandel":
        return _where_spread_is(y, v, len(y) - 1)
    if method == "DerSimonian-Laird":
        w = 1 / v
        return float(max(0.0, (spread(y, v, 0.0) - (len(y) - 1)) / (w.sum() - (w**2).sum() / w.sum())))
    return _restricted_likelihood(y, v)


def pool(
    estimates: npt.ArrayLike,
    variances: npt.ArrayLike,
    *,
    method: Estimator = "Paule-Mandel",
    level: float = 0.95,
) -> Pooled:
    """Estimate the mean of the true values; for where one new unit would lie see `prediction_interval`.

    Weights are ``w = 1 / (variance + tau2)``. The interval of the mean is Hartung and Knapp's: the square
    of its standard error is ``h / sum w`` with ``h = sum w (y - mean)^2 / (units - 1)``, never less than 1,
    and t on ``units - 1`` degrees of freedom. Where variances span
    three orders of magnitude an interval of 0.95 held the mean in as few as 0.91 of our simulations with 4 or
    8 units, and 0.92 with 21.

    Parameters
    ----------
    estimates, variances, method, level
        As in `heterogeneity`.

    Returns
    -------
    Pooled
        In the unit of the estimates.

    Raises
    ------
    ValueError
        As in `heterogeneity`.

    References
    ----------
    Hartung and Knapp (2001), Statistics in Medicine 20, 3875-3889. Röver, Knapp and Friede (2015),
    BMC Medical Research Methodology 15, 99 (never less than 1).
    """
    y, v = check_units(estimates, variances, level)
    tau2, freedom = between_variance(y, v, method), len(y) - 1
    w = 1 / (v + tau2)
    mean = float((w * y).sum() / w.sum())
    error2 = max(1.0, spread(y, v, tau2) / freedom) / w.sum()
    half = float(t.ppf((1 + level) / 2, freedom) * np.sqrt(error2))
    names = f"{method}; Hartung-Knapp"
    return Pooled(mean, mean - half, mean + half, tau2, names, level)


def check_units(estimates: npt.ArrayLike, variances: npt.ArrayLike, level: float) -> tuple[Array, Array]:
    """Return estimates and variances as arrays; refuse what cannot be, as `heterogeneity` says."""
    coverage(level)
    same_rows(estimates=estimates, variances=variances)
    y, v = numbers("estimates", estimates), numbers("variances", variances)
    if len(y) != len(v):
        raise ValueError(f"{y.size} estimates and {v.size} variances: give one of each per unit")
    if len(y) < 2:
        raise ValueError(f"{len(y)} unit(s) cannot vary between each other: give two or more")
    for name, values, at_fault in (
        ("estimate", y, ~np.isfinite(y)),
        ("variance", v, ~((v > 0) & (v < np.inf))),
    ):
        if at_fault.any():
            place = int(np.flatnonzero(at_fault)[0])
            raise ValueError(
                f"{name} {place} is {values[place]:g}: drop the unit, or for counts use `log_odds`, which has none such"
            )
    return y, v


def spread(y: Array, v: Array, tau2: float) -> float:
    """Return the weighted sum of squares about the weighted mean when units vary by ``tau2``."""
    w = 1 / (v + tau2)
    return float((w * (y - (w * y).sum() / w.sum()) ** 2).sum())


def _where_spread_is(y: Array, v: Array, value: Any) -> float:
    """Return the between-unit variance at which the spread, which falls with it, is ``value``; 0 if none."""
    if spread(y, v, 0.0) <= value:
        return 0.0
    high = float(np.var(y)) + float(v.max())
    while spread(y, v, high) > value:
        high *= 4
    return float(brentq(lambda tau2: spread(y, v, tau2) - value, 0, high, xtol=1e-13 * high, rtol=1e-12))


def _restricted_likelihood(y: Array, v: Array) -> float:
    def loss(tau2: float) -> float:
        return float(np.log(v + tau2).sum() + np.log((1 / (v + tau2)).sum()) + spread(y, v, tau2))

    top = 10 * (float(np.var(y, ddof=1)) + float(v.min()))
    grid = np.concatenate([[0.0], np.geomspace(top * 1e-8, top, 200)])
    best = place_of_smallest([loss(tau2) for tau2 in grid])
    if not best:
        return 0.0
    around = (grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)])
    found = minimize_scalar(loss, bounds=around, method="bounded", options={"xatol": 1e-10 * top})
    (logged,) = polish(lambda logged: loss(float(np.exp(logged[0]))), np.log([found.x]))
    return float(np.exp(logged))
