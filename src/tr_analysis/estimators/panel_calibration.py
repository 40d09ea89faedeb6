"""What a simulated panel must give back, what has to be assumed for it, and how far apart providers must be."""

from dataclasses import dataclass

import numpy as np

from tr_analysis.estimators.payment import multinomial_region
from tr_analysis.order import place_of_smallest

SPREADS = np.linspace(0, 0.1, 201)
"""Spreads between providers that are looked at: none to ten points, in steps of a twentieth of a point."""


@dataclass(frozen=True)
class Published:
    """What is published of all providers together; rates are shares, frequencies reoffences per reoffender.

    Attributes
    ----------
    people
        In all cohorts together.
    rate, first_rate, baseline
        Binary rate of all cohorts, of the first one, and of the baseline year.
    frequency, baseline_frequency
        Frequency rate of all cohorts and of the baseline year.
    winners, losers
        Providers significantly below and above their baselines in the first cohort.
    rate_places, frequency_places
        Decimals of the rates in per cent, and of the frequencies, as printed.
    """

    people: int
    rate: float
    first_rate: float
    baseline: float
    frequency: float
    baseline_frequency: float
    winners: int
    losers: int
    rate_places: int = 1
    frequency_places: int = 1


@dataclass(frozen=True)
class Assumed:
    """What is not published and has to be assumed; points are shares.

    Attributes
    ----------
    level
        Two-sided significance level of the rule.
    baseline_spread, baseline_frequency_spread
        Standard deviation of the baselines between providers: of the rate, and of the logarithm of the frequency.
    frequency_spread
        Standard deviation between providers of the change of the logarithm of the frequency.
    case_mix
        Standard deviation of the change of the mean OGRS score since the baseline.
    repeats
        Variance of the reoffences after the first one of each reoffender, in units of their mean; above 1, which
        would be that of Poisson's distribution.
    """

    level: float = 0.05
    baseline_spread: float = 0.03
    baseline_frequency_spread: float = 0.08
    frequency_spread: float = 0.05
    case_mix: float = 0.01
    repeats: float = 6.0


def calibrated_spread(published: Published, providers: int, *, error: float, level: float) -> float:
    """Return the spread of true changes between providers that makes the published winners and losers likeliest.

    The mean change is fixed by the published rates, ``first_rate - baseline``. Given it, winners, losers and the
    rest are multinomial with the `payment.outcome_probabilities`, and the spread is the one with the smallest
    deviance (`payment.multinomial_region`), to a twentieth of a point.

    Two counts and a mean cannot all be met by a normal spread at a two-sided 5%: with 13 winners and 2 losers of 21,
    a fall of 1.9 points and cohorts of 1,286 the likeliest spread expects fewer winners than were seen. So the panel
    is drawn with this spread and kept only if it gives the counts; what that selects is luck, as it may have been.

    Parameters
    ----------
    published
        The counts and rates.
    providers
        All of them.
    error
        Standard error of one provider's rate in the first cohort, a share.
    level
        Two-sided significance level.

    Raises
    ------
    ValueError
        If counts, error or level cannot be.
    """
    shift = published.first_rate - published.baseline
    counts = (published.winners, published.losers, providers)
    fits = multinomial_region(*counts, shifts=shift, spreads=SPREADS, error=error, level=level)
    return float(fits["spread"].iloc[place_of_smallest(fits["deviance"])])
