"""Proportions and their differences, with intervals that hold for small numbers."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import brentq
from scipy.stats import binom, boschloo_exact, chi2, fisher_exact, hypergeom
from scipy.stats.contingency import odds_ratio
from statsmodels.stats.proportion import (
    confint_proportions_2indep,
    proportion_confint,
    test_proportions_2indep,
)

from tr_analysis.estimators.checks import Array, counts, coverage, number, numbers, one_count, whole
from tr_analysis.order import only

RESULTS = ("estimate", "low", "high", "method")
LARGEST_EXACT_TEST = 400
"""Trials in both groups together up to which Boschloo's test takes well under a second."""


@dataclass(frozen=True)
class Proportion:
    """A proportion with its interval; ``method`` names the interval."""

    successes: int
    trials: int
    estimate: float
    low: float
    high: float
    method: str
    level: float


@dataclass(frozen=True)
class ProportionDifference:
    """First proportion minus second, with its interval; ``test`` names the test behind ``p_value``."""

    estimate: float
    low: float
    high: float
    p_value: float
    test: str
    level: float


def proportion(successes: int, trials: int, *, level: float = 0.95) -> Proportion:
    """Estimate a proportion from ``successes`` in ``trials``.

    The interval is Wilson's score interval, and Clopper and Pearson's exact one where no trial or every
    trial succeeded. A published percentage ``p`` of about ``n`` is ``proportion(round(p / 100 * n), n)``.

    Parameters
    ----------
    successes, trials
        Whole numbers, ``0 <= successes <= trials`` and ``trials >= 1``.
    level
        Coverage of the interval, between 0 and 1.

    Returns
    -------
    Proportion
        ``estimate``, ``low`` and ``high`` are shares between 0 and 1.

    Raises
    ------
    ValueError
        If the counts are not possible or ``level`` is not between 0 and 1.

    References
    ----------
    Wilson (1927), JASA 22, 209-212. Clopper and Pearson (1934), Biometrika 26, 404-413.
    """
    level, (k, n) = coverage(level), one_count(successes, trials)
    frame = proportions(pd.DataFrame({"successes": [k], "trials": [n]}), level=level)
    row = only(frame)
    return Proportion(k, n, k / n, float(row["low"]), float(row["high"]), str(row["method"]), level)


def proportions(
    frame: pd.DataFrame, successes: str = "successes", trials: str = "trials", *, level: float = 0.95
) -> pd.DataFrame:
    """Estimate one proportion per row: see `proportion`.

    Parameters
    ----------
    frame
        One row per proportion; not changed.
    successes, trials
        Names of the columns with the counts.
    level
        Coverage of each interval, between 0 and 1. Nothing is adjusted for the number of rows.

    Returns
    -------
    pandas.DataFrame
        The rows and index of ``frame`` with the columns estimate, low, high (shares) and method added.

    Raises
    ------
    ValueError
        If there are no rows, a column is missing or has the name of a result, a count is missing, negative
        or not whole, a row has no trials or more successes than trials, or ``level`` is not between 0 and 1.
    """
    level = coverage(level)
    k, n = counts(frame, successes, trials, results=RESULTS)
    wilson = proportion_confint(k, n, alpha=1 - level, method="wilson")
    exact = proportion_confint(k, n, alpha=1 - level, method="beta")
    extreme = (k == 0) | (k == n)
    return frame.assign(
        estimate=k / n,
        low=np.where(extreme, exact[0], wilson[0]),
        high=np.where(extreme, exact[1], wilson[1]),
        method=np.where(extreme, "Clopper-Pearson", "Wilson"),
    )


def difference(
    successes_1: int, trials_1: int, successes_2: int, trials_2: int, *, level: float = 0.95
) -> ProportionDifference:
    """Compare two independent proportions: the first minus the second.

    The interval is Newcombe's hybrid score interval. The test is Boschloo's exact unconditional one with
    the two numbers of trials fixed, two-sided as twice the smaller one-sided p-value. With more than 400
    trials in all it would take many seconds and the score test (Pearson's chi-squared without correction)
    is used instead. Interval and test are not inversions of each other and can disagree at the margin.

    Parameters
    ----------
    successes_1, trials_1, successes_2, trials_2
        Whole numbers, ``0 <= successes <= trials`` and ``trials >= 1`` in each group.
    level
        Coverage of the interval, between 0 and 1.

    Returns
    -------
    ProportionDifference
        ``estimate``, ``low`` and ``high`` are differences of shares, between -1 and 1.

    Raises
    ------
    ValueError
        If the counts are not possible or ``level`` is not between 0 and 1.

    References
    ----------
    Newcombe (1998), Statistics in Medicine 17, 873-890, method 10. Boschloo (1970), Statistica
    Neerlandica 24, 1-35.
    """
    level = coverage(level)
    k1, n1 = one_count(successes_1, trials_1, "_1")
    k2, n2 = one_count(successes_2, trials_2, "_2")
    low, high = confint_proportions_2indep(k1, n1, k2, n2, method="newcomb", compare="diff", alpha=1 - level)
    p_value, test = _test_of_equality(k1, n1, k2, n2)
    return ProportionDifference(k1 / n1 - k2 / n2, float(low), float(high), p_value, test, level)


def upper_bound_zero(trials: int, level: float = 0.95) -> float:
    """Return the one-sided exact upper bound of a proportion when none of ``trials`` succeeded.

    ``1 - (1 - level) ** (1 / trials)``; at 95% close to 3 / trials, the rule of three.

    Parameters
    ----------
    trials
        Whole number, 1 or more.
    level
        Confidence that the proportion is no larger, between 0 and 1.

    Returns
    -------
    float
        A share between 0 and 1.

    Raises
    ------
    ValueError
        If ``trials`` is not a whole number of 1 or more, or ``level`` is not between 0 and 1.
    """
    return float(1 - (1 - coverage(level)) ** (1 / one_count(0, trials)[1]))


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
        score = test_proportions_2indep(k1, n1, k2, n2, method="score", compare="diff", correction=False)
    return float(score.pvalue), test


@dataclass(frozen=True)
class TwoGroups:
    """Contrasts of two groups of k of n, and the two exact tests.

    Attributes
    ----------
    measures
        Indexed by measure (risk difference, risk ratio, odds ratio, conditional odds ratio): estimate, low,
        high, method. Differences are of shares.
    fisher
        Two-sided p-value given both margins.
    unconditional
        Two-sided p-value with only the two numbers of trials fixed.
    unconditional_test
        Its name: Boschloo, or score beyond 400 trials.
    separated
        Whether a cell is empty, so that the odds ratio is 0 or infinite and its interval one-sided.
    """

    measures: pd.DataFrame
    fisher: float
    unconditional: float
    unconditional_test: str
    separated: bool


def two_groups(
    successes_1: int, trials_1: int, successes_2: int, trials_2: int, *, level: float = 0.95
) -> TwoGroups:
    """Compare two independent groups of ``successes`` in ``trials`` in every usual way: first against second.

    Which exact test: Fisher's takes both margins as fixed, also how many succeeded in all, which no
    inspectorate fixes beforehand; Boschloo's takes only the two numbers of trials as fixed, which is the
    design here, and is never less powerful.

    Intervals: risk difference, Newcombe's hybrid score; risk ratio, Koopman's score, whose ends may be 0 or
    infinite; odds ratio, the exact one from the noncentral hypergeometric distribution (Cornfield), both for
    the sample estimate and for the conditional maximum likelihood estimate. With an empty cell the odds
    ratio is 0 or infinite, and its interval has only one end, at the full ``level``. Koopman's can hold less
    often than it says where few succeed: at 0.95 with 7 against 21 trials it holds the ratio of the shares 0.02
    and 0.3 in 0.902 of samples, computed exactly.

    Parameters
    ----------
    successes_1, trials_1, successes_2, trials_2
        Whole numbers, ``0 <= successes <= trials`` and ``trials >= 1`` in each group.
    level
        Coverage of the intervals, between 0 and 1.

    Returns
    -------
    TwoGroups
        A ratio is missing where nobody, or for odds also where everybody, succeeded in both groups.

    Raises
    ------
    ValueError
        If the counts are not possible or ``level`` is not between 0 and 1.

    References
    ----------
    Fisher (1935), JRSS 98, 39-82. Boschloo (1970), Statistica Neerlandica 24, 1-35. Koopman (1984),
    Biometrics 40, 513-517. Cornfield (1956), Proceedings of the Third Berkeley Symposium 4, 135-148.
    """
    level = coverage(level)
    k1, n1 = one_count(successes_1, trials_1, "_1")
    k2, n2 = one_count(successes_2, trials_2, "_2")
    risk = difference(k1, n1, k2, n2, level=level)
    table = [[k1, n1 - k1], [k2, n2 - k2]]
    varies = 0 < k1 + k2 < n1 + n2
    separated = varies and not np.all(table)
    low, high, kind = _odds_interval(table, level, separated)
    conditional = float(odds_ratio(table).statistic)
    rows = {
        "risk difference": (risk.estimate, risk.low, risk.high, "Newcombe"),
        "risk ratio": _risk_ratio(k1, n1, k2, n2, level),
        "odds ratio": (_ratio(k1 * (n2 - k2), k2 * (n1 - k1)), low, high, kind),
        "conditional odds ratio": (conditional, low, high, kind),
    }
    columns = ["estimate", "low", "high", "method"]
    measures = pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("measure")
    return TwoGroups(measures, float(fisher_exact(table).pvalue), risk.p_value, risk.test, separated)


def _ratio(above: int, below: int) -> float:
    if above == below == 0:
        return float("nan")
    return above / below if below else float("inf")


def _odds_interval(table: list[list[int]], level: float, separated: bool) -> tuple[float, float, str]:
    result = odds_ratio(table)
    if not separated:
        interval = result.confidence_interval(level)
        return float(interval.low), float(interval.high), "exact conditional"
    side = "greater" if np.isinf(result.statistic) else "less"
    interval = result.confidence_interval(level, alternative=side)
    return float(interval.low), float(interval.high), "exact conditional, one-sided"


def _risk_ratio(k1: int, n1: int, k2: int, n2: int, level: float) -> tuple[float, float, float, str]:
    """Invert the score test of a ratio of shares, on the logarithm of the ratio."""
    quantile = float(chi2.ppf(level, 1))

    def excess(log_ratio: float) -> float:
        return _ratio_score(k1, n1, k2, n2, float(np.exp(log_ratio))) - quantile

    # Within e^-30 to e^30 lies every ratio that counts could tell from 0 or from infinity.
    ratio = _ratio(k1 * n2, k2 * n1)
    middle = 0.0 if np.isnan(ratio) else float(np.clip(np.log(ratio) if ratio else -30, -30, 30))
    low = float(np.exp(brentq(excess, middle, -30, xtol=1e-12))) if k1 else 0.0
    high = float(np.exp(brentq(excess, middle, 30, xtol=1e-12))) if k2 else float("inf")
    return ratio, low, high, "Koopman"


def _ratio_score(k1: int, n1: int, k2: int, n2: int, ratio: float) -> float:
    """Return the squared score statistic of ``share_1 = ratio * share_2``."""
    if k1 * n2 == ratio * k2 * n1:
        return 0.0
    # The second share, most likely under the ratio: the smaller root of a quadratic, whose discriminant is
    # written without a difference of like numbers.
    first, second = (n1 + k2) * ratio, n2 + k1
    discriminant = (first - second) ** 2 + 4 * ratio * (n1 - k1) * (n2 - k2)
    share = min(2 * (k1 + k2) / (first + second + np.sqrt(discriminant)), 1.0, 1 / ratio)
    variance = ratio * share * (1 - ratio * share) / n1 + ratio**2 * share * (1 - share) / n2
    return float((k1 / n1 - ratio * k2 / n2) ** 2 / variance) if variance > 0 else float("inf")


def fisher_power(
    share_1: float, trials_1: int, share_2: npt.ArrayLike, trials_2: int, *, alpha: float = 0.05
) -> Array:
    """Return the chance that Fisher's exact test tells two true shares apart, computed exactly.

    Parameters
    ----------
    share_1, share_2
        True shares between 0 and 1; ``share_2`` may be many.
    trials_1, trials_2
        Sizes of the two samples, 1 or more.
    alpha
        Two-sided level of the test, between 0 and 1.

    Returns
    -------
    numpy.ndarray
        One chance for each ``share_2``.

    Raises
    ------
    ValueError
        If a share is not between 0 and 1, a sample is empty, or ``alpha`` is not between 0 and 1.
    """
    shares = numbers("shares", share_2)
    for share in (share_1, *shares):
        _check_share(share)
    return _power(_rejected(trials_1, trials_2, alpha), share_1, shares)


def detectable_share(
    share_1: float, trials_1: int, trials_2: int, *, power: float = 0.8, alpha: float = 0.05
) -> float:
    """Return the smallest share of the second sample, above that of the first, which the test would notice.

    Parameters
    ----------
    share_1, trials_1, trials_2, alpha
        As in `fisher_power`.
    power
        Chance to notice it, above ``alpha`` and below 1.

    Returns
    -------
    float
        A share between 0 and 1; missing where not even a share of 1 would be noticed so often.

    Raises
    ------
    ValueError
        As in `fisher_power`, or if ``power`` is not between ``alpha`` and 1.
    """
    _check_share(share_1)
    rejected = _rejected(trials_1, trials_2, alpha)
    advice = f"give a chance between alpha ({alpha}) and 1, such as 0.8"
    power = number("power", power, low=alpha, high=1, open_low=True, open_high=True, advice=advice)

    def short(share_2: float) -> float:
        return float(_power(rejected, share_1, np.array([share_2]))[0]) - power

    if short(1.0) < 0:
        return float("nan")
    return float(brentq(short, share_1, 1.0, xtol=1e-13))


def _check_share(share: object) -> None:
    advice = "a true share lies between 0 and 1: divide percentages by 100"
    number("the true share", share, low=0, high=1, advice=advice)


def _power(rejected: npt.NDArray[np.bool_], share_1: float, share_2: Array) -> Array:
    """Return the chance of a rejected table for each second share."""
    n1, n2 = (side - 1 for side in rejected.shape)
    first = binom.pmf(np.arange(n1 + 1), n1, share_1)
    second = binom.pmf(np.arange(n2 + 1), n2, share_2[:, None])
    return np.asarray(second @ (first @ rejected))


def _rejected(trials_1: int, trials_2: int, alpha: float) -> npt.NDArray[np.bool_]:
    """Return for every pair of successes in samples of these sizes whether Fisher's test rejects."""
    n1, n2 = (
        whole("trials", trials, low=1, advice="give a whole number of 1 or more in each sample")
        for trials in (trials_1, trials_2)
    )
    advice = "give a level between 0 and 1, such as 0.05"
    alpha = number("alpha", alpha, low=0, high=1, open_low=True, open_high=True, advice=advice)
    p_values = np.ones((n1 + 1, n2 + 1))
    for total in range(1, n1 + n2):
        k1 = np.arange(max(0, total - n2), min(n1, total) + 1)
        chance = hypergeom.pmf(k1, n1 + n2, n1, total)
        as_rare = chance <= chance[:, None] * (1 + 1e-9)  # ties of probability, up to rounding
        p_values[k1, total - k1] = as_rare @ chance
    return p_values <= alpha
