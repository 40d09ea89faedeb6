"""Estimators of an interrupted series whose trend may wander: what it does without a reform is then less certain."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from scipy.linalg import solve_triangular
from scipy.stats import t as student

from tr_analysis.estimators import Estimate
from tr_analysis.estimators.checks import Array, check_number, check_option, to_floats, to_month
from tr_analysis.estimators.interrupted import (
    FELT,
    InterruptedDesign,
    InterruptedFit,
    check_design,
    check_series,
    mixture_test,
)
from tr_analysis.order import place_of_smallest

__all__ = ["local_trend", "many_effects", "forecast_design", "block_growth", "growth_bounds"]

Trend = Literal["wandering", "straight", "random walk"]
"""May the slope of the trend change from month to month; if not, do errors fade at an unknown rate, or never?"""

TRENDS: dict[Trend, tuple[int, int]] = {"wandering": (24, 12), "straight": (64, 0), "random walk": (0, 0)}
"""Nodes of the quadrature over rho and q; on our series more of them move no interval by 0.01 standard errors."""

RANDOM_WALK = 0.05  # prior probability that errors never fade
BLOCKS = 4  # on each side of the reform, of `block_growth`


def local_trend(design: InterruptedDesign, *, trend: Trend = "wandering") -> InterruptedFit:
    """Fit by generalised least squares about a trend whose slope may change every month.

    Answers: by how much did the series change at the reform, if its trend could have changed by itself?

    Tested: statsmodels' local linear trend; values of recall computed apart; size simulated under four truths
    (`test_coefficients_and_likelihood_against_statsmodels_local_linear_trend`, `test_recall_under_each_trend`,
    `test_simulated_sizes_hold`).

    The errors are those of a local linear trend with damped shocks (Harvey 1989)::

        u(t) = a(t) + m(t),  a(t) = rho a(t-1) + e(t),  m(t) = m(t-1) + b(t-1),  b(t) = b(t-1) + z(t)

    ``e`` and ``z`` are normal with standard deviations s and q s. Given rho and q, the coefficients are t distributed
    with n - k degrees of freedom; these distributions are averaged over both, weighted by the restricted likelihood
    and a prior: rho is even from -1 to 1 but for a probability of 0.05 of a random walk, and q even from 0 to 1. The
    trend "straight" has q = 0, and "random walk" also rho = 1: least squares on monthly changes. The design is of
    `interrupted` or `forecast_design`.

    Reference: Harvey (1989), Forecasting, Structural Time Series Models and the Kalman Filter, section 2.3. Harville
    (1974), Biometrika 61, 383-385, on the restricted likelihood.

    Examples
    --------
    >>> from tr_analysis.data import load
    >>> from tr_analysis.estimators.interrupted import interrupted
    >>> prison = load("prison_population_monthly").pivot(index="month", columns="status", values="people")
    >>> design = interrupted(prison["recall"].loc["2010-06":"2020-02"], "2015-02")
    >>> local_trend(design).effects.loc["slope", ["estimate", "low", "high"]].round(3).to_list()
    [0.013, -0.002, 0.029]
    """
    check_design(design)
    check_option("trend", trend, TRENDS)
    nodes = _nodes(_places(design), trend)
    fit = regress(design.regressors.to_numpy(), design.response[:, None], nodes)
    weights = fit.weights[:, 0]
    felt = weights > FELT
    covariances = fit.inverses[felt] * fit.variances[felt, 0, None, None]
    averaged = f"{trend} trend, averaged over the variances"
    return InterruptedFit(
        design,
        "generalised least squares, random walk" if trend == "random walk" else averaged,
        weights[felt],
        np.pad(fit.coefficients[felt, :, 0], ((0, 0), (1, 0))),  # of the constant nothing is known
        np.pad(covariances, ((0, 0), (1, 0), (1, 0))),
        fit.df,
        rho=float(weights @ np.repeat(nodes.rho, len(nodes.q))),
        innovations=_innovations(design, nodes, fit.coefficients[:, :, 0], place_of_smallest(-weights)),
        error_terms=sum(count > 0 for count in TRENDS[trend]),
    )


class Nodes(NamedTuple):
    """Values of rho (r) and q (p), the prior of their g = r p pairs, and what whitens monthly changes under them.

    For one rho the covariances of all q have the same axes: ``rotation`` (r, m, m) takes changes to them, and there
    ``scale`` (r, p, m) gives them the variance 1.
    """

    rho: Array
    q: Array
    prior: Array
    rotation: Array
    scale: Array
    log_det: Array


def _places(design: InterruptedDesign) -> tuple[int, ...]:
    """Return the months of a design as whole numbers from 0: a forecast leaves some out."""
    ordinals = design.series.index.astype("int64")
    return tuple(int(place) for place in ordinals - ordinals[0])


@lru_cache(maxsize=6)
def _nodes(places: tuple[int, ...], trend: Trend) -> Nodes:
    """Lay out the quadrature: Gauss and Legendre's nodes of both, and the random walk itself."""
    over_rho, over_q = TRENDS[trend]
    rho, rho_weights = np.array([1.0]), np.array([1.0])
    if over_rho:
        inner, spacing = np.polynomial.legendre.leggauss(over_rho)
        rho = np.append(inner, 1.0)
        rho_weights = np.append((1 - RANDOM_WALK) * spacing / 2, RANDOM_WALK)
    q, q_weights = np.array([0.0]), np.array([1.0])
    if over_q:
        inner, spacing = np.polynomial.legendre.leggauss(over_q)
        q, q_weights = (inner + 1) / 2, spacing / 2
    return lay_out(places, rho, q, np.outer(rho_weights, q_weights).ravel())


def lay_out(places: tuple[int, ...], rho: Array, q: Array, prior: Array) -> Nodes:
    """Return what whitens the changes from one place to the next at every pair of rho and q."""
    at = np.array(places)
    lag, earlier = np.abs(at[:, None] - at), np.minimum(at[:, None], at)
    slope = np.diff(np.clip(at[:, None] - np.arange(1, at[-1]), 0, None), axis=0)
    # A constant takes no part in changes, so a random walk may start at 0, and 1 / (1 - rho**2) be left off a fading
    # error's covariance without harm.
    faded = rho[:, None] ** np.arange(at[-1] + 1)
    fading = np.array(
        [earlier if r == 1 else (f[lag] - 1) / (1 - r**2) for r, f in zip(rho, faded, strict=True)]
    )
    factor = np.linalg.cholesky(np.diff(np.diff(fading, axis=1), axis=2))
    rotation = np.asarray(np.linalg.inv(factor), dtype=np.float64)
    wander = np.zeros(rotation.shape[:2])
    if q.any():
        half = rotation @ slope
        wander, axes = np.linalg.eigh(half @ half.transpose(0, 2, 1))
        rotation = axes.transpose(0, 2, 1) @ rotation
    variance = 1 + q[:, None] ** 2 * wander[:, None, :]
    log_det = 2 * np.log(np.diagonal(factor, axis1=1, axis2=2)).sum(axis=1)[:, None]
    log_det = log_det + np.log(variance).sum(axis=2)
    return Nodes(rho, q, prior, rotation, 1 / np.sqrt(variance), log_det.ravel())


class Regressions(NamedTuple):
    """Regressions of s series on k regressors, the constant left out, at g nodes.

    Weights (restricted likelihood times prior), log likelihood and variances are (g, s), coefficients (g, k, s), and
    inverses (g, k, k); ``df`` is n - k - 1.
    """

    weights: Array
    log_likelihood: Array
    coefficients: Array
    inverses: Array
    variances: Array
    df: int


def regress(regressors: Array, responses: Array, nodes: Nodes) -> Regressions:
    """Regress the changes of s responses (n, s) on those of the regressors (n, k), constant first, at each node."""
    x, y = np.diff(regressors[:, 1:], axis=0), np.diff(responses, axis=0)
    start = np.linalg.lstsq(x, y)[0]
    left = y - x @ start  # what is small is squared without loss
    parts = [
        _at_one_rho(rotation @ x, rotation @ left, scale)
        for rotation, scale in zip(nodes.rotation, nodes.scale, strict=True)
    ]
    moved, inverses, squares = map(np.concatenate, zip(*parts, strict=True))
    df = x.shape[0] - x.shape[1]
    log_likelihood = -df / 2 * np.log(squares)
    log_likelihood += ((np.linalg.slogdet(inverses).logabsdet - nodes.log_det) / 2)[:, None]
    weights = nodes.prior[:, None] * np.exp(log_likelihood - log_likelihood.max(axis=0))
    weights /= weights.sum(axis=0)
    return Regressions(weights, log_likelihood, start + moved, inverses, squares / df, df)


def _at_one_rho(x: Array, y: Array, scale: Array) -> tuple[Array, Array, Array]:
    """Return coefficients (p, k, s), inverses (p, k, k) and sums of squares (p, s) of rotated changes, for each q."""
    weighted = scale[:, :, None] ** 2 * x
    inverses = np.asarray(np.linalg.inv(x.T @ weighted), dtype=np.float64)
    cross = weighted.transpose(0, 2, 1) @ y
    coefficients = inverses @ cross
    return coefficients, inverses, scale**2 @ y**2 - (coefficients * cross).sum(axis=1)


def _innovations(design: InterruptedDesign, nodes: Nodes, coefficients: Array, node: int) -> Array:
    """Return what one node leaves of the changes, each less what those before it foretell."""
    r, p = divmod(node, len(nodes.q))
    left = (
        np.diff(design.response) - np.diff(design.regressors.to_numpy()[:, 1:], axis=0) @ coefficients[node]
    )
    root = np.linalg.inv(nodes.rotation[r]) / nodes.scale[r, p]
    return np.asarray(solve_triangular(np.linalg.cholesky(root @ root.T), left, lower=True))


def many_effects(
    design: InterruptedDesign, responses: Array, contrast: pd.Series, *, trend: Trend = "wandering"
) -> pd.DataFrame:
    """Estimate one contrast in many series at once, as `local_trend` does in one: for simulation and permutation.

    Answers: what would the same model find in data made without an effect?

    Tested: the same as `local_trend`, series by series (`test_many_series_as_one_by_one`).

    The design gives the regressors; ``responses`` (n, s) are on the scale of the model, less the control, and
    ``contrast`` weighs regressors, none of them the constant. A row a series: estimate, and the two-sided p_value of no
    effect.

    Examples
    --------
    >>> from tr_analysis.estimators.interrupted import interrupted
    >>> months = pd.period_range("2013-01", periods=48, freq="M")
    >>> walks = 8 + 0.02 * np.random.default_rng(1).standard_normal((48, 100)).cumsum(axis=0)
    >>> design = interrupted(pd.Series(np.exp(walks[:, 0]), months), "2015-01", harmonics=0)
    >>> found = many_effects(design, walks, pd.Series({"slope": 1.0}), trend="random walk")
    >>> bool(0.01 < (found["p_value"] < 0.05).mean() < 0.10)
    True
    """
    check_design(design)
    responses = to_floats("responses", responses)
    if responses.ndim != 2 or len(responses) != len(design.series) or not np.isfinite(responses).all():
        raise ValueError(f"responses: give finite numbers, {len(design.series)} rows and a column a series")
    if not isinstance(contrast, pd.Series) or not set(contrast.index) <= set(design.regressors.columns[1:]):
        raise ValueError("contrast: give a pandas Series of weights by regressor, none of them the constant")
    weight = contrast.reindex(design.regressors.columns[1:], fill_value=0.0).to_numpy(dtype=float)
    check_option("trend", trend, TRENDS)
    fit = regress(design.regressors.to_numpy(), responses, _nodes(_places(design), trend))
    spread = np.sqrt((fit.inverses @ weight @ weight)[:, None] * fit.variances)
    estimate, p_value = mixture_test(fit.weights, weight @ fit.coefficients, spread, fit.df)
    return pd.DataFrame({"estimate": estimate, "p_value": p_value})


def forecast_design(design: InterruptedDesign, month: str | pd.Period) -> InterruptedDesign:
    """Keep the months before the reform and one month after it, which gets an effect of its own.

    Answers: how far is a month after the reform from what the months before it forecast?

    Tested: the forecast of a random walk with drift by hand
    (`test_a_forecast_is_the_mean_growth_carried_on_and_sees_no_later_month`).

    No shape of the effect is assumed, and no month after the reform teaches the trend. `local_trend` fits it; with the
    trend "random walk" the forecast is the last month before, plus the mean growth and the season.

    Examples
    --------
    >>> from tr_analysis.estimators.interrupted import interrupted
    >>> months = pd.period_range("2013-01", periods=48, freq="M")
    >>> people = pd.Series([5000.0 + t % 5 + 30 * max(t - 24, 0) for t in range(48)], months)
    >>> design = interrupted(people, "2015-01", scale="level", harmonics=0)
    >>> round(local_trend(forecast_design(design, "2016-06"), trend="random walk").effect_at("2016-06").units)
    506
    """
    check_design(design)
    month = to_month(month)
    after = design.series.index >= design.reform
    if month not in design.series.index[after]:
        last = design.series.index[-1]
        raise ValueError(f"{month} is no month to forecast: choose one from {design.reform} to {last}")
    kept = ~after | (design.series.index == month)
    regressors = design.regressors.drop(columns=design.effect_names)
    regressors.insert(2, "level", after.astype(float))
    return replace(
        design,
        series=design.series[kept],
        control=None if design.control is None else design.control[kept],
        regressors=regressors[kept],
    )


def block_growth(design: InterruptedDesign) -> Estimate:
    """Compare mean monthly growth before and after the reform, block by block.

    Answers: did growth change at the reform, whatever the errors within a year or so?

    Tested: scipy's t-test of the blocks; size simulated (`test_blocks_against_scipy`, `test_simulated_sizes_hold`).

    The changes of the response, less their season, are cut into four equal blocks on either side; the means of the
    blocks are taken as independent, and their difference has a t interval of three degrees of freedom, which is
    cautious (Ibragimov and Mueller 2016). It needs no model of the errors, but blocks so long that they forget one
    another: a trend that wanders for years is not allowed for.

    Reference: Ibragimov and Mueller (2016), Review of Economics and Statistics 98, 83-96.

    Examples
    --------
    >>> from tr_analysis.estimators.interrupted import interrupted
    >>> months = pd.period_range("2013-01", periods=48, freq="M")
    >>> people = pd.Series([5000.0 + t % 5 + 30 * max(t - 23, 0) for t in range(48)], months)
    >>> found = block_growth(interrupted(people, "2015-01", scale="level", harmonics=0))
    >>> round(found.estimate, 1), bool(found.low < 30 < found.high)
    (29.8, True)
    """
    check_design(design)
    growth = np.diff(design.response)
    after = np.asarray(design.series.index[1:] >= design.reform)
    seasons = np.diff(design.regressors.filter(regex="^(sine|cosine)").to_numpy(), axis=0)
    sides = np.column_stack([~after, after]).astype(float)
    fitted = np.linalg.lstsq(np.column_stack([sides, seasons]), growth)[0]
    growth = growth - seasons @ fitted[2:]
    means = [[part.mean() for part in np.array_split(growth[side], BLOCKS)] for side in (~after, after)]
    before, since = np.array(means)
    estimate = float(since.mean() - before.mean())
    error = float(np.sqrt((since.var(ddof=1) + before.var(ddof=1)) / BLOCKS))
    margin = float(student.ppf(0.975, BLOCKS - 1)) * error
    p_value = float(2 * student.sf(abs(estimate) / error, BLOCKS - 1))
    method = f"difference of mean growth, {BLOCKS} blocks of months on each side"
    return Estimate(estimate, estimate - margin, estimate + margin, p_value, method, units=2 * BLOCKS)


@dataclass(frozen=True)
class GrowthBounds:
    """What a month after the reform says if yearly growth could have changed only as much as before it.

    ``straight`` is the logarithm of the series in ``month`` over its course with the growth of the last year before;
    ``largest_change`` the largest change of growth from one year before the reform to the next; ``years`` how often
    that change counts by ``month`` if growth turns by as much every year.
    """

    month: pd.Period
    straight: float
    largest_change: float
    years: float
    changes: int

    @property
    def break_even(self) -> float:
        """The smallest M at which the bounds hold no effect."""
        reach = self.largest_change * self.years
        return abs(self.straight) / reach if reach else float("inf")

    def at(self, multiples: Iterable[float]) -> pd.DataFrame:
        """Return low and high, in logarithms, by M: growth changes each year by at most M times ``largest_change``."""
        m = np.array([check_number("M", multiple, low=0) for multiple in multiples])
        reach = m * self.largest_change * self.years
        return pd.DataFrame(
            {"estimate": self.straight, "low": self.straight - reach, "high": self.straight + reach},
            pd.Index(m, name="M"),
        )


def growth_bounds(series: pd.Series, reform: str | pd.Period, month: str | pd.Period) -> GrowthBounds:
    """Bound the effect in a month, if the trend could have turned as it did before the reform.

    Answers: how much may the trend have changed by itself before no effect is left?

    Tested: bounds of recall computed apart (`test_bounds_of_recall`).

    In the manner of Rambachan and Roth (2023): without the reform the yearly growth of the logarithm would have been
    that of the last year before, plus a change each year of at most M times the largest change between two years
    before. No sampling error is counted: the series is a full count. It is positive, by consecutive months, two years
    and a month or more of them before the reform, and ``month`` is one from it on.

    Reference: Rambachan and Roth (2023), Review of Economic Studies 90, 2555-2591.

    Examples
    --------
    >>> months = pd.period_range("2011-12", periods=61, freq="M")
    >>> growth = np.repeat([0.0, 0.06, 0.12, 0.12, 0.12], 12) / 12
    >>> people = pd.Series(5000 * np.exp(np.append(0, growth.cumsum())), months)
    >>> bounds = growth_bounds(people, "2014-01", "2015-12")
    >>> round(bounds.largest_change, 3), round(bounds.straight, 3), round(bounds.break_even, 2)
    (0.06, 0.12, 0.67)
    """
    reform, month = to_month(reform), to_month(month)
    series = check_series(series, "series", "log")
    if reform not in series.index or month not in series.index:
        raise ValueError(f"the series has no {reform} or no {month}: give a monthly series with both")
    log = np.log(series.to_numpy())
    before = int((series.index < reform).sum())
    ends = log[before - 1 :: -12][::-1] if before else log[:0]
    if len(ends) < 3 or month < reform:
        advice = "give 25 months before the reform, and a month from it on"
        raise ValueError(f"the series from {series.index[0]} has no bounds: {advice}")
    growth = np.diff(ends)
    largest = float(np.abs(np.diff(growth)).max())
    ahead = ((month - reform).n + 1) / 12
    whole = int(ahead)
    years = whole * (whole + 1) / 2 + (ahead - whole) * (whole + 1)
    straight = float(log[series.index.get_loc(month)] - log[before - 1] - growth[-1] * ahead)
    return GrowthBounds(month, straight, largest, years, len(growth) - 1)
