"""Payment by results: what picking the best does, and what to expect of it next."""

from dataclasses import dataclass

import numpy as np
from scipy.integrate import quad
from scipy.stats import norm

from tr_analysis.estimators.checks import whole
from tr_analysis.estimators.payment_checks import WIDEST, check_error, one_share


@dataclass(frozen=True)
class NextCohort:
    """What the next cohort of a provider should show, with a 95% prediction interval; shares."""

    estimate: float
    low: float
    high: float
    reliability: float


def expected_best(providers: int, *, shift: float, spread: float, error: float) -> float:
    """Return the change that the best of so many providers is expected to show.

    ``shift - E sqrt(spread**2 + error**2)``, with ``E`` the mean of the largest of so many standard normal
    numbers (1.89 for 21): what selection alone does.

    Parameters
    ----------
    providers
        Whole number, 1 to a million.
    shift, spread, error
        Mean and standard deviation of the true changes, and standard error of each; shares.

    Raises
    ------
    ValueError
        If there is no provider or too many, or a value is no share.
    """
    whole("providers", providers, low=1, high=10**6, advice="give 1 or more, up to a million")
    largest, _ = quad(lambda x: x * providers * norm.pdf(x) * norm.cdf(x) ** (providers - 1), -12, 12)
    check_error(error)
    wide = np.hypot(error, one_share("spread", spread, low=0, high=WIDEST))
    return float(one_share("shift", shift) - largest * wide)


def next_cohort(
    observed: float, *, shift: float, spread: float, error: float, next_error: float | None = None
) -> NextCohort:
    """Predict a provider's next change from the one it has shown: regression to the mean.

    ``shift + reliability (observed - shift)`` with ``reliability = spread**2 / (spread**2 + error**2)``. It
    holds for a provider picked because it was the best, too: what was observed says all that the pick says.

    Parameters
    ----------
    observed
        Change that it showed, a share.
    shift, spread
        Mean and standard deviation of the true changes between providers, shares.
    error, next_error
        Standard errors of the change shown, and of the next where it differs.

    Returns
    -------
    NextCohort
        With a 95% prediction interval, of true change and sampling.

    Raises
    ------
    ValueError
        If a value is no share, or a standard error is not positive.
    """
    check_error(error)
    shift, observed = one_share("shift", shift), one_share("observed", observed)
    spread = one_share("spread", spread, low=0, high=WIDEST)
    reliability = spread**2 / (spread**2 + error**2)
    estimate = shift + reliability * (observed - shift)
    if next_error is not None:
        check_error(next_error, "next_error")
    margin = norm.ppf(0.975) * np.hypot(np.sqrt(reliability) * error, next_error or error)
    return NextCohort(estimate, float(estimate - margin), float(estimate + margin), reliability)
