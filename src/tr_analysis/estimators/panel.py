"""Providers against their own baselines and against their own later selves: flags, multiplicity, luck, case mix."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import norm, pearsonr, t
from statsmodels.stats.multitest import multipletests

from tr_analysis.digits import settle
from tr_analysis.estimators import Estimate
from tr_analysis.estimators.checks import check_flag, check_frame, check_level, numbers, paired, to_floats
from tr_analysis.estimators.heterogeneity import check_units, heterogeneity
from tr_analysis.estimators.payment import critical_value, score

__all__ = [
    "flag_significance",
    "regression_to_the_mean",
    "association",
    "adjustment_identity",
    "changes",
    "flag_counts",
]

REDUCTION, INCREASE, NEITHER = "significant reduction", "significant increase", "not significant"

MOST_PLACES = 10  # decimals that are looked at; what is beyond them in a float is no print
FLOAT = 1e-9  # points by which sums of floats of this size may stray


@dataclass(frozen=True)
class Regression:
    """How far units that stood apart came back; changes in the unit given.

    ``estimate`` is the slope of the later changes on the first: 1 where what was seen stays, 0 where it was all luck;
    ``expected`` the slope that sampling alone would leave. ``best_quarter`` counts the units in the best quarter of the
    first cohort, whose mean changes at first and later are beside it.
    """

    estimate: float
    low: float
    high: float
    expected: float
    expected_low: float
    expected_high: float
    best_quarter: int
    best_quarter_initial: float
    best_quarter_later: float
    units: int


def flag_significance(panel: pd.DataFrame, *, level: float) -> pd.DataFrame:
    """Judge each adjusted rate against its baseline, as the payment rule does.

    Answers: which providers reduced reoffending significantly, and which did worse?

    Tested: each flag against the score test, and by hand
    (`test_a_flag_is_the_score_test_against_the_known_baseline`).

    ``z = (adjusted - baseline) / sqrt(baseline (1 - baseline) / offenders)``, the score test of
    `payment_design.payment_rule` with the baseline taken as known, against `payment.critical_value`. Takes adjusted_rate
    and baseline_rate in per cent, and offenders; adds z, error (points), p_value and recomputed (`REDUCTION`, `INCREASE`,
    `NEITHER`).

    Examples
    --------
    >>> rows = pd.DataFrame({"adjusted_rate": [44.0, 47.0], "baseline_rate": 47.5, "offenders": 1286})
    >>> flag_significance(rows, level=0.05)["recomputed"].tolist()
    ['significant reduction', 'not significant']
    """
    critical = critical_value(level)
    check_frame("panel", panel, ("adjusted_rate", "baseline_rate", "offenders"))
    rate, base = _per_cent(panel, "adjusted_rate") / 100, _per_cent(panel, "baseline_rate") / 100
    people = _floats(panel, "offenders")
    known = rate.notna() & base.notna() & people.notna()
    for name, bad in (("offenders", people <= 0), ("baseline_rate", (base <= 0) | (base >= 1))):
        if (bad & known).any():
            at = int(np.flatnonzero(bad & known)[0])
            where = f"row {panel.index[at]}, column {name!r}: {panel[name].iloc[at]}"
            raise ValueError(f"{where}: no test without variation; drop the row")
    k, n, b = np.array([part.where(known) for part in (rate * people, people, base)])
    z = pd.Series(score(k, n, b, np.full(len(n), np.inf)), panel.index)
    flags = pd.Series(np.select([z <= -critical, z >= critical], [REDUCTION, INCREASE], NEITHER), panel.index)
    error = 100 * np.sqrt(b * (1 - b) / n)
    judged = panel.assign(z=z, error=error, p_value=2 * norm.sf(z.abs()))
    return judged.assign(recomputed=flags.astype("str").where(known))


def flag_counts(judged: pd.DataFrame, *, level: float) -> dict[str, int]:
    """Count flags of `flag_significance`, before and after corrections for their number, beside the official ones.

    Answers: how many providers won and lost, how many by corrected tests, and how many officially?

    Tested: counted by hand, beside official flags, with Holm's and Benjamini and Hochberg's corrections
    (`test_flags_are_counted_beside_the_official_ones`, `test_corrections_by_hand`).

    Holm's (1979) keep the chance of any false finding at ``level``; Benjamini and Hochberg's (1995) the expected share
    of false ones among the findings. Rows without a test are dropped before; official flags are in the column
    significance, where there are any. Counted are tested, won, lost, either, by_holm and by_benjamini_hochberg, and of
    the official flags official, official_won, official_lost and alike (those that are the same here).

    Reference: Holm (1979), Scandinavian Journal of Statistics 6, 65-70. Benjamini and Hochberg (1995), JRSS B 57,
    289-300.

    Examples
    --------
    >>> rows = pd.DataFrame({"adjusted_rate": [44.0, 47.0], "baseline_rate": 47.5, "offenders": 1286})
    >>> counts = flag_counts(flag_significance(rows, level=0.05), level=0.05)
    >>> counts["tested"], counts["won"], counts["lost"], counts["by_holm"], counts["official"]
    (2, 1, 0, 1, 0)
    """
    check_frame("judged", judged, ("p_value", "recomputed"))
    level, p, flags = check_level(level), numbers("p-values", judged["p_value"]), judged["recomputed"]
    if not len(p) or not ((p >= 0) & (p <= 1)).all():
        raise ValueError("p-values are probabilities, none missing, one at least: drop what was not tested")
    holm, share = (multipletests(p, alpha=level, method=method)[0] for method in ("holm", "fdr_bh"))
    printed = judged["significance"].dropna() if "significance" in judged else flags.iloc[:0]
    found = {
        "won": flags == REDUCTION,
        "lost": flags == INCREASE,
        "either": p <= level,
        "by_holm": holm,
        "by_benjamini_hochberg": share,
        "official_won": printed == REDUCTION,
        "official_lost": printed == INCREASE,
        "alike": printed == flags.reindex(printed.index),
    }
    counts = {name: int(hits.sum()) for name, hits in found.items()}
    return {"tested": len(judged), "official": len(printed), **counts}


def regression_to_the_mean(
    first: npt.ArrayLike, later: npt.ArrayLike, variances: npt.ArrayLike, *, level: float = 0.95
) -> Regression:
    """Compare units' first changes with their later ones.

    Answers: did the best stay the best, or slip back as luck would?

    Tested: the slope by least squares; the share that stays on simulated panels
    (`test_the_slope_is_that_of_least_squares`, `test_what_stays_is_the_reliability_when_only_sampling_differs`).

    The slope is that of least squares of ``later`` on ``first`` (Galton 1886). If true changes stay and only sampling
    differs, it is the reliability ``tau2 / (tau2 + s2)`` averaged over units, with ``tau2`` and its interval from
    `heterogeneity.heterogeneity`. Units are three or more, a fall is good, and the variances those of ``first``.

    Reference: Galton (1886), Journal of the Anthropological Institute 15, 246-263.

    Examples
    --------
    >>> found = regression_to_the_mean([-4, -2, 0, 1, 3], [-2, -1, -1, 1, 1], [1, 1, 1, 1, 1])
    >>> round(found.estimate, 2), round(found.expected, 2), found.best_quarter_initial, found.best_quarter_later
    (0.45, 0.86, -4.0, -2.0)
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
    initial, since = float(y[best].mean()), float(after[best].mean())
    return Regression(slope, slope - half, slope + half, kept, low, high, len(best), initial, since, len(y))


def association(x: npt.ArrayLike, y: npt.ArrayLike, *, level: float = 0.95) -> Estimate:
    """Return the correlation of two measures over units.

    Answers: do units that do well on one measure do well on the other?

    Tested: Fisher's interval by hand (`test_the_correlation_has_the_interval_of_fisher`).

    Pearson's, with Fisher's interval (1921). Sampling in either measure draws it towards 0. Both have one number per
    unit (n), four or more.

    Reference: Fisher (1921), Metron 1, 3-32.

    Examples
    --------
    >>> found = association([1, 2, 3, 4, 5], [2, 1, 4, 3, 5])
    >>> round(found.estimate, 2), round(found.low, 2), round(found.high, 2)
    (0.8, -0.28, 0.99)
    """
    if isinstance(x, pd.Series):
        y = paired("second measure", y, x.index, "first")
    one, other = (numbers(f"{name} measure", values) for name, values in (("first", x), ("second", y)))
    if len(one) != len(other) or len(one) < 4:
        raise ValueError(f"{len(one)} and {len(other)} values: give one of each for four units or more")
    if not np.isfinite([one, other]).all():
        raise ValueError("a measure lacks a value: drop the unit or find the figure")
    if not (np.ptp(one) > 0 and np.ptp(other) > 0):
        raise ValueError("all values of a measure are alike: there is nothing to go together")
    found = pearsonr(one, other)
    low, high = found.confidence_interval(check_level(level))
    return Estimate(float(found.statistic), float(low), float(high), float(found.pvalue), units=len(one))


def changes(panel: pd.DataFrame, *, since_baseline: bool) -> pd.DataFrame:
    """Measure how each provider did in each cohort: against its own baseline, or else against all providers.

    Answers: by how much did reoffending change at each provider, on both measures?

    Tested: by hand, since the baseline and against all (`test_changes_are_since_the_baseline_or_from_all`).

    Parameters
    ----------
    panel
        One row per provider and cohort: offenders, reoffenders, reoffences, frequency_rate, difference (of the
        adjusted rate from the baseline, points) and baseline_frequency.
    since_baseline
        Whether the change is ``difference``; else it is the distance of the observed rate from that of all in the cohort.

    Returns
    -------
    pandas.DataFrame
        ``panel`` with change (points), frequency_change (per cent of the baseline's reoffences per reoffender, or of those
        of all where no baseline is known) and variance (sampling variance of the rate, squared points) added.

    Examples
    --------
    >>> row = {"cohort": "2015Q4", "offenders": 1000, "frequency_rate": 4.0, "baseline_frequency": 4.0}
    >>> rows = [row | {"reoffenders": n, "reoffences": 4 * n, "difference": d} for n, d in [(400, -5.0), (500, 4.0)]]
    >>> changes(pd.DataFrame(rows), since_baseline=False)["change"].round(1).tolist()
    [-5.0, 5.0]
    """
    check_flag("since_baseline", since_baseline)
    counts = ["offenders", "reoffenders", "reoffences"]
    rates = ["frequency_rate", "difference", "baseline_frequency"]
    check_frame("panel", panel, ("cohort", *counts, *rates))
    panel = panel.assign(**{name: _floats(panel, name) for name in (*counts, *rates)})
    people, caught, offences = (panel[name] for name in counts)
    total = panel.groupby("cohort")[counts].sum()
    everyone = panel["cohort"].map(total["reoffenders"] / total["offenders"])
    usual = panel["cohort"].map(total["reoffences"] / total["reoffenders"])
    often, since = (offences / caught).fillna(panel["frequency_rate"]), panel["baseline_frequency"]
    change = panel["difference"] if since_baseline else 100 * caught / people - 100 * everyone
    return panel.assign(
        change=change,
        frequency_change=100 * (often / (since if since.notna().any() else usual) - 1),
        variance=1e4 * everyone * (1 - everyone) / people,
    )


def adjustment_identity(panel: pd.DataFrame) -> pd.DataFrame:
    """Compare every adjusted rate with ``observed + baseline OGRS - cohort OGRS``, cell by cell.

    Answers: are the printed adjusted rates what the published formula gives?

    Tested: rows adjusted by the formula hold, others do not, whatever the rounding
    (`test_rounded_parts_are_always_within_the_tolerance`, `test_a_rate_that_was_not_adjusted_is_found`).

    The observed rate is worked out from the counts where both are there, and taken as printed otherwise. A number printed
    to ``p`` decimals is known to ``10**-p / 2``, so the sides may differ by the sum of these over the printed parts, with
    the decimals of the whole column in one release. The panel has a row per provider and cohort: release, adjusted_rate,
    baseline_ogrs, ogrs in per cent, and offenders with reoffenders or binary_rate. The rows of which every part is known
    come back, with observed, predicted, residual, tolerance and holds added.

    Reference: Ministry of Justice, Proven reoffending statistics: definitions and measurement.

    Examples
    --------
    >>> row = {"release": "2017-10", "offenders": 1000, "reoffenders": 456, "adjusted_rate": 44.9}
    >>> frame = pd.DataFrame([row | {"binary_rate": 45.6, "baseline_ogrs": 46.2, "ogrs": 46.9}])
    >>> adjustment_identity(frame)[["predicted", "tolerance", "holds"]].round(3).to_dict("records")
    [{'predicted': 44.9, 'tolerance': 0.15, 'holds': True}]
    """
    printed = ("adjusted_rate", "baseline_ogrs", "ogrs")
    needed = (*printed, "offenders", "reoffenders", "binary_rate")
    check_frame("panel", panel, (*needed, "release"))
    parts = pd.DataFrame({name: _floats(panel, name) for name in ("offenders", "reoffenders")})
    parts = parts.assign(**{name: _per_cent(panel, name) for name in (*printed, "binary_rate")})
    counted = parts["offenders"].gt(0) & parts["reoffenders"].notna()
    observed = (100 * parts["reoffenders"] / parts["offenders"].where(counted)).fillna(parts["binary_rate"])
    known = parts.loc[:, list(printed)].notna().all(axis=1) & observed.notna()
    rate = observed + parts["baseline_ogrs"] - parts["ogrs"]
    tolerance = pd.Series(np.nan, panel.index)
    for release in panel.loc[known, "release"].unique():
        here = known & (panel["release"] == release)
        half_units = FLOAT + sum(_half_unit(parts.loc[here, name]) for name in printed)
        tolerance[here & counted] = half_units
        tolerance[here & ~counted] = half_units + _half_unit(parts.loc[here, "binary_rate"])
    out = panel.assign(observed=observed, predicted=rate, residual=parts["adjusted_rate"] - rate)
    out = out.assign(tolerance=tolerance)[known]
    return out.assign(holds=out["residual"].abs() <= out["tolerance"])


def _half_unit(values: pd.Series) -> float:
    """Return half a unit of the last decimal that any of the numbers is written with."""
    found = values.dropna()
    written = (f"{value:.{MOST_PLACES}f}".partition(".")[2].rstrip("0") for value in found)
    return 0.5 * 10.0 ** -max(map(len, written), default=0)


def _floats(panel: pd.DataFrame, name: str) -> pd.Series:
    """Return a column as floats, also where a spreadsheet gave it as objects; missing values as nan."""
    return pd.Series(to_floats(f"column {name!r}", panel[name]), panel.index)


def _per_cent(panel: pd.DataFrame, name: str) -> pd.Series:
    """Return rates in per cent; refuse a column of shares."""
    rates = _floats(panel, name)
    known = rates.dropna()
    if known.gt(0).any() and known.abs().max() <= 1:
        shown = f"column {name!r} has no rate above {known.max():g}"
        raise ValueError(f"{shown}: these look like shares; give per cent, shares multiplied by 100")
    return rates
