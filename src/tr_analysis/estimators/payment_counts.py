"""Payment by results backwards: which shift, spread or threshold would give the winners and losers seen."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import gammaln, ndtr, ndtri, xlogy
from scipy.stats import chi2

from tr_analysis.estimators.checks import number, whole
from tr_analysis.estimators.payment_checks import WIDEST, check_counts, check_error, check_share, one_share
from tr_analysis.estimators.payment_power import critical_value, normal_chances
from tr_analysis.order import place_of_smallest

TINY = 1e-300  # smallest probability that has a logarithm here


@dataclass(frozen=True)
class Explanation:
    """Mean shift, spread and two-sided level at which the expected counts are those seen; shares."""

    shift: float
    spread: float
    level: float


@dataclass(frozen=True)
class Interval:
    """An estimate with its interval."""

    estimate: float
    low: float
    high: float


def shift_and_spread(
    winners: float, losers: float, providers: int, *, error: float, level: float
) -> Explanation:
    """Solve for the mean shift and the spread at which the expected counts are those seen, at a given level.

    With ``a`` and ``c`` the normal quantiles of the shares of winners and losers, ``b`` the distance from the
    baseline at which a change is significant and ``s`` the standard deviation of the observed changes,
    ``a s = -shift - b`` and ``c s = shift - b``. So ``s = -2 b / (a + c)``, ``shift = s (c - a) / 2`` and
    ``spread = sqrt(s**2 - error**2)``: no root has to be searched for.

    Parameters
    ----------
    winners, losers
        Providers significantly below and above; above 0, and together fewer than all.
    providers
        All of them, alike in size and baseline.
    error
        Standard error of each change, a share.
    level
        Two-sided significance level.

    Raises
    ------
    ValueError
        If the counts cannot be, a value is out of range, or nothing gives these counts: they lie closer
        together than sampling alone puts them.
    """
    check_error(error)
    a, c = _quantiles(winners, losers, providers)
    return _explanation(-2 * critical_value(level) * error / (a + c), a, c, error)


def spread_and_level(
    winners: float, losers: float, providers: int, *, error: float, shift: float
) -> Explanation:
    """Solve for the spread and the level at which the expected counts are those seen, at a given mean shift.

    As in `shift_and_spread`, with ``s = -2 shift / (a - c)``.

    Parameters
    ----------
    winners, losers, providers, error
        As in `shift_and_spread`.
    shift
        Mean true change, a share, negative where winners are more than losers.

    Raises
    ------
    ValueError
        As in `shift_and_spread`, or if the shift has the wrong sign, or winners and losers are as many: then
        the mean shift is 0 and many levels do.
    """
    a, c = _quantiles(winners, losers, providers)
    check_error(error)
    if a == c:
        raise ValueError("as many winners as losers: the mean shift is 0 and does not fix spread and level")
    return _explanation(-2 * one_share("shift", shift) / (a - c), a, c, error)


def level_for_winners(
    winners: float, providers: int, *, error: float, shift: float, spread: float = 0.0
) -> float:
    """Return the two-sided level at which so many winners are expected, whatever the losers.

    ``2 Phi((shift + a s) / error)``, with ``a`` the normal quantile of the share of winners and
    ``s = sqrt(error**2 + spread**2)``.

    Parameters
    ----------
    winners, providers, error
        As in `shift_and_spread`.
    shift, spread
        Mean and standard deviation of the true changes, shares.

    Raises
    ------
    ValueError
        If the counts cannot be, or so many winners would need a threshold that is itself a rise.
    """
    check_error(error)
    check_counts(winners, 0, providers)
    quantile = ndtri(winners / providers)
    wide = np.hypot(error, one_share("spread", spread, low=0, high=WIDEST))
    threshold = -one_share("shift", shift) - quantile * wide
    if not threshold > 0:
        raise ValueError(
            f"{winners:g} winners of {providers} need a threshold above the baseline: no level gives it"
        )
    return float(2 * ndtr(-threshold / error))


def compatibility(
    winners: int,
    losers: int,
    providers: int,
    *,
    shifts: npt.ArrayLike,
    spreads: npt.ArrayLike,
    error: float,
    level: float,
    unseen: float = 0.0,
) -> pd.DataFrame:
    """Say how well each mean shift and spread goes with the winners and losers seen.

    Winners, losers and the rest are multinomial, with the chances of `payment_power.chances`. The deviance is
    twice the log likelihood ratio against the shares seen. The p-value is exact: the probability of all
    outcomes whose deviance is at least as large. The values with a p-value of 0.05 or more are a region that
    holds the true ones with a probability of 95% or more, whatever they are.

    Parameters
    ----------
    winners, losers, providers
        Whole numbers; providers alike in size and baseline.
    shifts, spreads
        Values to look at, shares; each with each.
    error, level, unseen
        As in `payment_power.chances`, two-sided.

    Returns
    -------
    pandas.DataFrame
        One row per shift and spread: shift, spread, expected_winners, expected_losers, deviance, p_value.

    Raises
    ------
    ValueError
        If the counts cannot be, or a value is out of range.
    """
    check_counts(winners, losers, providers)
    whole("winners", winners)
    whole("losers", losers)
    looked_at = [check_share("shifts", shifts), check_share("spreads", spreads, low=0)]
    if any(values.size == 0 or values.ndim > 1 for values in looked_at):
        raise ValueError("shifts and spreads need one value each at least, in a row: give those to look at")
    shift, spread = (values.ravel() for values in np.meshgrid(*looked_at, indexing="ij"))
    luck = np.asarray(one_share("unseen", unseen, low=0, high=WIDEST))
    found = normal_chances(shift, error=error, level=level, sides=2, spread=spread, unseen=luck)
    cells = np.stack([found.payment, found.deduction, 1 - found.payment - found.deduction]).clip(TINY)
    numbers = np.arange(providers + 1)
    pairs = np.stack(np.meshgrid(numbers, numbers)).reshape(2, -1)
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


def profile_interval(region: pd.DataFrame, column: str, *, coverage: float = 0.95) -> Interval:
    """Return the profile likelihood interval of the shift or the spread, to the step of the grid.

    The values whose smallest deviance, over all values of the other, exceeds the smallest of all by no more
    than the quantile of chi-squared with one degree of freedom.

    Parameters
    ----------
    region
        From `compatibility`.
    column
        "shift" or "spread".
    coverage
        Nominal coverage.

    Raises
    ------
    ValueError
        If the region is none, the coverage is no probability, or the interval runs to an end of the grid: widen the grid. A spread of 0
        is no end.
    """
    advice = "give a probability between 0 and 1, such as 0.95"
    number("coverage", coverage, low=0, high=1, open_low=True, open_high=True, advice=advice)
    if column not in ("shift", "spread"):
        raise ValueError(f"column is {column!r}: choose 'shift' or 'spread'")
    used = region.get([column, "deviance"]) if isinstance(region, pd.DataFrame) else None
    if used is None or used.empty or used.isna().any(axis=None):
        raise ValueError("the region is empty or lacks values: give what `compatibility` returns")
    profile = region.groupby(column)["deviance"].min()
    inside = profile.index[profile <= profile.min() + chi2.ppf(coverage, 1)]
    low, high = float(inside.min()), float(inside.max())
    if high == profile.index.max() or (low == profile.index.min() and not (column == "spread" and low == 0)):
        raise ValueError(f"the interval of the {column} runs to the end of the grid: look at more values")
    return Interval(float(profile.index[place_of_smallest(profile)]), low, high)


def _quantiles(winners: float, losers: float, providers: int) -> tuple[float, float]:
    """Return the normal quantiles of the shares of winners and losers."""
    check_counts(winners, losers, providers)
    if not (winners > 0 and losers > 0 and winners + losers < providers):
        raise ValueError(
            "with no winners, no losers or nobody between, nothing finite fits: see `compatibility`"
        )
    return float(ndtri(winners / providers)), float(ndtri(losers / providers))


def _explanation(scale: float, a: float, c: float, error: float) -> Explanation:
    """Return what goes with a standard deviation of the observed changes."""
    if not scale >= error:
        raise ValueError(
            "nothing gives these counts here: sampling alone spreads the changes more, or the shift has the wrong sign"
        )
    shift, spread = scale * (c - a) / 2, float(np.sqrt(scale**2 - error**2))
    if max(abs(shift), spread) > 1:
        raise ValueError(
            f"only a shift of {shift:.2f} and a spread of {spread:.2f} would do: shares are within 1"
        )
    return Explanation(shift, spread, float(2 * ndtr((a + c) / 2 * scale / error)))
