"""Two groups of k of n: the exact tests, and contrasts that survive empty cells."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.stats import chi2, fisher_exact
from scipy.stats.contingency import odds_ratio

from tr_analysis.estimators.checks import coverage
from tr_analysis.estimators.counts import one_count
from tr_analysis.estimators.proportions import difference


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
