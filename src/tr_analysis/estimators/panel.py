"""Providers against their own baselines and against their own later selves: flags, multiplicity, luck."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import norm, pearsonr, t
from statsmodels.stats.multitest import multipletests

from tr_analysis.digits import settle
from tr_analysis.estimators.checks import Array, coverage, numbers
from tr_analysis.estimators.heterogeneity import check_units, heterogeneity
from tr_analysis.estimators.payment import score
from tr_analysis.estimators.payment_power import critical_value

REDUCTION, INCREASE, NEITHER = "significant reduction", "significant increase", "not significant"


@dataclass(frozen=True)
class Regression:
    """How far units that stood apart came back; changes in the unit given.

    Attributes
    ----------
    estimate, low, high
        Slope of the later changes on the first: 1 where what was seen stays, 0 where it was all luck.
    expected, expected_low, expected_high
        The slope that sampling alone would leave, from the variation between units beyond it.
    picked
        Units picked as the best of the first cohort.
    picked_first, picked_later
        Their mean change at first, and later.
    units
        Units with both.
    """

    estimate: float
    low: float
    high: float
    expected: float
    expected_low: float
    expected_high: float
    picked: int
    picked_first: float
    picked_later: float
    units: int


@dataclass(frozen=True)
class Association:
    """A correlation with its interval, and the p-value of none."""

    estimate: float
    low: float
    high: float
    p_value: float
    units: int


def judge(panel: pd.DataFrame, *, level: float, sides: int = 2) -> pd.DataFrame:
    """Judge each adjusted rate against its baseline, as the payment rule does.

    ``z = (adjusted - baseline) / sqrt(baseline (1 - baseline) / offenders)``: the score test of
    `payment.payment_rule` with the baseline taken as known, on the adjusted rate. A significant reduction has
    ``z <= -c``, a significant increase ``z >= c``, with ``c`` from `payment_power.critical_value`.

    Parameters
    ----------
    panel
        adjusted_rate and baseline_rate in per cent, offenders; other columns are kept.
    level, sides
        As in `payment_power.critical_value`; the rule's own are not in the sources.

    Returns
    -------
    pandas.DataFrame
        The rows and index of ``panel`` with z, error (points), p_value (two-sided) and recomputed (one of
        `REDUCTION`, `INCREASE`, `NEITHER`) added; missing where a part is.

    Raises
    ------
    ValueError
        If a column is missing, a known cohort has nobody, a known baseline is not between 0 and 100, or level and
        sides cannot be.
    """
    critical = critical_value(level, sides)
    for name in ("adjusted_rate", "baseline_rate", "offenders"):
        if name not in panel:
            raise ValueError(
                f"no column {name!r}: a flag needs the adjusted rate, its baseline and the cohort"
            )
    rate, base = panel["adjusted_rate"].astype(float) / 100, panel["baseline_rate"].astype(float) / 100
    people = panel["offenders"].astype(float)
    known = rate.notna() & base.notna() & people.notna()
    for name, bad in (("offenders", people <= 0), ("baseline_rate", (base <= 0) | (base >= 1))):
        if (bad & known).any():
            at = int(np.flatnonzero(bad & known)[0])
            where = f"row {panel.index[at]}, column {name!r}: {panel[name].iloc[at]}"
            raise ValueError(f"{where}: no test without variation; drop the row")
    k, n, b = (
        numbers(name, part.where(known))
        for name, part in (("counts", rate * people), ("people", people), ("baselines", base))
    )
    z = pd.Series(score(k, n, b, np.full(len(n), np.inf)), panel.index)
    flags = np.select(
        [z <= -critical, z >= critical], [REDUCTION, INCREASE if sides == 2 else NEITHER], NEITHER
    )
    error = 100 * np.sqrt(b * (1 - b) / n)
    judged = panel.assign(z=z, error=error, p_value=2 * norm.sf(z.abs()))
    return judged.assign(recomputed=pd.Series(flags, panel.index, dtype="str").where(known))


def multiplicity(p_values: npt.ArrayLike, *, level: float) -> pd.DataFrame:
    """Correct p-values for being many, by Holm and by Benjamini and Hochberg, side by side.

    Holm's keep the chance of any false finding at ``level``; Benjamini and Hochberg's keep the expected share of
    false ones among the findings there, where tests are independent or go together.

    Parameters
    ----------
    p_values
        Probabilities (n), none missing; one at least.
    level
        Between 0 and 1.

    Returns
    -------
    pandas.DataFrame
        p_value, holm, benjamini_hochberg (corrected) and alone, by_holm, by_benjamini_hochberg (whether significant);
        the index of ``p_values`` if it is a Series.

    Raises
    ------
    ValueError
        If there are none, or one is missing or no probability.

    References
    ----------
    Holm (1979), Scandinavian Journal of Statistics 6, 65-70. Benjamini and Hochberg (1995), JRSS B 57, 289-300.
    """
    level, p = coverage(level), numbers("p-values", p_values)
    if not len(p) or not ((p >= 0) & (p <= 1)).all():
        raise ValueError("p-values are probabilities, none missing, one at least: drop what was not tested")
    holm, bh = (multipletests(p, alpha=level, method=method) for method in ("holm", "fdr_bh"))
    index = p_values.index if isinstance(p_values, pd.Series) else None
    found = {"p_value": p, "holm": holm[1], "benjamini_hochberg": bh[1], "alone": p <= level}
    return pd.DataFrame({**found, "by_holm": holm[0], "by_benjamini_hochberg": bh[0]}, index=index)


def regression_to_the_mean(
    first: npt.ArrayLike, later: npt.ArrayLike, variances: npt.ArrayLike, *, level: float = 0.95
) -> Regression:
    """Compare units' first changes with their later ones.

    The slope is that of least squares of ``later`` on ``first``, with t on ``units - 2`` degrees of freedom. If true
    changes stay and only sampling differs, it is the reliability ``tau2 / (tau2 + s2)`` averaged over units, with
    ``tau2`` and its interval from `heterogeneity.heterogeneity`. The best quarter of the first cohort (one
    at least) are followed as well.

    Parameters
    ----------
    first, later
        Change of each unit (n), three or more, in any unit of measurement; a fall is negative and good.
    variances
        Sampling variance of ``first`` (n), in the squared unit.
    level
        Coverage of the intervals.

    Raises
    ------
    ValueError
        If there are fewer than three units, all first changes are alike, or as in `heterogeneity`.

    References
    ----------
    Galton (1886), Journal of the Anthropological Institute 15, 246-263.
    """
    y, v = check_units(first, variances, level)
    after, _ = check_units(later, variances, level)
    if len(y) < 3 or not np.ptp(y) > 0:
        raise ValueError("three units or more that differ at first are needed: there is no slope otherwise")
    apart = y - y.mean()
    slope = float(apart @ after / (apart @ apart))
    rest = after - after.mean() - slope * apart
    half = t.ppf((1 + level) / 2, len(y) - 2) * np.sqrt(rest @ rest / (len(y) - 2) / (apart @ apart))
    between = heterogeneity(y, v, level=level)
    kept, low, high = (
        float(np.mean(tau2 / (tau2 + v))) for tau2 in (between.tau2, between.low, between.high)
    )
    best = np.argsort(settle(y), kind="stable")[: max(1, len(y) // 4)]
    at_first, since = float(y[best].mean()), float(after[best].mean())
    return Regression(slope, slope - half, slope + half, kept, low, high, len(best), at_first, since, len(y))


def association(x: npt.ArrayLike, y: npt.ArrayLike, *, level: float = 0.95) -> Association:
    """Return the correlation of two measures over units: whether those that do well on one do so on the other.

    Pearson's, with Fisher's interval ``tanh(atanh(r) +- z / sqrt(n - 3))``. Sampling in either draws it towards 0.

    Parameters
    ----------
    x, y
        One number per unit in each (n), four or more.
    level
        Coverage of the interval.

    Raises
    ------
    ValueError
        If lengths differ, there are fewer than four units, one is missing, or all values of one are alike.
    """
    one, other = _finite("first measure", x), _finite("second measure", y)
    if len(one) != len(other) or len(one) < 4:
        raise ValueError(f"{len(one)} and {len(other)} values: give one of each for four units or more")
    if not (np.ptp(one) > 0 and np.ptp(other) > 0):
        raise ValueError("all values of a measure are alike: there is nothing to go together")
    found = pearsonr(one, other)
    low, high = found.confidence_interval(coverage(level))
    return Association(float(found.statistic), float(low), float(high), float(found.pvalue), len(one))


def _finite(name: str, values: npt.ArrayLike) -> Array:
    found = numbers(name, values)
    if not np.isfinite(found).all():
        raise ValueError(f"the {name} lacks a value: drop the unit or find the figure")
    return found


MOST_PLACES = 10
"""Decimals that are looked at; what is beyond them in a float is no print."""
FLOAT = 1e-9
"""Points by which sums of floats of this size may stray."""


def predicted(observed: object, baseline_ogrs: object, cohort_ogrs: object) -> Array:
    """Return the adjusted rate that the identity gives: ``observed + baseline OGRS - cohort OGRS``.

    Checked against the Ministry's national quarterly series of 2000 to 2014, where it holds to eight digits. A
    cohort with a higher mean score than the baseline's is expected to reoffend more, so its rate is lowered.

    Parameters
    ----------
    observed
        Binary rate of the cohort (n), per cent.
    baseline_ogrs, cohort_ogrs
        Mean score of the baseline and of the cohort (n), as per cent; missing where not known.

    Returns
    -------
    numpy.ndarray
        Per cent (n); missing where a part is.

    Raises
    ------
    ValueError
        If a part is not numbers, or lengths differ.

    References
    ----------
    Ministry of Justice, Proven reoffending statistics: definitions and measurement.
    """
    named = {"rates": observed, "baseline scores": baseline_ogrs, "cohort scores": cohort_ogrs}
    parts = [numbers(name, values) for name, values in named.items()]
    if len({len(part) for part in parts}) > 1:
        raise ValueError(f"{', '.join(str(len(part)) for part in parts)} values: give one of each per cohort")
    return np.asarray(parts[0] + parts[1] - parts[2])


def decimals(values: object) -> int:
    """Return the most decimals that any of the numbers is written with; trailing noughts cannot be seen.

    Examples
    --------
    >>> decimals([45.4, 45.0]), decimals([0.1 + 0.2]), decimals([1 / 3]), decimals([])
    (1, 1, 10, 0)
    """
    found = numbers("values", values)
    written = (f"{v:.{MOST_PLACES}f}".partition(".")[2].rstrip("0") for v in found[np.isfinite(found)])
    return max(map(len, written), default=0)


def rounding_tolerance(places: Mapping[str, int]) -> float:
    """Return by how much the two sides may differ when each part is rounded to its own decimals.

    A number printed to ``p`` decimals is known to ``10**-p / 2``. The identity adds and subtracts its parts,
    so their errors add at worst: ``sum(10**-p / 2)``. A part that is worked out from counts is not rounded:
    leave it out.

    Parameters
    ----------
    places
        Decimals of each part that was read as printed, by its name.
    """
    return FLOAT + sum(0.5 * 10.0**-p for p in places.values())


def adjustment_identity(panel: pd.DataFrame, *, by: str = "release") -> pd.DataFrame:
    """Hold every adjusted rate against the identity, cell by cell.

    The observed rate is worked out from the counts where both are there, and taken as printed otherwise.
    Decimals are those of the whole column in one release, because 45.0 does not show how it was rounded.

    Parameters
    ----------
    panel
        One row per provider and cohort: adjusted_rate, baseline_ogrs, ogrs in per cent, and offenders with
        reoffenders or binary_rate; other columns are kept.
    by
        Column of what was printed alike.

    Returns
    -------
    pandas.DataFrame
        The rows of ``panel`` of which every part is known, in their order and with its index, with observed,
        predicted, residual (printed less predicted), tolerance (points) and holds added.

    Raises
    ------
    ValueError
        If a column is missing.

    Examples
    --------
    >>> row = {"release": "2017-10", "offenders": 1000, "reoffenders": 456, "adjusted_rate": 44.9}
    >>> frame = pd.DataFrame([row | {"binary_rate": 45.6, "baseline_ogrs": 46.2, "ogrs": 46.9}])
    >>> adjustment_identity(frame)[["predicted", "residual", "tolerance", "holds"]].round(3).to_dict("records")
    [{'predicted': 44.9, 'residual': 0.0, 'tolerance': 0.15, 'holds': True}]
    """
    needed = ("adjusted_rate", "baseline_ogrs", "ogrs", "offenders", "reoffenders", "binary_rate", by)
    if lacking := [name for name in needed if name not in panel]:
        raise ValueError(f"no column {lacking[0]!r}: the identity needs {', '.join(needed)}")
    parts = panel.loc[:, list(needed[:-1])].astype(float)
    counted = parts["offenders"].gt(0) & parts["reoffenders"].notna()
    observed = (100 * parts["reoffenders"] / parts["offenders"].where(counted)).fillna(parts["binary_rate"])
    known = parts[["adjusted_rate", "baseline_ogrs", "ogrs"]].notna().all(axis=1) & observed.notna()
    rate = predicted(observed, parts["baseline_ogrs"], parts["ogrs"])
    out = panel.assign(observed=observed, predicted=rate, residual=parts["adjusted_rate"] - rate)
    tolerance = pd.Series(np.nan, panel.index)
    for release in panel.loc[known, by].unique():
        here = known & (panel[by] == release)
        alike = parts[here]
        printed = {name: decimals(alike[name]) for name in ("adjusted_rate", "baseline_ogrs", "ogrs")}
        tolerance[here & counted] = rounding_tolerance(printed)
        tolerance[here & ~counted] = rounding_tolerance(printed | {"rate": decimals(alike["binary_rate"])})
    out = out.assign(tolerance=tolerance)[known]
    return out.assign(holds=out["residual"].abs() <= out["tolerance"])
