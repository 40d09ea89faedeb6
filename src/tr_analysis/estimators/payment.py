"""Payment by results in formulas: what one cohort can show, and what counts of winners and losers imply.

Rates are normal, and providers alike in size; `payment_design` does without either. Rates, changes and standard errors
are shares, 0.019 for 1.9 percentage points, and a fall is negative.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import gammaln, ndtr, ndtri, xlogy
from scipy.stats import chi2

from tr_analysis.estimators import Estimate
from tr_analysis.estimators.checks import Array, check_integer, check_number, check_option, to_floats
from tr_analysis.order import place_of_smallest

__all__ = [
    "standard_error",
    "critical_value",
    "outcome_probabilities",
    "minimum_detectable_change",
    "explain_counts",
    "level_for_winners",
    "multinomial_region",
    "profile_interval",
]

WIDEST = 0.5  # largest standard deviation of a share: half of all 0, half of all 1
SMALLEST = 1e-100  # smallest standard error, so that its square is a number
TINY = 1e-300  # smallest probability that has a logarithm here


def check_share(name: str, values: npt.ArrayLike, *, low: float = -1, high: float = 1) -> Array:
    """Return changes or spreads as floats; refuse what is no share, percentage points above all."""
    numbers = to_floats(name, values)
    at_fault = numbers[~((numbers >= low) & (numbers <= high) & (np.abs(numbers) < 1))]
    if at_fault.size:
        advice = f"give shares from {low:g} to {high:g}, percentage points divided by 100"
        raise ValueError(f"{name} has {at_fault[0]}: {advice}")
    return numbers


def one_share(name: str, value: object, *, low: float = -1, high: float = 1) -> float:
    """Return one change or spread, checked as in `check_share`."""
    return float(check_share(name, check_number(name, value, advice="give one share"), low=low, high=high))


def check_error(error: float, name: str = "error") -> None:
    """Refuse a standard error that is none of a share."""
    advice = "give a share above 0 and up to 0.5, from `standard_error`; divide percentage points by 100"
    check_number(name, error, low=SMALLEST, high=WIDEST, advice=advice)


def _check_counts(winners: float, losers: float, providers: int) -> None:
    advice = "give counts of 0 or more, together no more than all"
    check_integer("providers", providers, low=1)
    check_number("winners", winners, low=0, advice=advice)
    check_number("losers", losers, low=0, advice=advice)
    if winners + losers > providers:
        raise ValueError(f"{winners} winners and {losers} losers of {providers}: {advice}")


def standard_error(size: float, rate: float, *, baseline_size: float = np.inf) -> float:
    """Return the standard error of a cohort's rate less its baseline, as a share.

    Answers: how far does a cohort's rate stray from its baseline by chance alone?

    Tested: golden values (`test_golden_values`).

    ``sqrt(rate (1 - rate) (1 / size + 1 / baseline_size))``, with the rate of the baseline, and the people in the cohort and
    in the baseline, infinite where that is taken as known.

    Examples
    --------
    >>> round(100 * standard_error(1286, 0.475), 2)  # percentage points
    1.39
    """
    advice = "give the number of people, 1 or more"
    check_number("size", size, low=1, advice=advice)
    if not (isinstance(baseline_size, float) and baseline_size == np.inf):
        check_number("baseline_size", baseline_size, low=1, advice=advice)
    advice = "give a share between 0 and 1, such as 0.475 for 47.5%"
    check_number("rate", rate, low=0, high=1, strict=True, advice=advice)
    return float(np.sqrt(rate * (1 - rate) * (1 / size + 1 / baseline_size)))


def critical_value(level: float) -> float:
    """Return how many standard errors a rate must lie from its baseline to be significant.

    Answers: how far from the baseline must a rate be to count as changed?

    Tested: golden values (`test_golden_values`).

    ``level`` is two-sided, above 0 and below 0.5: half of it for falls, half for rises.

    Examples
    --------
    >>> round(critical_value(0.05), 2)
    1.96
    """
    advice = "give a significance level above 0 and below 0.5, such as 0.05"
    check_number("level", level, low=0, high=0.5, strict=True, advice=advice)
    return float(-ndtri(level / 2))


def score(counts: Array, sizes: Array, baseline_rates: Array, baseline_sizes: Array) -> Array:
    """Return the score statistic of each count against its baseline; see `payment_design.payment_rule`."""
    weight = sizes / (sizes + baseline_sizes)
    pooled = weight * counts / sizes + (1 - weight) * baseline_rates
    variance = pooled * (1 - pooled) * (1 / sizes + 1 / baseline_sizes)
    with np.errstate(divide="ignore", invalid="ignore"):  # nobody or everybody in both: no evidence, NaN
        return np.asarray((counts / sizes - baseline_rates) / np.sqrt(variance))


class OutcomeProbabilities(NamedTuple):
    """Probabilities that a cohort is paid for and that money is taken back; shaped like the shifts."""

    payment: Array
    deduction: Array


def outcome_probabilities(
    shift: npt.ArrayLike,
    *,
    error: float,
    level: float,
    spread: npt.ArrayLike = 0.0,
    ignored_standard_error: float = 0.0,
) -> OutcomeProbabilities:
    """Return the probabilities of payment and deduction when the true rate moved; normal approximation.

    Answers: how probable is it that a true change of the rate is paid for, or that money is taken back?

    Tested: the power of two cohorts against statsmodels; falls mirror rises
    (`test_power_of_two_cohorts_against_statsmodels`, `test_a_deeper_fall_is_paid_more_often_and_falls_mirror_rises`).

    With ``z`` the critical value, ``Phi((-z error - shift) / s)`` and ``Phi((shift - z error) / s)``, where ``s`` is the root of
    the sum of the squares of the error, the spread and the ignored standard error.

    Parameters
    ----------
    shift, spread
        True change of the rate, and the standard deviation of the true changes between providers; one or many.
    error, level, ignored_standard_error
        Standard error that the test reckons with, from `standard_error`; two-sided level; what the test ignores, such as
        the error of a sampled baseline that is treated as known.

    Examples
    --------
    >>> found = outcome_probabilities(-0.019, error=standard_error(1286, 0.475), level=0.05)
    >>> f"{found.payment:.2f}"
    '0.28'
    """
    wide = check_share("spread", spread, low=0, high=WIDEST)
    shifts = check_share("shift", shift)
    ignored = one_share("ignored_standard_error", ignored_standard_error, low=0, high=WIDEST)
    if shifts.ndim and wide.ndim and shifts.shape != wide.shape:
        raise ValueError(f"{shifts.size} shifts and {wide.size} spreads: give one, or as many of both")
    critical = critical_value(level)
    check_error(error)
    scale = np.sqrt(error**2 + wide**2 + ignored**2)
    return OutcomeProbabilities(
        ndtr((-critical * error - shifts) / scale), ndtr((shifts - critical * error) / scale)
    )


def minimum_detectable_change(
    error: float, *, level: float, power: float = 0.8, ignored_standard_error: float = 0.0
) -> float:
    """Return the true fall that is found significant with a given probability.

    Answers: how large must a true fall be for payment by results to detect it four times in five?

    Tested: golden values; is found with the power it says (`test_golden_values`,
    `test_detectable_change_is_found_with_that_power`).

    ``z(level) error + z(power) sqrt(error**2 + ignored_standard_error**2)``; arguments as in `outcome_probabilities`.

    Examples
    --------
    >>> round(100 * minimum_detectable_change(standard_error(1286, 0.475), level=0.05), 1)
    3.9
    """
    critical = critical_value(level)
    check_error(error)
    advice = "give a probability above the level and below 1, such as 0.8"
    check_number("power", power, low=level, high=1, strict=True, advice=advice)
    ignored = one_share("ignored_standard_error", ignored_standard_error, low=0, high=WIDEST)
    found = float(critical * error + ndtri(power) * np.hypot(error, ignored))
    if found > 1:
        raise ValueError(f"only a fall of {found:.2f} would be found: take a larger cohort")
    return found


@dataclass(frozen=True)
class Explanation:
    """Mean shift, spread and two-sided level at which the expected counts are those seen."""

    shift: float
    spread: float
    level: float


def explain_counts(
    winners: float,
    losers: float,
    providers: int,
    *,
    error: float,
    level: float | None = None,
    shift: float | None = None,
) -> Explanation:
    """Solve for the mean shift, the spread and the level at which the expected counts are those seen.

    Answers: which mean change, and which differences between providers, would give these winners and losers?

    Tested: solutions give back what made the counts (`test_explanations_of_thirteen_and_two`,
    `test_solutions_give_back_what_made_the_counts`).

    With ``a`` and ``c`` the normal quantiles of the shares of winners and losers, ``b`` the distance at which a change is
    significant and ``s`` the standard deviation of the observed changes, ``a s = -shift - b`` and ``c s = shift - b``. So ``s =
    -2 b / (a + c)`` at a given level and ``-2 shift / (a - c)`` at a given shift; ``spread = sqrt(s**2 - error**2)``.
    Winners are the providers significantly below their baselines, losers those above, each more than 0; either the
    two-sided level is given or the mean true shift.

    Examples
    --------
    >>> found = explain_counts(13, 2, 21, error=standard_error(1286, 0.475), level=0.05)
    >>> round(100 * found.shift, 1), round(100 * found.spread, 1)
    (-4.4, 5.2)
    """
    if (level is None) == (shift is None):
        raise ValueError("give either the level or the shift: the other is solved for")
    check_error(error)
    _check_counts(winners, losers, providers)
    if not (winners > 0 and losers > 0 and winners + losers < providers):
        raise ValueError("without winners, losers or others nothing finite fits: see `multinomial_region`")
    a, c = float(ndtri(winners / providers)), float(ndtri(losers / providers))
    if level is not None:
        scale = -2 * critical_value(level) * error / (a + c)
    elif a == c:
        raise ValueError("as many winners as losers: the mean shift is 0 and does not fix spread and level")
    else:
        scale = -2 * one_share("shift", shift) / (a - c)
    if not scale >= error:
        raise ValueError("sampling alone spreads the changes more, or the shift has the wrong sign")
    found, spread = scale * (c - a) / 2, float(np.sqrt(scale**2 - error**2))
    if max(abs(found), spread) > 1:
        raise ValueError(f"only a shift of {found:.2f} and a spread of {spread:.2f} would do: not shares")
    return Explanation(found, spread, float(2 * ndtr((a + c) / 2 * scale / error)))


def level_for_winners(
    winners: float, providers: int, *, error: float, shift: float, spread: float = 0.0
) -> float:
    """Return the two-sided level at which so many winners are expected, whatever the losers.

    Answers: how lenient must the test be to give so many winners?

    Tested: solutions give back what made the counts (`test_solutions_give_back_what_made_the_counts`).

    ``2 Phi((shift + a s) / error)``, with ``a`` the normal quantile of the share of winners and
    ``s = sqrt(error**2 + spread**2)``.

    Examples
    --------
    >>> round(level_for_winners(13, 21, error=standard_error(1286, 0.475), shift=-0.019), 2)
    0.29
    """
    check_error(error)
    _check_counts(winners, 0, providers)
    quantile = ndtri(winners / providers)
    wide = np.hypot(error, one_share("spread", spread, low=0, high=WIDEST))
    threshold = -one_share("shift", shift) - quantile * wide
    if not threshold > 0:
        raise ValueError(f"no level gives {winners:g} winners of {providers}: it would pay for rises")
    return float(2 * ndtr(-threshold / error))


def multinomial_region(
    winners: int,
    losers: int,
    providers: int,
    *,
    shifts: npt.ArrayLike,
    spreads: npt.ArrayLike,
    error: float,
    level: float,
    ignored_standard_error: float = 0.0,
) -> pd.DataFrame:
    """Test each mean shift and spread against the winners and losers seen.

    Answers: which true changes, and which differences between providers, are compatible with the counts?

    Tested: likelihood against scipy; covers the truth, whatever it is
    (`test_likelihood_against_scipy_and_deviance_of_the_best`, `test_region_covers_whatever_the_truth`).

    Winners, losers and the rest are multinomial, with the `outcome_probabilities`. The deviance is twice the log
    likelihood ratio against the shares seen, and the p-value exact: the probability of all outcomes whose deviance is at
    least as large. Values with a p-value of 0.05 or more hold the true ones with at least 95%. Each of the shifts is
    tried with each of the spreads, a row each: shift, spread, expected_winners, expected_losers, deviance, p_value.

    Examples
    --------
    >>> test = {"error": standard_error(1286, 0.475), "level": 0.05}
    >>> multinomial_region(13, 2, 21, shifts=-0.04, spreads=[0.0, 0.05], **test)["p_value"].round(2).to_list()
    [0.0, 1.0]
    """
    _check_counts(winners, losers, providers)
    check_integer("winners", winners)
    check_integer("losers", losers)
    tried = [check_share("shifts", shifts), check_share("spreads", spreads, low=0)]
    if any(values.size == 0 or values.ndim > 1 for values in tried):
        raise ValueError("shifts and spreads need one value each at least, in a row: give those to try")
    shift, spread = (values.ravel() for values in np.meshgrid(*tried, indexing="ij"))
    found = outcome_probabilities(
        shift, error=error, level=level, spread=spread, ignored_standard_error=ignored_standard_error
    )
    cells = np.stack([found.payment, found.deduction, 1 - found.payment - found.deduction]).clip(TINY)
    pairs = np.stack(np.meshgrid(np.arange(providers + 1), np.arange(providers + 1))).reshape(2, -1)
    outcomes = np.vstack([pairs, providers - pairs.sum(axis=0)]).T
    outcomes = outcomes[outcomes[:, 2] >= 0].astype(float)
    fitted = outcomes @ np.log(cells)  # outcomes by grid
    deviances = 2 * (xlogy(outcomes, outcomes / providers).sum(axis=1)[:, None] - fitted)
    ways = gammaln(providers + 1) - gammaln(outcomes + 1).sum(axis=1)
    seen = deviances[(outcomes[:, 0] == winners) & (outcomes[:, 1] == losers)]
    unlikely = deviances >= seen - 1e-9  # the same outcome must count, rounding or not
    return pd.DataFrame({"shift": shift, "spread": spread}).assign(
        expected_winners=providers * found.payment,
        expected_losers=providers * found.deduction,
        deviance=seen[0],
        p_value=(np.exp(ways[:, None] + fitted) * unlikely).sum(axis=0),
    )


def profile_interval(region: pd.DataFrame, column: str) -> Estimate:
    """Return the 95% profile likelihood interval of the shift or the spread, to the step of the grid.

    Answers: between which limits does the mean change, or the difference between providers, lie?

    Tested: ends of the profile by hand (`test_profile_intervals`).

    The values whose smallest deviance, over all values of the other, exceeds the smallest of all by no more than the
    quantile of chi-squared with one degree of freedom.

    Examples
    --------
    >>> grid = {"shifts": np.linspace(-0.12, 0.03, 76), "spreads": np.linspace(0, 0.15, 76)}
    >>> region = multinomial_region(13, 2, 21, error=standard_error(1286, 0.475), level=0.05, **grid)
    >>> found = profile_interval(region, "shift")
    >>> round(found.low, 3), round(found.high, 3)
    (-0.104, -0.018)
    """
    check_option("column", column, ("shift", "spread"))
    columns = {column, "deviance"}
    used = region[list(columns)] if isinstance(region, pd.DataFrame) and columns <= set(region) else None
    if used is None or used.empty or used.isna().any(axis=None):
        raise ValueError("the region is empty or lacks values: give what `multinomial_region` returns")
    profile = region.groupby(column)["deviance"].min()
    inside = profile.index[profile <= profile.min() + chi2.ppf(0.95, 1)]
    low, high = float(inside.min()), float(inside.max())
    if high == profile.index.max() or (low == profile.index.min() and not (column == "spread" and low == 0)):
        raise ValueError(f"the interval of the {column} runs to the end of the grid: try more values")
    return Estimate(float(profile.index[place_of_smallest(profile)]), low, high)
