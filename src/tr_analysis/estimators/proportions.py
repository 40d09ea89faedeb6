"""Proportions and their differences, with intervals and exact tests that hold for small numbers."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import brentq
from scipy.special import logit
from scipy.stats import binom, boschloo_exact, fisher_exact, hypergeom, norm
from scipy.stats.contingency import odds_ratio as conditional_odds_ratio
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint
from statsmodels.stats.proportion import test_proportions_2indep as score_test

from tr_analysis.estimators import Estimate
from tr_analysis.estimators.checks import (
    Array,
    check_count,
    check_counts,
    check_frame,
    check_integer,
    check_level,
    check_number,
    numbers,
)
from tr_analysis.order import only

__all__ = [
    "proportion",
    "proportions",
    "upper_bound_zero",
    "difference",
    "change_against",
    "odds_ratio",
    "detectable_share",
]

Transform = Callable[[Array], Array]
ALPHA = 0.05  # two-sided level of the test whose power `detectable_share` computes
RESULTS = ("estimate", "low", "high", "method")
SCALES: dict[str, tuple[Transform, Transform, Transform]] = {
    "absolute": (np.positive, np.ones_like, np.positive),
    "relative": (np.log, np.reciprocal, np.expm1),
    "log odds": (logit, lambda p: 1 / (p * (1 - p)), np.positive),
}
"""Of `change_against`: what is compared of a share, its slope, and the way back from a difference of two."""
LARGEST_POWER_TABLE = 10**7  # pairs of counts up to which the exact power fits into memory
LARGEST_EXACT_TEST = 400  # trials up to which Boschloo's test takes well under a second


@dataclass(frozen=True, kw_only=True)
class Proportion(Estimate):
    """A share of ``trials`` with its interval, whose name is the ``method``."""

    successes: int
    trials: int


def proportion(successes: int, trials: int, *, level: float = 0.95) -> Proportion:
    """Estimate a proportion from ``successes`` in ``trials``, with an interval.

    Answers: how large is a share, and how far could it be off by chance?

    Tested: Wilson's formula, and the exact interval at the ends (`test_interval_against_formula_and_mirrored`).

    Wilson's score interval (1927); where no trial or every trial succeeded the exact one of Clopper and Pearson
    (1934). Counts are whole numbers, one trial at least; ``level`` is the coverage of the interval.

    Reference: Wilson (1927), JASA 22, 209-212. Clopper and Pearson (1934), Biometrika 26, 404-413.

    Examples
    --------
    >>> share = proportion(8, 29)
    >>> print(f"{share.estimate:.1%} ({share.low:.1%} to {share.high:.1%})")
    27.6% (14.7% to 45.7%)
    """
    level, (k, n) = check_level(level), check_count(successes, trials)
    row = only(proportions(pd.DataFrame({"successes": [k], "trials": [n]}), level=level))
    ends = float(row["low"]), float(row["high"])
    return Proportion(k / n, *ends, method=str(row["method"]), successes=k, trials=n)


def proportions(
    frame: pd.DataFrame, successes: str = "successes", trials: str = "trials", *, level: float = 0.95
) -> pd.DataFrame:
    """Estimate one proportion per row of a frame, with its interval: see `proportion`.

    Answers: how large is the share in each group, and how far could each be off by chance?

    Tested: row by row as `proportion` (`test_interval_against_formula_and_mirrored`,
    `test_frame_keeps_rows_and_leaves_the_input_alone`).

    Takes the names of the columns with the counts, and adds estimate, low, high (shares) and method to ``frame``.

    Examples
    --------
    >>> areas = pd.DataFrame({"reoffended": [8, 0], "released": [29, 86]}, index=["North", "South"])
    >>> proportions(areas, "reoffended", "released")[["estimate", "low", "high"]].round(3)
           estimate    low   high
    North     0.276  0.147  0.457
    South     0.000  0.000  0.042
    """
    level = check_level(level)
    k, n = check_counts(frame, successes, trials, results=RESULTS)
    wilson = proportion_confint(k, n, alpha=1 - level, method="wilson")
    exact = proportion_confint(k, n, alpha=1 - level, method="beta")
    extreme = (k == 0) | (k == n)
    return frame.assign(
        estimate=k / n,
        low=np.where(extreme, exact[0], wilson[0]),
        high=np.where(extreme, exact[1], wilson[1]),
        method=np.where(extreme, "Clopper-Pearson", "Wilson"),
    )


def upper_bound_zero(trials: int, level: float = 0.95) -> float:
    """Bound a proportion from above when none of ``trials`` succeeded: exact and one-sided.

    Answers: if something never happened in a sample, how common could it still be?

    Tested: solves its equation (`test_upper_bound_of_zero`).

    ``1 - (1 - level) ** (1 / trials)``; at 95% close to 3 / trials, the rule of three.

    Examples
    --------
    >>> round(upper_bound_zero(86), 3)
    0.034
    """
    return float(1 - (1 - check_level(level)) ** (1 / check_count(0, trials)[1]))


def difference(
    successes_1: int, trials_1: int, successes_2: int, trials_2: int, *, level: float = 0.95
) -> Estimate:
    """Compare two independent proportions: the first minus the second, with an interval and a test.

    Answers: by how much do two shares differ, and could it be chance?

    Tested: Newcombe's formula; the first inspections as published (`test_difference_of_the_first_round`,
    `test_difference_against_formula_and_under_swap`).

    Newcombe's hybrid score interval (1998). Boschloo's exact unconditional test (1970), two-sided as twice the smaller
    one-sided p-value; beyond 400 trials in all the score test. Interval and test can disagree at the margin. Arguments
    are those of `proportion`.

    Reference: Newcombe (1998), Statistics in Medicine 17, 873-890, method 10. Boschloo (1970), Statistica Neerlandica
    24, 1-35.

    Examples
    --------
    >>> gap = difference(5, 7, 1, 21)
    >>> print(f"{gap.estimate:.2f} ({gap.low:.2f} to {gap.high:.2f}), p = {gap.p_value:.4f}")
    0.67 (0.27 to 0.87), p = 0.0007
    """
    level = check_level(level)
    k1, n1 = check_count(successes_1, trials_1, "_1")
    k2, n2 = check_count(successes_2, trials_2, "_2")
    low, high = confint_proportions_2indep(k1, n1, k2, n2, method="newcomb", compare="diff", alpha=1 - level)
    p_value, test = _test_of_equality(k1, n1, k2, n2)
    return Estimate(k1 / n1 - k2 / n2, float(low), float(high), p_value, test)


def _test_of_equality(k1: int, n1: int, k2: int, n2: int) -> tuple[float, str]:
    """Return the p-value of no difference and the name of the test."""
    exact = n1 + n2 <= LARGEST_EXACT_TEST
    test = "Boschloo" if exact else "score"
    if k1 + k2 in (0, n1 + n2):
        return 1.0, test  # both groups all alike: no table is less surprising
    if exact:
        # scipy takes the columns of the table as the groups whose sizes are fixed.
        return float(boschloo_exact([[k1, k2], [n1 - k1, n2 - k2]]).pvalue), test
    with np.errstate(divide="ignore"):  # of the ratios that are computed on the way, of an empty cell
        score = score_test(k1, n1, k2, n2, method="score", compare="diff", correction=False)
    return float(score.pvalue), test


def change_against(cohorts: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
    """Compare the change of a group's share with that of a whole it belongs to, on three scales.

    Answers: did a group's share change more than everybody's, and does the answer depend on the scale?

    Tested: coverage on simulated groups of a whole, on three scales (`test_change_against_covers_the_truth`,
    `test_a_sign_can_depend_on_the_scale`).

    With ``g`` the share, its logarithm or its logit, ``p`` the group's share of ``n`` people and ``q`` the whole's of
    ``N``, the change of ``g(p)`` less that of ``g(q)``. Sampling is binomial at both times. The ``m`` people in both samples
    make them move together, so by the delta method each time adds ``g'(p)^2 v + g'(q)^2 w - 2 g'(p) g'(q) (m / N) v`` to the
    variance: ``v = p (1 - p) / n``, ``w = (m p (1 - p) + (N - m) r (1 - r)) / N^2``, and ``r`` is the share of the rest of the
    whole. The intervals are normal.

    ``cohorts`` has two rows, before and after: share and people of the group, whole_share and whole_people, and the people
    ``shared``, who are in both, shares between 0 and 1. Returned are estimate, low and high by scale (absolute: shares;
    relative: after / before - 1; log odds) and by what changed (group, whole, difference). The relative difference is
    that of the two ratios, ratio of ratios - 1.

    Examples
    --------
    >>> group = {"share": [0.48, 0.45], "people": 9000, "shared": 9000}
    >>> cohorts = pd.DataFrame(group | {"whole_share": [0.31, 0.29], "whole_people": 50_000})
    >>> change_against(cohorts).xs("difference", level="of")["estimate"].round(3).to_dict()
    {'absolute': -0.01, 'relative': 0.002, 'log odds': -0.025}
    """
    z = norm.ppf((1 + check_level(level)) / 2)
    p, n, q, whole, shared = _two_cohorts(cohorts)
    rest = _share_of_the_rest(p, q, whole, shared)
    v = p * (1 - p) / n
    w = (shared * p * (1 - p) + (whole - shared) * rest * (1 - rest)) / whole**2
    rows = []
    for link, slope, back in SCALES.values():
        a, b = slope(p), slope(q)
        group, everybody = np.diff(link(p)), np.diff(link(q))
        variances = [a**2 * v, b**2 * w, a**2 * v + b**2 * w - 2 * a * b * shared / whole * v]
        changes = np.concatenate([group, everybody, group - everybody])
        half = z * np.sqrt(np.clip(np.sum(variances, axis=1), 0, None))  # 0 where the group is the whole
        rows.append(back(np.stack([changes, changes - half, changes + half], axis=1)))
    index = pd.MultiIndex.from_product([SCALES, ["group", "whole", "difference"]], names=["scale", "of"])
    return pd.DataFrame(np.concatenate(rows), index, ["estimate", "low", "high"])


def _two_cohorts(cohorts: pd.DataFrame) -> list[Array]:
    """Return share, people, whole_share, whole_people and shared (2 each); refuse what cannot be."""
    names = ("share", "people", "whole_share", "whole_people", "shared")
    if len(check_frame("cohorts", cohorts, names)) != 2:
        raise ValueError("cohorts need two rows, before and after: give a frame with one for each")
    columns = [numbers(f"column {name!r}", cohorts[name]) for name in names]
    p, n, q, whole, shared = columns
    for name, right, advice in (
        ("share", (p > 0) & (p < 1), "give a share strictly between 0 and 1, per cent divided by 100"),
        ("whole_share", (q > 0) & (q < 1), "give a share strictly between 0 and 1, per cent divided by 100"),
        ("people", (n >= 1) & (n < np.inf), "give the size of the group, 1 or more"),
        ("whole_people", (whole >= 1) & (whole < np.inf), "give the size of the whole, 1 or more"),
        ("shared", (shared >= 0) & (shared <= np.minimum(n, whole)), "no more can be in both than in either"),
    ):
        for when, fine, value in zip(("before", "after"), right, cohorts[name], strict=True):
            if not fine:
                raise ValueError(f"column {name!r}, row {when}: {value}: {advice}")
    return columns


def _share_of_the_rest(p: Array, q: Array, whole: Array, shared: Array) -> Array:
    """Return the share among those of the whole who are not in the group; that of the whole where nobody is left."""
    others = whole - shared
    rest = np.where(others > 0, (whole * q - shared * p) / np.where(others > 0, others, 1), q)
    if ((rest < 0) | (rest > 1)).any():
        raise ValueError("the group's share leaves the rest of the whole none that can be: look at 'shared'")
    return np.asarray(rest)


def odds_ratio(
    successes_1: int, trials_1: int, successes_2: int, trials_2: int, *, level: float = 0.95
) -> Estimate:
    """Compare two independent groups by their odds, with an exact interval and Fisher's exact test.

    Answers: how many times higher are the odds in one small group than in another, and could it be chance?

    Tested: known tables; turns with the groups and with failures (`test_odds_ratio_of_known_tables`,
    `test_odds_ratio_turns_with_the_groups_and_with_failures`).

    Missing where nobody, or everybody, succeeded in both groups; 0 or infinite where ``separated``. The interval is
    exact, from the noncentral hypergeometric distribution (Cornfield 1956), and with an empty cell has one end, at the
    full ``level``. Fisher's test (1935) takes both margins as fixed, which no inspectorate does: that of `difference`
    suits it better. Arguments are those of `difference`.

    Reference: Fisher (1935), JRSS 98, 39-82. Cornfield (1956), Proceedings of the Third Berkeley Symposium 4,
    135-148.

    Examples
    --------
    >>> odds = odds_ratio(5, 7, 1, 21)
    >>> print(f"{odds.estimate:.0f} ({odds.low:.1f} to {odds.high:.0f}), p = {odds.p_value:.4f}")
    50 (2.7 to 2474), p = 0.0012
    """
    level = check_level(level)
    k1, n1 = check_count(successes_1, trials_1, "_1")
    k2, n2 = check_count(successes_2, trials_2, "_2")
    table = np.array([[k1, n1 - k1], [k2, n2 - k2]])
    above, below = k1 * (n2 - k2), k2 * (n1 - k1)
    with np.errstate(divide="ignore", invalid="ignore"):
        estimate = float(np.float64(above) / below)
    separated = bool(0 < k1 + k2 < n1 + n2 and not table.all())
    side = ("greater" if above else "less") if separated else "two-sided"
    interval = conditional_odds_ratio(table).confidence_interval(level, alternative=side)
    p_value = float(fisher_exact(table).pvalue)
    return Estimate(
        estimate, float(interval.low), float(interval.high), p_value, "Fisher", separated=separated
    )


def detectable_share(share_1: float, trials_1: int, trials_2: int, *, power: float = 0.8) -> float:
    """Find the smallest share of a second sample that Fisher's exact test at 5% would distinguish from the first.

    Answers: how large must a difference be before samples of these sizes would show it?

    Tested: has the power asked for, by going through every pair of counts
    (`test_detectable_share_has_the_power_asked_for`).

    The ``power`` is computed exactly, over every pair of counts of two binomial samples, of which ``share_1`` is the true
    share of the first. Missing where not even a share of 1 would be detected so often.

    Examples
    --------
    >>> round(detectable_share(0.1, 24, 62), 3)
    0.393
    """
    advice = "a true share lies between 0 and 1: divide percentages by 100"
    share_1 = check_number("the true share", share_1, low=0, high=1, advice=advice)
    advice = "give a whole number of 1 or more in each sample"
    n1, n2 = (check_integer("trials", trials, low=1, advice=advice) for trials in (trials_1, trials_2))
    if n1 * n2 > LARGEST_POWER_TABLE:
        raise ValueError(
            f"samples of {n1} and {n2} are too large to go through every pair of counts: give smaller"
        )
    advice = f"give a chance between the level of the test, {ALPHA}, and 1, such as 0.8"
    power = check_number("power", power, low=ALPHA, high=1, strict=True, advice=advice)
    given_second = binom.pmf(np.arange(n1 + 1), n1, share_1) @ _rejected_by_fisher(n1, n2)

    def short(share_2: float) -> float:
        return float(binom.pmf(np.arange(n2 + 1), n2, share_2) @ given_second) - power

    return float(brentq(short, share_1, 1.0, xtol=1e-13)) if short(1.0) >= 0 else float("nan")


def _rejected_by_fisher(n1: int, n2: int) -> npt.NDArray[np.bool_]:
    """Return for every pair of successes (n1 + 1, n2 + 1) whether Fisher's test rejects."""
    p_values = np.ones((n1 + 1, n2 + 1))
    for total in range(1, n1 + n2):
        k1 = np.arange(max(0, total - n2), min(n1, total) + 1)
        chance = hypergeom.pmf(k1, n1 + n2, n1, total)
        as_rare = chance <= chance[:, None] * (1 + 1e-9)  # ties of probability, up to rounding
        p_values[k1, total - k1] = as_rare @ chance
    return p_values <= ALPHA
