"""What two small samples could show: the power of Fisher's exact test, computed exactly."""

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.stats import binom, hypergeom

from tr_analysis.estimators.checks import Array, number, numbers, whole


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
