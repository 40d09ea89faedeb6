"""Interrupted time series: months, quarters or years before and after a reform, and its effects."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize.elementwise import find_root
from scipy.special import stdtr, stdtrit

from tr_analysis.estimators.checks import Array, check_integer, check_made, check_option, to_floats, to_month
from tr_analysis.order import only

__all__ = ["interrupted"]

Scale = Literal["log", "level"]
Shape = Literal["step and slope", "exponential", "stock and flow"]

EITHER_SIDE = {"M": 12, "Q": 8, "Y": 4}
"""Fewest months, quarters or years before the reform and from it on: with less, trend and season look alike."""
PERIOD = {"M": 12, "Q": 4, "Y": 1}  # of the seasons
NAMES = {"M": "months", "Q": "quarters", "Y": "years"}
BUILD_UP = 12  # months of the gradual shapes
FELT = 1e-12  # smallest weight at which a component changes a printed digit


@dataclass(frozen=True)
class InterruptedDesign:
    """A series with the regressors of its segmented regression, one row per month (n); made by `interrupted`."""

    series: pd.Series
    control: pd.Series | None
    reform: pd.Period
    scale: Scale
    regressors: pd.DataFrame

    @property
    def offset(self) -> Array:
        """What is taken off the series on the scale of the model: the control, or 0."""
        if self.control is None:
            return np.zeros(len(self.series))
        control = self.control.to_numpy(dtype=float)
        return np.log(control) if self.scale == "log" else control

    @property
    def response(self) -> Array:
        """What is regressed: the series, or its logarithm, less the control on the same scale."""
        values = self.series.to_numpy(dtype=float)
        return (np.log(values) if self.scale == "log" else values) - self.offset

    @property
    def after(self) -> pd.Index:
        """The months from the reform on."""
        return self.series.index[self.series.index >= self.reform]

    @property
    def effect_names(self) -> list[str]:
        """The columns of the effect."""
        return [name for name in self.regressors if name in ("level", "slope", "gradual")]

    @property
    def residuals(self) -> Array:
        """What least squares leave of the response."""
        x, y = self.regressors.to_numpy(), self.response
        return np.asarray(y - x @ np.linalg.lstsq(x, y)[0])


def interrupted(
    series: pd.Series,
    reform: str | pd.Period,
    *,
    control: pd.Series | None = None,
    scale: Scale = "log",
    harmonics: int | Collection[int] | None = None,
    shape: Shape = "step and slope",
) -> InterruptedDesign:
    """Lay out the segmented regression of a series on time, with a break at the reform.

    Answers: did the series change at the date of the reform, beyond its own trend and seasons?

    Tested: regressors by hand, by month, quarter and year; known effects come back (`test_regressors`,
    `test_quarters_and_years_have_seasons_of_their_own`).

    ``y(t) = constant + time t + level D(t) + slope (t - t0) D(t) + seasons + error``, where ``D(t)`` is 1 from the
    reform month ``t0`` on (Wagner and others 2002). Seasons are pairs of sine and cosine of the calendar month or
    quarter. The other shapes have one column, gradual, in place of level and slope: it rises from nought to 1, the whole
    effect. Of e months since the reform, the first counted, "exponential" has reached ``1 - exp(-e / 12)``. With "stock
    and flow" a law reaches ever more of those released, all of them after twelve months, and each stays under it for
    twelve: the share of the stock that it has reached. An estimator of `autocorrelation` or `trend` fits it.

    Parameters
    ----------
    series, reform
        As observed, by consecutive months, quarters or years (a PeriodIndex); "2015-02", or the quarter or year that
        holds it, with 12 months, 8 quarters or 4 years or more on each side.
    control
        A series of the same months that the reform should not have moved, taken off on the scale of the model.
    scale
        "log" (effects are proportional) or "level" (in the unit of the series).
    harmonics
        Number of seasonal pairs, or a list of those wanted, 0 to 6 by month, 0 to 2 by quarter, 0 by year; if left out
        2, or 0 by year. Of months, pair 4 is a pattern that returns every quarter.
    shape
        Of the effect, see above; others than a step and slope need a monthly series.

    Reference: Wagner, Soumerai, Zhang and Ross-Degnan (2002), Journal of Clinical Pharmacy and Therapeutics 27,
    299-309.

    Examples
    --------
    >>> months = pd.period_range("2013-01", periods=48, freq="M")
    >>> people = pd.Series([5000 + 40 * (t % 5) + 600 * (t >= 24) for t in range(48)], months)
    >>> design = interrupted(people, "2015-01", harmonics=1)
    >>> design.regressors.loc["2015-01":"2015-02", ["constant", "time", "level", "slope"]].to_numpy().tolist()
    [[1.0, 24.0, 1.0, 0.0], [1.0, 25.0, 1.0, 1.0]]
    """
    check_option("scale", scale, ("log", "level"))
    check_option("shape", shape, get_args(Shape))
    series = check_series(series, "series", scale)
    unit = _unit(series.index)
    pairs = _pairs(harmonics, unit)
    if control is not None:
        control = check_series(control, "control", scale)
        lone = series.index.symmetric_difference(control.index)
        if len(lone):
            raise ValueError(f"series and control differ in {_listed(lone)}: cut both to the same months")
    reform = to_period(reform, _freq(series.index))
    before, after = int((series.index < reform).sum()), int((series.index >= reform).sum())
    if min(before, after) < EITHER_SIDE[unit]:
        seen = f"{before} {NAMES[unit]} before {reform} and {after} from it on"
        raise ValueError(f"the series has {seen}: give at least {EITHER_SIDE[unit]} on each side")
    if shape != "step and slope" and unit != "M":
        raise ValueError(f"shape is {shape!r}, but the series is by {NAMES[unit]}: give it by months")
    effect = _effect(np.arange(len(series)) - before, shape)
    design = InterruptedDesign(series, control, reform, scale, _regressors(series.index, effect, pairs))
    _check_regression(design)
    return design


def _pairs(harmonics: int | Collection[int] | None, unit: str) -> list[int]:
    """Return the seasonal pairs wanted, in order."""
    most = PERIOD[unit] // 2
    advice = f"a year of {NAMES[unit]} has 0 to {most} pairs of seasonal terms"
    if isinstance(harmonics, list | tuple | set):
        return sorted(
            {check_integer("a harmonic", pair, low=1, high=most, advice=advice) for pair in harmonics}
        )
    harmonics = min(2, most) if harmonics is None else harmonics
    return list(range(1, 1 + check_integer("harmonics", harmonics, low=0, high=most, advice=advice)))


def _effect(since: npt.NDArray[np.int64], shape: Shape) -> dict[str, Array]:
    """Return the columns of the effect, for months since the reform (n)."""
    elapsed = (since + 1.0).clip(0)
    if shape == "step and slope":
        return {"level": 1.0 * (since >= 0), "slope": since.clip(0)}
    if shape == "exponential":
        return {"gradual": 1 - np.exp(-elapsed / BUILD_UP)}
    reached = (elapsed / BUILD_UP).clip(0, 1)  # of those released in a month
    sums = reached.cumsum()
    return {"gradual": (sums - np.concatenate([np.zeros(12), sums])[: len(sums)]) / 12}


def _regressors(months: pd.Index, effect: dict[str, Array], pairs: list[int]) -> pd.DataFrame:
    columns = {"constant": np.ones(len(months)), "time": np.arange(len(months)), **effect}
    season = PERIOD[_unit(months)]
    angle = 2 * np.pi * np.array([month.month for month in months]) / 12
    for pair in pairs:
        if 2 * pair < season:
            columns[f"sine {pair}"] = np.sin(pair * angle)
        columns[f"cosine {pair}"] = np.cos(pair * angle)
    return pd.DataFrame(columns, index=months, dtype=float)


def check_design(design: object) -> None:
    """Refuse what is no design."""
    check_made("design", design, InterruptedDesign, "interrupted(series, reform)")


def check_series(series: pd.Series, name: str, scale: Scale) -> pd.Series:
    """Return the series in floats; refuse months that are not consecutive and values that cannot be used."""
    index = series.index if isinstance(series, pd.Series) else None
    if not isinstance(index, pd.PeriodIndex) or _unit(index) not in PERIOD:
        advice = "set series.index = pd.PeriodIndex(months, freq='M'), or freq='Q' or 'Y'"
        raise ValueError(f"the {name} is no pandas Series by month, quarter or year: {advice}")
    months, every = index, index.freqstr
    due = pd.period_range(months.min(), periods=len(months), freq=every) if len(months) else months
    if (odd := months != due).any():
        at = _listed(series.index[odd])
        advice = (
            f"sort it, keep one value for each of the {NAMES[_unit(months)]}, and start after the last gap"
        )
        raise ValueError(
            f"the {NAMES[_unit(months)]} of the {name} do not follow one another at {at}: {advice}"
        )
    if (lacking := series.isna() | series.isin([np.inf, -np.inf])).any():
        raise ValueError(f"the {name} has no finite value in {_listed(months[lacking])}: start after the gap")
    values = pd.Series(to_floats(f"the {name}", series), months)
    if scale == "log" and (values <= 0).any():
        advice = "pass the series as observed, not logged; `interrupted` also takes scale='level'"
        raise ValueError(f"the {name} is not positive in {_listed(months[values <= 0])}: {advice}")
    return values


def _check_regression(design: InterruptedDesign) -> None:
    """Refuse what has no estimate, or only one made of rounding."""
    months, columns = design.regressors.shape
    if np.linalg.matrix_rank(design.regressors) < columns:
        raise ValueError(
            f"{months} {NAMES[_unit(design.series.index)]} do not tell the {columns} regressors apart: take fewer harmonics"
        )
    observed = np.abs(design.response + design.offset).max() + np.abs(design.offset).max()
    if np.abs(design.residuals).max() <= max(1e-10 * np.ptp(design.response), 1e-12 * observed):
        advice = "give the figures as observed, and as a control another series"
        raise ValueError(f"the regression leaves nothing of the series but rounding: {advice}")


def _freq(index: pd.Index) -> str:
    return str(pd.PeriodIndex(index).freqstr)


def _unit(index: pd.Index) -> str:
    """Return what the periods are: M, Q or Y, or what else pandas calls them."""
    return _freq(index).partition("-")[0]


def to_period(month: str | pd.Period | date, freq: str) -> pd.Period:
    """Return the period of a frequency that holds a month, written as `to_month` has it, or is given itself."""
    if isinstance(month, pd.Period) and month.freqstr == freq:
        return month
    return to_month(month).asfreq(freq)


def _listed(months: pd.Index) -> str:
    """Name up to three months."""
    more = f" and {len(months) - 3} more" if len(months) > 3 else ""
    return ", ".join(map(str, months[:3])) + more


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


@dataclass(frozen=True)
class InterruptedFit:
    """What an estimator found: a mixture of g t distributions of the k coefficients; mostly g = 1.

    Each component has a weight (g), a centre (g, k), a covariance (g, k, k) and ``df`` degrees of freedom, infinite
    for normal ones. ``errors`` names the model of the errors, and ``rho`` is their mean first-order autocorrelation.
    ``innovations`` are what the model leaves of each month's change, unrelated to one another if it is right;
    ``error_terms`` were fitted to make them so.
    """

    design: InterruptedDesign
    errors: str
    weights: Array
    coefficients: Array
    covariances: Array
    df: float
    innovations: Array
    rho: float | None = None
    error_terms: int = 0

    @property
    def effects(self) -> pd.DataFrame:
        """The change of level and of slope per month, or the whole gradual effect, on the scale of the model."""
        names = list(self.design.regressors.columns)
        return self.combine(pd.DataFrame(np.eye(len(names)), names, names).loc[self.design.effect_names])

    def innovations_test(self, lags: int = 12) -> float:
        """Return the p-value of Ljung and Box (1978), that the innovations are unrelated up to some lag."""
        from statsmodels.stats.diagnostic import acorr_ljungbox  # takes a third of a second

        tested = acorr_ljungbox(self.innovations, lags=[lags], model_df=self.error_terms)
        return float(tested["lb_pvalue"].to_numpy()[0])

    def combine(self, contrasts: pd.DataFrame) -> pd.DataFrame:
        """Estimate linear combinations of the coefficients, with 95% intervals.

        ``contrasts`` have one row per combination and one column per regressor, none of the constant, which errors
        close to a random walk leave undefined. Returns estimate, std_error, low, high and p_value of each.
        """
        regressors = self.design.regressors.columns
        if sorted(map(str, contrasts.columns)) != sorted(regressors):
            raise ValueError(f"the contrasts need one column for each of {', '.join(regressors)}")
        c = contrasts[regressors].to_numpy(dtype=float)
        if not np.isfinite(c).all() or (c[:, 0] != 0).any() or not c.any(axis=1).all():
            raise ValueError("a contrast needs finite weights, not all 0, and none of the constant")
        centre = self.coefficients @ c.T
        spread = np.sqrt(np.einsum("mk,gkl,ml->gm", c, self.covariances, c))
        estimate, p_value = mixture_test(self.weights[:, None], centre, spread, self.df)
        low, high = _interval(self.weights, centre, spread, self.df)
        return pd.DataFrame(
            {
                "estimate": estimate,
                "std_error": np.sqrt(self.weights @ (spread**2 + (centre - estimate) ** 2)),
                "low": low,
                "high": high,
                "p_value": p_value,
            },
            contrasts.index,
        )

    def counterfactual(self) -> pd.DataFrame:
        """Return the series as observed, as fitted, and as it would have been without the break, in its unit.

        The counterfactual is the observed series less the estimated effect of the month; on the scale "log" it is
        divided by its exponential. Its 95% interval, low to high, holds the uncertainty of the effect alone.
        """
        design = self.design
        slopes = (self.weights @ self.coefficients)[1:]
        path = design.regressors.to_numpy()[:, 1:] @ slopes
        path += design.response.mean() - path.mean() + design.offset
        fitted = np.exp(path) if design.scale == "log" else path
        before = design.series[design.series.index < design.reform]
        without = self._without(design.after)
        parts = {name: pd.concat([before, without[name]]) for name in without}
        return pd.DataFrame({"observed": design.series, "fitted": fitted, **parts})

    def _without(self, months: pd.Index) -> pd.DataFrame:
        """Take the effect of some months from the reform on off the series: counterfactual, low and high."""
        regressors = self.design.regressors.loc[months]
        effect = self.combine(regressors * regressors.columns.isin(self.design.effect_names))
        effect = effect[["estimate", "high", "low"]].set_axis(["counterfactual", "low", "high"], axis=1)
        log, series = self.design.scale == "log", self.design.series[months]
        parts = {name: series / np.exp(part) if log else series - part for name, part in effect.items()}
        return pd.DataFrame(parts)

    def effect_at(self, month: str | pd.Period) -> Effect:
        """Return the effect in one month from the reform on, with 95% intervals: observed less counterfactual.

        ``percent`` and its interval are missing unless the counterfactual and its interval are positive, as they are on
        the scale "log".
        """
        months = self.design.after
        month = to_period(month, _freq(months))
        if month not in months:
            raise ValueError(f"{month} has no effect: choose a month of {months[0]} to {months[-1]}")
        at = pd.PeriodIndex([month])
        without = only(self._without(at))[["counterfactual", "high", "low"]]
        units = only(self.design.series[at]) - without
        percent = 100 * units / without if (without > 0).all() else units * np.nan
        return Effect(month, *units, *np.r_[percent.iloc[:1], np.sort(percent.iloc[1:])])


def mixture_test(weights: Array, centre: Array, spread: Array, df: float) -> tuple[Array, Array]:
    """Return mean and two-sided p-value of no effect of mixtures of g t distributions (g, m), weights (g, 1 or m)."""
    below = np.zeros(centre.shape)
    stdtr(df, -centre / spread, where=weights > FELT, out=below)
    below = (weights * below).sum(axis=0)
    return (weights * centre).sum(axis=0), 2 * np.minimum(below, 1 - below).clip(0)


def _interval(weights: Array, centre: Array, spread: Array, df: float) -> Array:
    """Return the 95% interval of each mixture (2, m): its quantiles lie between those of its components."""
    probability = np.array([[0.025], [0.975]])
    components = centre + stdtrit(df, probability[:, None]) * spread
    if len(weights) == 1:
        return np.asarray(components[:, 0])

    def missing(point: Array, probability: Array, mixture: npt.NDArray[np.intp]) -> Array:
        """Return by how much a point of each mixture is too far up."""
        below = stdtr(df, (point - centre[:, mixture]) / spread[:, mixture])
        return np.asarray(np.tensordot(weights, below, 1) - probability)

    margin = 1e-6 * spread.min(axis=0)  # where all components agree, rounding decides the signs
    bracket = components.min(axis=1) - margin, components.max(axis=1) + margin
    return np.asarray(find_root(missing, bracket, args=(probability, np.arange(centre.shape[1]))).x)
