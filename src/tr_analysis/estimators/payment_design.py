"""What a rule of payment pays for, exactly and by simulation, and what picking the best does; shares as in `payment`."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.integrate import quad
from scipy.special import bdtr
from scipy.stats import binom, norm

from tr_analysis.estimators import Estimate
from tr_analysis.estimators.checks import (
    Array,
    Seed,
    check_draws,
    check_flag,
    check_integer,
    check_made,
    check_number,
    check_sizes,
    generator,
)
from tr_analysis.estimators.payment import (
    WIDEST,
    check_error,
    critical_value,
    one_share,
    score,
    standard_error,
)

__all__ = ["payment_rule", "operating_characteristics", "simulated_counts", "expected_best", "next_cohort"]

MOST_PEOPLE = 2**31 - 1  # in a cohort or baseline: scipy's binomial probabilities count no further
MOST_CORRELATED = 10**6  # the same where counts are beta-binomial: each count is a number in memory
NODES = 24  # points of quadrature over the true shifts in one panel
MEASURES = ["winners", "losers", "false winners", "cohorts with a false winner"]


@dataclass(frozen=True)
class PaymentRule:
    """A payment rule and the providers it judges; made by `payment_rule`.

    ``critical`` is the number of standard errors at which a rate is significant, ``tested_size`` the size that the test
    takes the baseline to have.
    """

    sizes: npt.NDArray[np.int64]
    baseline: float
    baseline_size: float
    tested_size: float
    critical: float
    cohorts: int


def payment_rule(
    sizes: npt.ArrayLike,
    baseline: float,
    *,
    level: float,
    cohorts: int = 1,
    baseline_size: float = np.inf,
    test_uses_baseline_error: bool = True,
) -> PaymentRule:
    """Lay out a rule that pays for a significant fall of the rate below the baseline, and deducts for a rise.

    Answers: by which test, and on which cohorts, does a payment scheme judge its providers?

    Tested: every outcome of a sampled baseline, gone through one by one
    (`test_sampled_baseline_against_every_outcome`).

    The score test ``(x / n - b) / sqrt(r (1 - r) (1 / n + 1 / m))``, with ``r`` the baseline ``b`` where it is known (``m``
    infinite) and the pooled rate where it is sampled.

    Parameters
    ----------
    sizes, cohorts, baseline, level
        People in one cohort of each provider; how many such cohorts; rate of the baseline; two-sided level.
    baseline_size, test_uses_baseline_error
        People in each provider's baseline, drawn once for all cohorts; whether the test allows for its sampling.

    Examples
    --------
    >>> rule = payment_rule([1286] * 21, 0.475, level=0.05, cohorts=18, baseline_size=5143)
    >>> round(rule.critical, 2)
    1.96
    """
    people = check_sizes(sizes, MOST_PEOPLE)
    standard_error(1, baseline, baseline_size=baseline_size)  # refuses what is no rate or size
    if np.isfinite(baseline_size):
        check_integer("baseline_size", baseline_size, low=1, high=MOST_PEOPLE)
    check_flag("test_uses_baseline_error", test_uses_baseline_error)
    tested_size = baseline_size if test_uses_baseline_error else np.inf
    cohorts = check_integer("cohorts", cohorts, low=1)
    return PaymentRule(
        people.astype(int), baseline, baseline_size, tested_size, critical_value(level), cohorts
    )


@dataclass(frozen=True)
class OperatingCharacteristics:
    """What a rule does with given true shifts.

    ``probabilities`` of payment, deduction and false_payment (where the own true shift is 0 or a rise) in one cohort, one
    row per provider, from 1; expected ``counts`` of `MEASURES` over all cohorts; and the probability of each number of
    ``winners``, from 0, in one cohort.
    """

    probabilities: pd.DataFrame
    counts: pd.Series
    winners: pd.Series


def operating_characteristics(
    rule: PaymentRule, *, shift: float = 0.0, spread: float = 0.0, design_effect: float = 1.0
) -> OperatingCharacteristics:
    """Calculate what a rule pays for, from binomial or beta-binomial probabilities; nothing is simulated.

    Answers: how often does a payment rule pay, deduct, or pay by luck alone?

    Tested: against every outcome, integration and simulation (`test_sampled_baseline_against_every_outcome`,
    `test_spread_against_integration`, `test_simulation_agrees_with_calculation`).

    A cohort's count is binomial with the rate ``baseline + own shift``, kept between 0 and 1. Own shifts are normal and
    integrated by quadrature; a sampled baseline is summed over. Where people's outcomes go together, counts of cohorts and
    of sampled baselines are beta-binomial, with ``design_effect`` times the binomial variance. The rule's test does not know.

    ``shift`` is the mean true change of the rate, ``spread`` its standard deviation between providers, and the design effect
    ``1 + (n - 1) rho`` for a correlation rho between any two of n people.

    Examples
    --------
    >>> rule = payment_rule([1286] * 21, 0.475, level=0.05)
    >>> operating_characteristics(rule, shift=-0.019).counts.round(2).to_list()
    [5.69, 0.01, 0.0, 0.0]
    >>> f"{operating_characteristics(rule, design_effect=1.5).counts['false winners']:.2f}"
    '1.12'
    """
    _check_truth(rule, shift, spread, design_effect)
    by_size = {size: _outcomes(rule, size, shift, spread, design_effect) for size in np.unique(rule.sizes)}
    found = np.array([by_size[size] for size in rule.sizes])
    any_false = 1 - np.prod(1 - found[:, 2])
    distribution = np.ones(1)  # of the number of winners, provider by provider
    for payment in found[:, 0]:
        distribution = np.convolve(distribution, [1 - payment, payment])
    providers = pd.RangeIndex(1, len(found) + 1, name="provider")
    return OperatingCharacteristics(
        pd.DataFrame(found, providers, ["payment", "deduction", "false_payment"]),
        pd.Series(rule.cohorts * np.array([*found.sum(axis=0), any_false]), MEASURES),
        pd.Series(distribution),
    )


def _check_truth(rule: PaymentRule, shift: float, spread: float, design_effect: float) -> None:
    check_made("rule", rule, PaymentRule, "payment_rule(sizes, baseline, level=...)")
    rate = rule.baseline + one_share("shift", shift)
    one_share("spread", spread, low=0, high=WIDEST)
    if not 0 <= rate <= 1:
        raise ValueError(f"the true rate is {rate:g}: take a smaller shift")
    advice = "give 1 for binomial counts, or more, and less than the people of the smallest cohort"
    least = min(rule.sizes.min(), rule.baseline_size)
    check_number("design_effect", design_effect, low=1, high=max(1, least - 1), advice=advice)
    most = max(rule.sizes.max(), rule.baseline_size if np.isfinite(rule.baseline_size) else 0)
    if design_effect > 1 and most > MOST_CORRELATED:
        raise ValueError(f"{most:,.0f} people: with a design_effect above 1 give {MOST_CORRELATED:,} at most")


def _outcomes(
    rule: PaymentRule, size: int, shift: float, spread: float, design_effect: float
) -> tuple[float, float, float]:
    """Return the probabilities of payment, deduction and false payment of one provider in one cohort."""
    shifts, weights = _shifts(shift, spread, size)
    rates = np.clip(rule.baseline + shifts, 0, 1)
    seen, chances = _baseline_rates(rule.baseline, rule.baseline_size, design_effect)
    last_paid = _last_paid(rule.critical, size, seen, rule.tested_size)
    # A significant rise is a significant fall of those who did not reoffend.
    first_free = _last_paid(rule.critical, size, 1 - seen, rule.tested_size)
    paid = _at_most(last_paid, chances, size, rates, design_effect)
    deducted = _at_most(first_free, chances, size, 1 - rates, design_effect)
    return float(paid @ weights), float(deducted @ weights), float(paid @ (weights * (shifts >= 0)))


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


def _baseline_rates(baseline: float, people: float, design_effect: float) -> tuple[Array, Array]:
    """Return the rates that a baseline can show and their probabilities; one where it is known."""
    if not np.isfinite(people):
        return np.array([baseline]), np.ones(1)
    if design_effect > 1:
        chances = _beta_binomial(int(people), baseline, design_effect)
        counts = np.flatnonzero(chances > 1e-14)
        chances = chances[counts]
    else:
        low, high = binom.ppf([1e-10, 1 - 1e-10], people, baseline)
        counts = np.arange(low, high + 1)
        chances = binom.pmf(counts, people, baseline)
    return counts / people, chances / chances.sum()


def _beta_binomial(size: int, rate: float, design_effect: float) -> Array:
    """Return the probabilities of 0 to ``size``, from the ratios of neighbours: gamma functions would lose digits."""
    prior = (size - design_effect) / (design_effect - 1)  # 1 / rho - 1
    rate = min(max(rate, 1e-12), 1 - 1e-12)
    k = np.arange(size)
    ratios = (size - k) / (k + 1) * (k + prior * rate) / (size - k - 1 + prior * (1 - rate))
    logs = np.append(0.0, np.cumsum(np.log(ratios)))
    chances = np.exp(logs - logs.max())
    return np.asarray(chances / chances.sum())


def _last_paid(critical: float, size: int, rates: Array, people: float) -> Array:
    """Return the largest count that is significantly below each baseline rate, by bisection; -1 if none is."""
    low, high = np.full(len(rates), -1.0), np.full(len(rates), size)
    while (high - low > 1).any():
        middle = np.floor((low + high) / 2).clip(0)
        paid = score(middle, np.asarray(size), rates, np.asarray(people)) <= -critical
        low, high = np.where(paid, middle, low), np.where(paid, high, middle)
    return low


def _at_most(counts: Array, chances: Array, size: int, rates: Array, design_effect: float) -> Array:
    """Return for each rate the probability of at most a count that has these values and chances."""
    values, place = np.unique(counts, return_inverse=True)  # a large baseline has many rates for one count
    if design_effect > 1:
        sums = (np.cumsum(_beta_binomial(size, rate, design_effect)) for rate in rates)
        each = np.stack([np.append(up_to, 0.0)[values.astype(int)] for up_to in sums])  # -1 is nobody
    else:
        each = np.where(values < 0, 0.0, bdtr(values.clip(0), size, rates[:, None]))
    return np.asarray(each @ np.bincount(place, chances))


def simulated_counts(
    rule: PaymentRule,
    *,
    shift: float = 0.0,
    spread: float = 0.0,
    design_effect: float = 1.0,
    runs: int = 10_000,
    seed: Seed = 0,
) -> pd.DataFrame:
    """Simulate how many providers a rule pays, which confirms `operating_characteristics`.

    Answers: how much do payments vary over many cohorts, when luck in the baseline returns every time?

    Tested: agrees with the calculation; seeds differ by as much as its standard errors say
    (`test_simulation_agrees_with_calculation`, `test_standard_errors_say_how_far_seeds_differ`).

    In each of 2 runs or more every provider draws its own shift and, where it is sampled, its baseline; both stay for all
    cohorts. Other arguments are those of `operating_characteristics`. Gives the expected `MEASURES`, and their std_error by
    Monte Carlo.

    Examples
    --------
    >>> rule = payment_rule([1286] * 21, 0.475, level=0.05, cohorts=18, baseline_size=5143)
    >>> winners = simulated_counts(rule, runs=200).loc["winners"]
    >>> abs(winners["expected"] - operating_characteristics(rule).counts["winners"]) < 4 * winners["std_error"]
    np.True_
    """
    runs = check_draws(runs, 2, "runs")
    _check_truth(rule, shift, spread, design_effect)
    rng = generator(seed)
    providers = len(rule.sizes)
    shifts = shift + spread * rng.standard_normal((runs, providers))
    rates = np.broadcast_to(np.clip(rule.baseline + shifts, 0, 1)[:, None], (runs, rule.cohorts, providers))
    counts = _draw(rng, rule.sizes, rates, design_effect)
    seen = np.full((runs, providers), rule.baseline)
    if np.isfinite(rule.baseline_size):
        seen = _draw(rng, np.int64(rule.baseline_size), seen, design_effect) / rule.baseline_size
    statistic = score(counts, rule.sizes.astype(float), seen[:, None], np.asarray(rule.tested_size))
    paid, deducted = statistic <= -rule.critical, statistic >= rule.critical
    by_cohort = [what.sum(axis=2) for what in (paid, deducted, paid & (shifts >= 0)[:, None])]
    sums = np.stack([what.sum(axis=1) for what in (*by_cohort, by_cohort[2] > 0)], axis=1).astype(float)
    error = sums.std(axis=0, ddof=1) / np.sqrt(runs)
    return pd.DataFrame({"expected": sums.mean(axis=0), "std_error": error}, MEASURES)


def _draw(
    rng: np.random.Generator, sizes: npt.NDArray[np.int64] | np.int64, rates: Array, design_effect: float
) -> Array:
    """Draw counts of so many people with these rates, binomial or beta-binomial; shaped like the rates."""
    if design_effect > 1:
        prior = (sizes - design_effect) / (design_effect - 1)
        inner = rates.clip(1e-12, 1 - 1e-12)
        rates = rng.beta(prior * inner, prior * (1 - inner))
    return rng.binomial(sizes, rates).astype(float)


def expected_best(providers: int, *, shift: float, spread: float, error: float) -> float:
    """Return the change that the best of so many providers, up to a million, is expected to show.

    Answers: how good does the best of many look by selection alone?

    Tested: against simulation (`test_best_of_many_by_chance_alone`,
    `test_best_and_its_next_cohort_against_simulation`).

    ``shift - E sqrt(spread**2 + error**2)``, with ``E`` the mean of the largest of so many standard normal numbers.

    Examples
    --------
    >>> round(100 * expected_best(21, shift=0.0, spread=0.0, error=standard_error(1286, 0.475)), 1)
    -2.6
    """
    check_integer("providers", providers, low=1, high=10**6, advice="give 1 or more, up to a million")
    largest, _ = quad(lambda x: x * providers * norm.pdf(x) * norm.cdf(x) ** (providers - 1), -12, 12)
    check_error(error)
    wide = np.hypot(error, one_share("spread", spread, low=0, high=WIDEST))
    return float(one_share("shift", shift) - largest * wide)


@dataclass(frozen=True, kw_only=True)
class NextCohort(Estimate):
    """What the next cohort of a provider should show; ``reliability`` is the share of its distance that stays."""

    reliability: float


def next_cohort(
    observed: float, *, shift: float, spread: float, error: float, next_error: float | None = None
) -> NextCohort:
    """Predict a provider's next change from the one it has shown: regression to the mean.

    Answers: how far will a top performer slip back next time?

    Tested: against simulation (`test_best_and_its_next_cohort_against_simulation`).

    ``shift + reliability (observed - shift)`` with ``reliability = spread**2 / (spread**2 + error**2)``, and a 95% prediction
    interval. It holds for a provider picked because it was the best, too. Shift and spread are mean and standard
    deviation of the true changes; the next change has a standard error of its own where it differs.

    Examples
    --------
    >>> found = next_cohort(-0.082, shift=-0.019, spread=0.03, error=standard_error(1286, 0.475))
    >>> round(found.estimate, 3), round(found.reliability, 2)
    (-0.071, 0.82)
    """
    check_error(error)
    shift, observed = one_share("shift", shift), one_share("observed", observed)
    spread = one_share("spread", spread, low=0, high=WIDEST)
    reliability = spread**2 / (spread**2 + error**2)
    estimate = shift + reliability * (observed - shift)
    if next_error is not None:
        check_error(next_error, "next_error")
    margin = norm.ppf(0.975) * np.hypot(np.sqrt(reliability) * error, next_error or error)
    return NextCohort(estimate, float(estimate - margin), float(estimate + margin), reliability=reliability)
