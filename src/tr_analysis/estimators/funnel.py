"""Funnel limits: how far a unit's share may lie from a target by chance, given its size."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import binom, norm

from tr_analysis.estimators.checks import Array, counts, coverage, number, numbers
from tr_analysis.estimators.heterogeneity import between_variance

Limits = Literal["exact", "multiplicative", "additive"]
RESULTS = ("estimate", "target", "z", "low", "high", "position")


@dataclass(frozen=True)
class Dispersion:
    """How much more units vary about a target than chance alone would have it.

    Attributes
    ----------
    target
        The share they are set against.
    phi
        Mean squared z-score after winsorising; 1 where chance explains the variation.
    tau2
        Between-unit variance of the shares by DerSimonian and Laird's formula about the target, from phi.
    paule_mandel
        The same by Paule and Mandel, about the units' own mean and without winsorising.
    """

    target: float
    phi: float
    tau2: float
    paule_mandel: float


def exact_limits(
    target: float, trials: npt.ArrayLike, *, level: float = 0.95, interpolate: bool = True
) -> pd.DataFrame:
    """Return the limits within which the share of a unit lies by chance with probability ``level``.

    Plain limits are the lowest and the highest share of ``n`` whose tail of the binomial distribution,
    itself included, still has the probability ``(1 - level) / 2``; they jump with n. Interpolated ones are
    for drawing a curve: with ``r`` the smallest count whose cumulative probability reaches ``p``, the limit
    is ``(r - a) / n`` with ``a = (P(X <= r) - p) / P(X = r)``. They lie up to one count further in.

    Parameters
    ----------
    target
        Share between 0 and 1 that units are set against.
    trials
        Sizes, whole numbers of 1 or more; in any order.
    level
        Probability within both limits, such as 0.95 or 0.998.
    interpolate
        Whether to smooth the steps.

    Returns
    -------
    pandas.DataFrame
        trials, low, high, in the order given; shares cut off at 0 and 1.

    Raises
    ------
    ValueError
        If target or level is not between 0 and 1, or a size is not a whole number of 1 or more.

    References
    ----------
    Spiegelhalter (2005), Statistics in Medicine 24, 1185-1202, appendix A.1.
    """
    n, target, level = _sizes(trials), _share(target), coverage(level)
    tail = (1 - level) / 2
    if not interpolate:
        low, high = binom.ppf(tail, n, target) / n, 1 - binom.ppf(tail, n, 1 - target) / n
        return pd.DataFrame({"trials": n, "low": low, "high": high})
    ends = {}
    for name, p in (("low", tail), ("high", 1 - tail)):
        count = binom.ppf(p, n, target)
        reached, chance = binom.cdf(count, n, target), binom.pmf(count, n, target)
        ends[name] = np.clip((count - (reached - p) / chance) / n, 0, 1)
    return pd.DataFrame({"trials": n, **ends})


def widened_limits(
    target: float, trials: npt.ArrayLike, *, phi: float = 1, tau2: float = 0, level: float = 0.95
) -> pd.DataFrame:
    """Return normal limits widened for over-dispersion: ``target +- z sqrt(phi s^2 + tau2)``.

    ``s^2 = target (1 - target) / n``. Give ``phi`` for multiplicative limits, which stay a funnel, or
    ``tau2`` for additive ones, which never close: a large unit may differ by as much as others do.

    Parameters
    ----------
    target, trials, level
        As in `exact_limits`.
    phi, tau2
        From `dispersion`; 1 or more, and 0 or more.

    Returns
    -------
    pandas.DataFrame
        trials, low, high, in the order given; shares cut off at 0 and 1.

    Raises
    ------
    ValueError
        As in `exact_limits`, or if ``phi`` is below 1 or ``tau2`` negative.

    References
    ----------
    Spiegelhalter (2005), Quality and Safety in Health Care 14, 347-351.
    """
    n, target, level = _sizes(trials), _share(target), coverage(level)
    phi = number("phi", phi, low=1, advice="limits are widened with phi >= 1")
    tau2 = number("tau2", tau2, low=0, advice="limits are widened with tau2 >= 0")
    half = norm.ppf((1 + level) / 2) * np.sqrt(phi * target * (1 - target) / n + tau2)
    return pd.DataFrame(
        {"trials": n, "low": np.clip(target - half, 0, 1), "high": np.clip(target + half, 0, 1)}
    )


def dispersion(
    frame: pd.DataFrame,
    successes: str = "successes",
    trials: str = "trials",
    *,
    target: float | None = None,
    winsorise: float = 0.0,
) -> Dispersion:
    """Measure how much more units vary about a target than chance explains.

    ``z = (share - target) / s`` with ``s^2 = target (1 - target) / n``; ``phi`` is the mean of ``z^2``, no
    less than 1, and ``tau2 = (I phi - (I - 1)) / (sum w - sum w^2 / sum w)`` with ``w = 1 / s^2``, no less
    than 0 and 0 where phi is 1.

    Spiegelhalter's published rule is ``winsorise=0.1``, so that true outliers do not widen the limits that
    should find them; without any it narrows the limits. Of 54 units of 300 to 3000 trials, true shares with
    a standard deviation of 0.03, it flags 11% outside 95% limits of either kind, and the default, 0, flags
    5%; of three units moved by 0.15 the rule finds 97 to 99%, the default 84 to 94%.

    Parameters
    ----------
    frame
        One row per unit, two or more, in any order.
    successes, trials
        Names of the columns with the counts.
    target
        Share between 0 and 1; all successes over all trials when left out.
    winsorise
        Share of units drawn in to the quantile at each end, from 0 to below one half.

    Raises
    ------
    ValueError
        If the counts are not possible, there is one unit only, ``winsorise`` is not from 0 to below 1/2, or
        ``target`` not strictly between 0 and 1 (also when nobody or everybody succeeded).

    References
    ----------
    Spiegelhalter (2005), Quality and Safety in Health Care 14, 347-351.
    """
    units = _against(frame, successes, trials, target)
    if len(units) < 2:
        raise ValueError("one unit has no spread: give two or more")
    advice = "give the share drawn in at each end, 0 to below one half, such as 0.1"
    winsorise = number("winsorise", winsorise, low=0, high=0.5, open_high=True, advice=advice)
    drawn_in = units["z"].clip(*np.quantile(units["z"], [winsorise, 1 - winsorise]))
    phi = max(1.0, float((drawn_in**2).mean()))
    s2, share = units["s2"].to_numpy(), units["estimate"].to_numpy()
    w, many = 1 / s2, len(units)
    tau2 = (many * phi - (many - 1)) / (w.sum() - (w**2).sum() / w.sum()) if phi > 1 else 0.0
    return Dispersion(float(units["target"].max()), phi, float(tau2), between_variance(share, s2))


def funnel(
    frame: pd.DataFrame,
    successes: str = "successes",
    trials: str = "trials",
    *,
    target: float | None = None,
    limits: Limits = "exact",
    level: float = 0.95,
    winsorise: float = 0.0,
) -> pd.DataFrame:
    """Set each unit's share against the limits for its size.

    Parameters
    ----------
    frame, successes, trials, target, winsorise
        As in `dispersion`; with exact limits one unit is enough.
    limits
        "exact" (chance alone, not interpolated), "multiplicative" (phi) or "additive" (tau2).
    level
        Probability within the limits for one unit. Of 21 units that do not differ one is expected outside
        limits at 0.95.

    Returns
    -------
    pandas.DataFrame
        The rows and index of ``frame`` with estimate, target, z, low, high (limits, not a confidence
        interval) and position (below, within, above) added.

    Raises
    ------
    ValueError
        As in `dispersion`, or if ``limits`` is none of the three.
    """
    units = _against(frame, successes, trials, target, RESULTS)
    goal, sizes = float(units["target"].max()), units["trials"].to_numpy(dtype=float)
    if limits not in get_args(Limits):
        raise ValueError(f"limits {limits!r} is none of {', '.join(get_args(Limits))}")
    if limits == "exact":
        ends = exact_limits(goal, sizes, level=level, interpolate=False)
    else:
        spread = dispersion(frame, successes, trials, target=target, winsorise=winsorise)
        wider = {"phi": spread.phi} if limits == "multiplicative" else {"tau2": spread.tau2}
        ends = widened_limits(goal, sizes, level=level, **wider)
    low, high, share = ends["low"].to_numpy(), ends["high"].to_numpy(), units["estimate"].to_numpy()
    position = np.select([share < low - 1e-12, share > high + 1e-12], ["below", "above"], "within")
    kept = frame.assign(estimate=share, target=goal, z=units["z"])
    return kept.assign(low=low, high=high, position=position)


def _against(
    frame: pd.DataFrame, successes: str, trials: str, target: float | None, results: tuple[str, ...] = ()
) -> pd.DataFrame:
    """Return the units' sizes and shares, their target, its sampling variance and their z-scores."""
    k, n = counts(frame, successes, trials, results=results)
    goal = _share(k.sum() / n.sum() if target is None else target)
    s2 = goal * (1 - goal) / n
    units = pd.DataFrame({"trials": n, "estimate": k / n, "target": goal, "s2": s2}, index=frame.index)
    return units.assign(z=(units["estimate"] - goal) / np.sqrt(s2))


def _share(target: object) -> float:
    advice = "give a share strictly between 0 and 1 (with no or only successes there is no funnel)"
    return number("the target", target, low=0, high=1, open_low=True, open_high=True, advice=advice)


def _sizes(trials: npt.ArrayLike) -> Array:
    n = numbers("sizes", trials)
    if not n.size or not np.isfinite(n).all() or (n < 1).any() or (n != np.floor(n)).any():
        raise ValueError("sizes are whole numbers of 1 or more: drop units without trials")
    return n
