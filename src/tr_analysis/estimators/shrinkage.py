"""Shares of many units drawn towards their mean by as much as chance explains, and how sure their ranks are."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import betaln, digamma, expit, logit, xlogy
from scipy.stats import beta

from tr_analysis.estimators.checks import Array, coverage, generator, whole
from tr_analysis.estimators.counts import counts
from tr_analysis.estimators.optimum import polish

SHRUNKEN = ("observed", "estimate", "low", "high", "reliability")
RANKED = ("rank", "low", "high")
_HIGHEST = 14.0
"""Logarithm of the prior strength at which units cannot be told from equal ones (a million trials)."""


@dataclass(frozen=True)
class BetaBinomial:
    """Distribution of true shares between units, fitted to counts.

    Attributes
    ----------
    mean
        Mean of the true shares.
    tau
        Their standard deviation; 0 where chance alone explains the counts.
    strength
        Trials of a unit at which its own share and the mean weigh alike; infinite where ``tau`` is 0.
    """

    mean: float
    tau: float
    strength: float


def beta_binomial(frame: pd.DataFrame, successes: str = "successes", trials: str = "trials") -> BetaBinomial:
    """Fit a beta distribution of true shares to counts by maximum likelihood.

    ``k ~ Binomial(n, p)``, ``p ~ Beta(M m, M (1 - m))``, so that ``tau2 = m (1 - m) / (M + 1)``. Counts are
    taken as they are: no normal approximation, and a unit with no or all successes is no trouble. Where the likelihood
    still rises as M grows without end, there is no sign of any difference and ``tau`` is 0.

    Parameters
    ----------
    frame
        One row per unit, two or more, in any order.
    successes, trials
        Names of the columns with the counts.

    Raises
    ------
    ValueError
        If the counts are not possible, there is one unit only, every unit has none or all of its trials
        successful (the fit has no end there), every unit has one trial only (no spread can be seen), or the
        fit does not converge.

    References
    ----------
    Skellam (1948), JRSS B 10, 257-261. Griffiths (1973), Biometrics 29, 637-648.
    """
    k, n = _counts(frame, successes, trials)
    pooled = float(k.sum() / n.sum())
    if not 0 < pooled < 1:
        raise ValueError("no or only successes in every unit: there is nothing to tell them apart by")
    if n.max() == 1:
        raise ValueError("every unit has one trial: how much units differ needs two in some")
    if ((k == 0) | (k == n)).all():
        raise ValueError("every unit has all or none of its trials: nothing to shrink, use `proportions`")
    starts = [np.array([logit(pooled), strength]) for strength in (0.0, 3.0, 6.0, 9.0)]
    bounds = [(-20, 20), (-10, _HIGHEST)]
    fits = [minimize(_loss, x, (k, n), method="L-BFGS-B", jac=True, bounds=bounds) for x in starts]
    best = min(fits, key=lambda fit: float(fit.fun))
    alike = -float((xlogy(k, pooled) + xlogy(n - k, 1 - pooled)).sum())
    if best.fun > alike - 1e-6 or best.x[1] > _HIGHEST - 0.01:
        return BetaBinomial(pooled, 0.0, float("inf"))
    # At the maximum a step may find no descent beyond rounding: the gradient tells whether it is one.
    if not np.isfinite(best.fun) or np.abs(best.jac).max() > 1e-4 * max(1, abs(best.fun)):
        raise ValueError(
            f"the beta-binomial fit did not converge ({best.message}): look for units that stand apart"
        )
    where, size = polish(lambda x: _loss(x, k, n)[0], best.x)
    mean, strength = float(expit(where)), float(np.exp(size))
    return BetaBinomial(mean, float(np.sqrt(mean * (1 - mean) / (strength + 1))), strength)


def _loss(parameters: Array, k: Array, n: Array) -> tuple[float, Array]:
    """Return the log likelihood with its sign turned, and its gradient, at logit m and ln M."""
    mean, strength = expit(parameters[0]), np.exp(parameters[1])
    a, b = strength * mean, strength * expit(-parameters[0])
    rest = digamma(strength) - digamma(strength + n)
    by_a, by_b = (digamma(a + k) - digamma(a) + rest).sum(), (digamma(b + n - k) - digamma(b) + rest).sum()
    gradient = np.array([(by_a - by_b) * a * (1 - mean), a * by_a + b * by_b])
    return -float((betaln(a + k, b + n - k) - betaln(a, b)).sum()), -gradient


def shrink(
    frame: pd.DataFrame, successes: str = "successes", trials: str = "trials", *, level: float = 0.95
) -> pd.DataFrame:
    """Draw each unit's share towards the mean of all by as much as its size makes it doubtful.

    The shrunken share is ``r (k / n) + (1 - r) m`` with the reliability ``r = n / (n + M)``, which equals
    ``tau2 / (tau2 + s2)`` for the mean sampling variance ``s2`` of a unit of that size. The interval is that
    of the posterior ``Beta(M m + k, M (1 - m) + n - k)``; it takes the fitted m and M as known, so it is too
    narrow with few units: of 50 to 2000 trials each, with ``tau`` 0.05, an interval of 0.95 held 0.91 of the
    true shares of 7 units, 0.94 of 21 and 0.95 of 54; of 50 to 300 trials, where ``tau`` is often fitted as 0
    and intervals have no width, 0.69, 0.91 and 0.94.

    Parameters
    ----------
    frame, successes, trials
        As in `beta_binomial`.
    level
        Probability within each interval, between 0 and 1.

    Returns
    -------
    pandas.DataFrame
        The rows and index of ``frame`` with observed, estimate, low, high (shares) and reliability added.
        Where units do not differ beyond chance all have the pooled share, reliability 0, and an interval
        without width, which says that the model sees no difference, not that the share is known.

    Raises
    ------
    ValueError
        As in `beta_binomial`, or if ``level`` is not between 0 and 1.
    """
    level = coverage(level)
    k, n = _counts(frame, successes, trials, SHRUNKEN)
    fit = beta_binomial(frame, successes, trials)
    reliability = n / (n + fit.strength)
    estimate = reliability * k / n + (1 - reliability) * fit.mean
    low = high = estimate
    if np.isfinite(fit.strength):
        a, b = fit.strength * fit.mean + k, fit.strength * (1 - fit.mean) + n - k
        low, high = beta.ppf((1 - level) / 2, a, b), beta.ppf((1 + level) / 2, a, b)
    return frame.assign(observed=k / n, estimate=estimate, low=low, high=high, reliability=reliability)


def rank_intervals(
    frame: pd.DataFrame,
    successes: str = "successes",
    trials: str = "trials",
    *,
    level: float = 0.95,
    draws: int = 10_000,
    seed: int | np.random.Generator = 0,
) -> pd.DataFrame:
    """Say how sure the rank of each unit is, by drawing true shares from what `shrink` leaves possible.

    Parameters
    ----------
    frame, successes, trials, level
        As in `shrink`.
    draws
        Number of draws, 100 or more.
    seed
        Seed or generator; the same seed gives the same ranks.

    Returns
    -------
    pandas.DataFrame
        The rows and index of ``frame`` with rank (mean over the draws, 1 the smallest share), low and high
        (whole ranks) added. Where units do not differ beyond chance every order is as likely, and so is the
        order of shares that are drawn alike.

    Raises
    ------
    ValueError
        As in `shrink`, or if there are fewer than 100 draws.

    References
    ----------
    Goldstein and Spiegelhalter (1996), JRSS A 159, 385-443.
    """
    draws, level = whole("draws", draws, low=100, advice="give 100 or more"), coverage(level)
    k, n = _counts(frame, successes, trials, RANKED)
    fit, random = beta_binomial(frame, successes, trials), generator(seed)
    if np.isfinite(fit.strength):
        a, b = fit.strength * fit.mean + k, fit.strength * (1 - fit.mean) + n - k
        shares = random.beta(a, b, size=(draws, len(k)))
    else:
        shares = random.random((draws, len(k)))
    lots = random.random(shares.shape)  # near 0 and 1 shares round to the same number: lots, not rows, decide
    ranks = np.lexsort((lots, shares)).argsort(axis=1, kind="stable") + 1
    ends = np.quantile(ranks, [(1 - level) / 2, (1 + level) / 2], axis=0, method="inverted_cdf")
    low, high = ends.astype(int)
    return frame.assign(rank=ranks.mean(axis=0), low=low, high=high)


def _counts(
    frame: pd.DataFrame, successes: str, trials: str, results: tuple[str, ...] = ()
) -> tuple[Array, Array]:
    k, n = counts(frame, successes, trials, results=results)
    if len(k) < 2:
        raise ValueError("one unit has nothing to be drawn towards: give two or more")
    return k.astype(np.float64), n.astype(np.float64)
