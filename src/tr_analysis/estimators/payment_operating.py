"""Payment by results: what a rule pays for, by exact calculation."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import bdtr
from scipy.stats import binom

from tr_analysis.estimators.checks import Array
from tr_analysis.estimators.payment import PaymentRule, check_truth, score

NODES = 24
"""Points of quadrature over the true shifts in one panel."""


@dataclass(frozen=True)
class Operating:
    """What a rule does with given true shifts: its operating characteristics.

    Attributes
    ----------
    chances
        One row per cohort and provider: payment, deduction, false_payment (probabilities) and their Monte
        Carlo standard errors (suffix _se; 0 where calculated). A payment is false where the provider's own
        true shift is 0 or a rise; drift is not its own.
    counts
        cohort, measure, expected, std_error. The measures are winners, losers, false winners, and cohorts
        with a false winner (for one cohort: the probability); the cohort "all" holds the sums.
    winners
        cohort, winners, probability, std_error: how many providers a cohort pays.
    """

    chances: pd.DataFrame
    counts: pd.DataFrame
    winners: pd.DataFrame


def operating(
    rule: PaymentRule,
    *,
    shift: pd.Series | npt.ArrayLike = 0.0,
    spread: float = 0.0,
    drift: npt.ArrayLike = 0.0,
) -> Operating:
    """Calculate what a rule pays for, from binomial probabilities; nothing is simulated.

    A cohort's count is binomial with the rate ``baseline + own shift + drift``, kept between 0 and 1. The
    own shift of a provider is normal around ``shift`` and integrated by quadrature; a sampled baseline is
    summed over. Providers are independent.

    Parameters
    ----------
    rule
        The rule and its cohorts.
    shift
        True change of the rate that is the provider's doing, common or one each; a share, negative for a
        fall: -0.019 for a fall of 1.9 percentage points.
    spread
        Standard deviation between providers of their own shifts, a share; an own shift stays in all cohorts.
    drift
        Change of the rate that is no provider's doing, the same in all cohorts or one each; a share.

    Raises
    ------
    ValueError
        If lengths differ, a value is no share, or a mean rate falls outside 0 to 1.
    """
    own, drifts = check_truth(rule, shift, spread, drift)
    shape = rule.sizes.shape
    cases = [rule.sizes.to_numpy(), rule.baselines, rule.baseline_sizes, own, drifts[:, None]]
    columns = np.stack([np.broadcast_to(case, shape).ravel() for case in cases], axis=1)
    unique, place = np.unique(columns, axis=0, return_inverse=True)
    found = np.array([_case(rule, spread, *case) for case in unique])[place.ravel()]
    payment, _, false = found.T.reshape(3, *shape)
    any_false = 1 - np.prod(1 - false, axis=1)
    sums = [payment.sum(axis=1), found[:, 1].reshape(shape).sum(axis=1), false.sum(axis=1), any_false]
    expected = np.stack(sums, axis=1)
    distribution = np.stack([_count_distribution(row) for row in payment])
    return Operating(
        chances_frame(rule, found, np.zeros_like(found)),
        counts_frame(rule, np.vstack([expected, expected.sum(axis=0)]), np.zeros((shape[0] + 1, 4))),
        winners_frame(rule, distribution, np.zeros_like(distribution)),
    )


def chances_frame(rule: PaymentRule, found: Array, errors: Array) -> pd.DataFrame:
    """Lay out payment, deduction and false payment (cohorts times providers rows, 3 columns)."""
    names = ["payment", "deduction", "false_payment"]
    index = pd.MultiIndex.from_product([rule.sizes.index, rule.sizes.columns], names=["cohort", "provider"])
    columns = [*names, *(f"{name}_se" for name in names)]
    return pd.DataFrame(np.hstack([found, errors]), index=index, columns=columns).reset_index()


def counts_frame(rule: PaymentRule, expected: Array, errors: Array) -> pd.DataFrame:
    """Lay out the four measures (columns) of each cohort and of all together (rows)."""
    measures = ["winners", "losers", "false winners", "cohorts with a false winner"]
    index = pd.MultiIndex.from_product([[*rule.sizes.index, "all"], measures], names=["cohort", "measure"])
    return pd.DataFrame(
        {"expected": expected.ravel(), "std_error": errors.ravel()}, index=index
    ).reset_index()


def winners_frame(rule: PaymentRule, probabilities: Array, errors: Array) -> pd.DataFrame:
    """Lay out the probability of each number of winners (columns) in each cohort (rows)."""
    numbers = range(rule.sizes.shape[1] + 1)
    index = pd.MultiIndex.from_product([rule.sizes.index, numbers], names=["cohort", "winners"])
    columns = {"probability": probabilities.ravel(), "std_error": errors.ravel()}
    return pd.DataFrame(columns, index=index).reset_index()


def _case(
    rule: PaymentRule, spread: float, size: float, baseline: float, people: float, own: float, drift: float
) -> tuple[float, float, float]:
    """Return the chances of payment, deduction and false payment of one provider in one cohort."""
    shifts, weights = _shifts(own, spread, size)
    rates = np.clip(baseline + shifts + drift, 0, 1)
    counts, chances = _baseline_counts(baseline, people)
    reckoned = people if rule.allowed else np.inf
    last_paid = _last_paid(rule.critical, size, counts, reckoned)
    # A significant rise is a significant fall of those who did not reoffend.
    first_free = _last_paid(rule.critical, size, 1 - counts, reckoned)
    paid = _at_most(last_paid, chances, size, rates)
    deducted = _at_most(first_free, chances, size, 1 - rates)
    return (
        float(paid @ weights),
        float(deducted @ weights) * (rule.sides == 2),
        float(paid @ (weights * (shifts >= 0))),
    )


def _shifts(own: float, spread: float, size: float) -> tuple[Array, Array]:
    """Return true shifts and their weights: panels of Gauss-Legendre, of a few standard errors each.

    An edge lies where the shift is 0, so that false payments have panels of their own.
    """
    if spread == 0:
        return np.array([own]), np.ones(1)
    edges = np.linspace(-8, 8, 5 + int(8 * spread * np.sqrt(size)))  # in standard deviations
    if abs(own) < 8 * spread:
        edges = np.sort(np.append(edges, -own / spread))
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    half, middle = np.diff(edges)[:, None] / 2, (edges[1:] + edges[:-1])[:, None] / 2
    deviates = (middle + half * nodes).ravel()
    density = (half * weights).ravel() * np.exp(-(deviates**2) / 2)
    return own + spread * deviates, density / density.sum()


def _baseline_counts(baseline: float, people: float) -> tuple[Array, Array]:
    """Return the rates that a baseline can show and their chances; one where it is known."""
    if not np.isfinite(people):
        return np.array([baseline]), np.ones(1)
    low, high = binom.ppf([1e-10, 1 - 1e-10], people, baseline)
    counts = np.arange(low, high + 1)
    chances = binom.pmf(counts, people, baseline)
    return counts / people, chances / chances.sum()


def _last_paid(critical: float, size: float, rates: Array, people: float) -> Array:
    """Return the largest count that is significantly below each baseline rate, by bisection; -1 if none is."""
    low, high = np.full(len(rates), -1.0), np.full(len(rates), size)
    while (high - low > 1).any():
        middle = np.floor((low + high) / 2).clip(0)
        paid = score(middle, np.asarray(size), rates, np.asarray(people)) <= -critical
        low, high = np.where(paid, middle, low), np.where(paid, high, middle)
    return low


def _at_most(counts: Array, chances: Array, size: float, rates: Array) -> Array:
    """Return for each rate the binomial probability of at most a count that has these values and chances."""
    values, place = np.unique(counts, return_inverse=True)  # a large baseline has many rates for one count
    each = np.where(values < 0, 0.0, bdtr(values.clip(0), int(size), rates[:, None]))
    return np.asarray(each @ np.bincount(place, chances))


def _count_distribution(chances: Array) -> Array:
    """Return the distribution of the number of successes of independent trials."""
    distribution = np.ones(1)
    for chance in chances:
        distribution = np.convolve(distribution, [1 - chance, chance])
    return distribution
