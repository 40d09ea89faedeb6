"""Proportions and their differences, with intervals that hold for small numbers."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import boschloo_exact
from statsmodels.stats.proportion import (
    confint_proportions_2indep,
    proportion_confint,
    test_proportions_2indep,
)

from tr_analysis.estimators.checks import coverage
from tr_analysis.estimators.counts import counts, one_count
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
