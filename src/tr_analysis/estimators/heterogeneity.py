"""How much units differ beyond chance, and what is left of each unit's own figure."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import brentq, minimize
from scipy.special import betaln, digamma, expit, logit, xlogy
from scipy.stats import beta, chi2

from tr_analysis.digits import polish
from tr_analysis.estimators.checks import (
    Array,
    Seed,
    check_counts,
    check_draws,
    check_level,
    generator,
    numbers,
    paired,
)

__all__ = ["heterogeneity", "shrink", "rank_intervals", "simultaneous_ranks"]

_HIGHEST = 14.0  # logarithm of the prior sample size (a million) at which units do not differ from equal ones


@dataclass(frozen=True)
class Heterogeneity:
    """Variation between units; ``tau2`` is the variance of the true values, in the squared unit, from ``low`` to ``high``.

    ``q`` and ``p_value`` test that there is none, ``i2`` is the share of the variation seen that is not chance.
    """

    q: float
    p_value: float
    i2: float
    tau2: float
    low: float
    high: float


def heterogeneity(
    estimates: npt.ArrayLike, variances: npt.ArrayLike, *, level: float = 0.95
) -> Heterogeneity:
    """Measure the variation between units that chance does not explain.

    Answers: do the units really differ, and by how much?

    Tested: the published BCG trials, and statsmodels; coverage of tau2 simulated (`test_published_ratios_of_bcg`,
    `test_against_statsmodels`, `test_coverage`).

    With ``w = 1 / (variance + tau2)`` let ``Q(tau2) = sum w (y - mean)^2``. ``Q(0)`` is Cochran's test (1954),
    chi-squared on ``units - 1`` degrees of freedom where all units are alike, and ``I2 = max(0, 1 - (units - 1) /
    Q)``. ``tau2`` is where ``Q(tau2) = units - 1``, or 0 (Paule and Mandel 1982), its interval where ``Q(tau2)`` meets
    the quantiles (Viechtbauer 2007): wide with few units. Units are two or more; the sampling variance of each, or one
    for all, is taken as known.

    Reference: Cochran (1954), Biometrics 10, 101-129. Paule and Mandel (1982), Journal of Research of the NBS 87,
    377-385. Higgins and Thompson (2002) and Viechtbauer (2007), Statistics in Medicine 21, 1539-1558 and 26, 37-52.

    Examples
    --------
    >>> found = heterogeneity([1, 3, 8, 4], [0.5, 0.5, 0.5, 0.5])
    >>> round(found.tau2, 2), round(found.low, 2), round(found.high, 2), round(found.i2, 2)
    (8.17, 2.28, 119.98, 0.94)
    """
    y, v = check_units(estimates, variances, level)
    freedom = len(y) - 1
    q = _generalised_q(y, v, 0.0)
    low, high = (_where_q_is(y, v, chi2.ppf((1 + side * level) / 2, freedom)) for side in (1, -1))
    i2 = max(0.0, 1 - freedom / q) if q > 0 else 0.0
    tau2, p_value = _where_q_is(y, v, freedom), float(chi2.sf(q, freedom))
    # The estimate is no inversion of the profile: at the margin it can fall just outside it.
    return Heterogeneity(q, p_value, i2, tau2, min(low, tau2), max(high, tau2))


def check_units(estimates: npt.ArrayLike, variances: npt.ArrayLike, level: float) -> tuple[Array, Array]:
    """Return estimates and variances as arrays; refuse what cannot be."""
    check_level(level)
    if isinstance(estimates, pd.Series):
        variances = paired("variances", variances, estimates.index, "estimates")
    y, v = numbers("estimates", estimates), numbers("variances", variances)
    v = np.full(len(y), v[0]) if np.ndim(variances) == 0 else v
    if len(y) != len(v):
        raise ValueError(f"{y.size} estimates and {v.size} variances: give one of each per unit")
    if len(y) < 2:
        raise ValueError(f"{len(y)} unit(s) cannot vary between each other: give two or more")
    for name, values, right in (("estimate", y, np.isfinite(y)), ("variance", v, (v > 0) & (v < np.inf))):
        if not right.all():
            at = int(np.flatnonzero(~right)[0])
            raise ValueError(f"{name} {at} is {values[at]:g}: drop the unit, or use `shrink` for counts")
    return y, v


def _generalised_q(y: Array, v: Array, tau2: float) -> float:
    """Return the weighted sum of squares about the weighted mean when units vary by ``tau2``."""
    w = 1 / (v + tau2)
    return float((w * (y - (w * y).sum() / w.sum()) ** 2).sum())


def _where_q_is(y: Array, v: Array, value: Any) -> float:
    """Return the between-unit variance at which Q, which falls with it, is ``value``; 0 if none."""
    if _generalised_q(y, v, 0.0) <= value:
        return 0.0
    high = float(np.var(y)) + float(v.max())
    while _generalised_q(y, v, high) > value:
        high *= 4
    tolerances = {"xtol": 1e-13 * high, "rtol": 1e-12}
    return float(brentq(lambda tau2: _generalised_q(y, v, tau2) - value, 0, high, **tolerances))


@dataclass(frozen=True)
class BetaBinomial:
    """Mean of the true shares of units, their standard deviation ``tau``, and the trials that weigh as much as the mean.

    ``prior_sample_size`` is infinite where ``tau`` is 0, since chance alone explains the counts.
    """

    mean: float
    tau: float
    prior_sample_size: float


def beta_binomial(frame: pd.DataFrame, successes: str = "successes", trials: str = "trials") -> BetaBinomial:
    """Fit a beta distribution of true shares to counts by maximum likelihood; columns as in `shrink`.

    ``k ~ Binomial(n, p)``, ``p ~ Beta(M m, M (1 - m))``, so that ``tau2 = m (1 - m) / (M + 1)`` (Skellam 1948, JRSS B
    10, 257-261). Where the likelihood still rises as M grows without end there is no sign of any difference.
    """
    k, n = _counts(frame, successes, trials)
    pooled = float(k.sum() / n.sum())
    if not 0 < pooled < 1:
        raise ValueError("no or only successes in every unit: there is nothing to tell them apart by")
    if n.max() == 1:
        raise ValueError("every unit has one trial: how much units differ needs two in some")
    if ((k == 0) | (k == n)).all():
        raise ValueError("every unit has all or none of its trials: nothing to shrink, use `proportions`")
    starts = [np.array([logit(pooled), size]) for size in (0.0, 3.0, 6.0, 9.0)]
    bounds = [(-20, 20), (-10, _HIGHEST)]
    fits = [minimize(_loss, x, (k, n), method="L-BFGS-B", jac=True, bounds=bounds) for x in starts]
    best = min(fits, key=lambda fit: float(fit.fun))
    alike = -float((xlogy(k, pooled) + xlogy(n - k, 1 - pooled)).sum())
    if best.fun > alike - 1e-6 or best.x[1] > _HIGHEST - 0.01:
        return BetaBinomial(pooled, 0.0, float("inf"))
    # At the maximum a step may find no descent beyond rounding: the gradient tells whether it is one.
    if not np.isfinite(best.fun) or np.abs(best.jac).max() > 1e-4 * max(1, abs(best.fun)):
        raise ValueError(f"the fit did not converge ({best.message}): look for units that stand apart")
    where, size = polish(lambda x: _loss(x, k, n)[0], best.x)
    mean, prior = float(expit(where)), float(np.exp(size))
    return BetaBinomial(mean, float(np.sqrt(mean * (1 - mean) / (prior + 1))), prior)


def _loss(parameters: Array, k: Array, n: Array) -> tuple[float, Array]:
    """Return the log likelihood with its sign turned, and its gradient, at logit m and ln M."""
    mean, prior = expit(parameters[0]), np.exp(parameters[1])
    a, b = prior * mean, prior * expit(-parameters[0])
    rest = digamma(prior) - digamma(prior + n)
    by_a, by_b = (digamma(a + k) - digamma(a) + rest).sum(), (digamma(b + n - k) - digamma(b) + rest).sum()
    gradient = np.array([(by_a - by_b) * a * (1 - mean), a * by_a + b * by_b])
    return -float((betaln(a + k, b + n - k) - betaln(a, b)).sum()), -gradient


def shrink(
    frame: pd.DataFrame, successes: str = "successes", trials: str = "trials", *, level: float = 0.95
) -> pd.DataFrame:
    """Draw each unit's share towards the mean of all by as much as its size makes it doubtful.

    Answers: what is the best guess at each unit's true share, knowing the others?

    Tested: by hand, with the likelihood's maximum by scipy; coverage on simulated panels falls short with few, small
    units (`test_shrunken_share_by_hand`, `test_maximum_of_the_likelihood_of_scipy`,
    `test_recovery_on_simulated_panels`).

    ``r (k / n) + (1 - r) m`` with the reliability ``r = n / (n + M)`` and m and M of `beta_binomial` (Efron and Morris
    1975). The interval is that of the posterior ``Beta(M m + k, M (1 - m) + n - k)``, which takes m and M as known:
    too narrow for few, small units, where ``tau`` is often fitted as 0 and intervals have no width. To ``frame``, of one
    row per unit, two or more, with columns of counts, are added observed, estimate, low, high and reliability.

    Reference: Efron and Morris (1975), Journal of the American Statistical Association 70, 311-319.

    Examples
    --------
    >>> shrink(pd.DataFrame({"successes": [3, 45, 62], "trials": [10, 100, 100]}))["estimate"].round(2).tolist()
    [0.47, 0.47, 0.59]
    """
    level = check_level(level)
    k, n = _counts(frame, successes, trials, ("observed", "estimate", "low", "high", "reliability"))
    fit = beta_binomial(frame, successes, trials)
    reliability = n / (n + fit.prior_sample_size)
    low = high = estimate = reliability * k / n + (1 - reliability) * fit.mean
    if np.isfinite(fit.prior_sample_size):
        a, b = _posterior(fit, k, n)
        low, high = beta.ppf((1 - level) / 2, a, b), beta.ppf((1 + level) / 2, a, b)
    return frame.assign(observed=k / n, estimate=estimate, low=low, high=high, reliability=reliability)


def rank_intervals(
    frame: pd.DataFrame,
    successes: str = "successes",
    trials: str = "trials",
    *,
    level: float = 0.95,
    draws: int = 10_000,
    seed: Seed = 0,
) -> pd.DataFrame:
    """Say how sure the rank of each unit is, by drawing true shares from what `shrink` leaves possible.

    Answers: can these units be put in a league table?

    Tested: like units have like ranks; recovery on simulated panels
    (`test_like_units_have_like_ranks_whatever_the_order_of_the_rows`, `test_recovery_on_simulated_panels`).

    See Goldstein and Spiegelhalter (1996). Arguments are those of `shrink`, 100 draws or more, and a seed or
    generator. To ``frame`` are added rank (mean over the draws, 1 the smallest share), low and high (whole ranks). Each
    interval is for a unit by itself: for a statement about several of them see `simultaneous_ranks`.

    Reference: Goldstein and Spiegelhalter (1996), JRSS A 159, 385-443.

    Examples
    --------
    >>> rank_intervals(pd.DataFrame({"successes": [10, 50, 52], "trials": 100}))[["low", "high"]].values.tolist()
    [[1, 1], [2, 3], [2, 3]]
    """
    draws, level = check_draws(draws, 100), check_level(level)
    k, n = _counts(frame, successes, trials, ("rank", "estimate", "low", "high"))
    fit, random = beta_binomial(frame, successes, trials), generator(seed)
    size = (draws, len(k))
    if np.isfinite(fit.prior_sample_size):
        shares = random.beta(*_posterior(fit, k, n), size=size)
    else:
        shares = random.random(size)
    lots = random.random(size)  # near 0 and 1 shares round to the same number: lots, not rows, decide
    ranks = np.lexsort((lots, shares)).argsort(axis=1, kind="stable") + 1
    ends = np.quantile(ranks, [(1 - level) / 2, (1 + level) / 2], axis=0, method="inverted_cdf")
    low, high = ends.astype(int)
    return frame.assign(rank=ranks.mean(axis=0), low=low, high=high)


def _posterior(fit: BetaBinomial, k: Array, n: Array) -> tuple[Array, Array]:
    """Return the two parameters of the beta distribution of each unit's true share."""
    prior = fit.prior_sample_size
    return prior * fit.mean + k, prior * (1 - fit.mean) + n - k


def _counts(
    frame: pd.DataFrame, successes: str, trials: str, results: tuple[str, ...] = ()
) -> tuple[Array, Array]:
    k, n = check_counts(frame, successes, trials, results=results)
    if len(k) < 2:
        raise ValueError("one unit has nothing to be drawn towards: give two or more")
    return k.astype(np.float64), n.astype(np.float64)


def simultaneous_ranks(
    frame: pd.DataFrame,
    successes: str = "successes",
    trials: str = "trials",
    *,
    level: float = 0.95,
    draws: int = 10_000,
    seed: Seed = 0,
) -> pd.DataFrame:
    """Bound the ranks of all units at once, so that with probability ``level`` not one bound is wrong.

    Answers: which units are surely among the lowest or the highest, when all of them are looked at?

    Tested: ranks by hand; all together hold the truth in simulated panels (`test_simultaneous_ranks_by_hand`).

    A unit ranks above those whose share is significantly smaller and below those whose share is significantly larger;
    between lie the ranks that it may have. Two shares differ by the score test, ``(p_i - p_j)^2 > c^2 p (1 - p) (1 / n_i
    + 1 / n_j)`` with ``p`` that of both together; ``c`` is the quantile of the largest of all these statistics where all
    units are equal, simulated from the normal (Mogstad and others 2024). No unit borrows from the others. Arguments are
    those of `rank_intervals`; low and high are added to ``frame``, whole ranks, 1 the smallest share.

    Reference: Mogstad, Romano, Shaikh and Wilhelm (2024), Review of Economic Studies 91, 476-518.

    Examples
    --------
    >>> units = pd.DataFrame({"successes": [10, 50, 52], "trials": 100})
    >>> simultaneous_ranks(units)[["low", "high"]].values.tolist()
    [[1, 1], [2, 3], [2, 3]]
    """
    draws, level = check_draws(draws, 100), check_level(level)
    k, n = _counts(frame, successes, trials, ("low", "high"))
    errors = generator(seed).standard_normal((draws, len(k))) / np.sqrt(n)
    largest = np.zeros(draws)
    for i in range(1, len(k)):
        apart = np.abs(errors[:, i, None] - errors[:, :i]) / np.sqrt(1 / n[i] + 1 / n[:i])
        largest = np.maximum(largest, apart.max(axis=1))
    both = (k[:, None] + k) / (n[:, None] + n)
    far = np.quantile(largest, level, method="inverted_cdf") * np.sqrt(
        both * (1 - both) * (1 / n[:, None] + 1 / n)
    )
    above = (k / n)[:, None] - k / n > far  # the unit of the row is surely above that of the column
    return frame.assign(low=1 + above.sum(axis=1), high=len(k) - above.sum(axis=0))
