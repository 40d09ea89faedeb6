"""Funnel limits: how far a unit's share may lie from a target by chance, given its size."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import binom, norm

from tr_analysis.estimators.checks import (
    check_counts,
    check_flag,
    check_level,
    check_number,
    check_option,
    check_sizes,
)
from tr_analysis.estimators.heterogeneity import heterogeneity

__all__ = ["exact_limits", "widened_limits", "dispersion", "funnel"]

Limits = Literal["exact", "additive"]
RESULTS = ("estimate", "target", "z", "low", "high", "position")


@dataclass(frozen=True)
class Dispersion:
    """How much more units vary about a ``target`` share than chance alone would have it.

    ``phi`` is the mean squared z-score, 1 where chance explains the variation, from ``low`` to ``high``; ``tau2`` is the
    variance between units beyond chance.
    """

    target: float
    phi: float
    low: float
    high: float
    tau2: float


def exact_limits(
    target: float, trials: npt.ArrayLike, *, level: float = 0.95, interpolate: bool = True
) -> pd.DataFrame:
    """Return the limits within which the share of a unit lies by chance with probability ``level``.

    Answers: how far from the average may a unit of this size lie by chance alone?

    Tested: by hand, and against the binomial distribution count by count (`test_exact_limits_by_hand`,
    `test_counts_inside_exact_limits_are_those_the_binomial_allows`).

    Plain limits are the outermost shares whose binomial tail still has the probability ``p = (1 - level) / 2``; they
    jump with n. Interpolated ones draw a curve, up to one count further in: ``(r - a) / n`` with ``a = (P(X <= r) - p)
    / P(X = r)`` at the first ``r`` that reaches ``p`` (Spiegelhalter 2005). ``target`` is the share that units are set
    against, ``trials`` are their sizes, 1 or more.

    Reference: Spiegelhalter (2005), Statistics in Medicine 24, 1185-1202, appendix A.1.

    Examples
    --------
    >>> exact_limits(0.45, [100, 1000], interpolate=False)
       trials    low   high
    0   100.0  0.350  0.550
    1  1000.0  0.419  0.481
    """
    n, target, level = check_sizes(trials), _share(target), check_level(level)
    check_flag("interpolate", interpolate)
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
    target: float, trials: npt.ArrayLike, *, tau2: float = 0, level: float = 0.95
) -> pd.DataFrame:
    """Return normal limits widened for over-dispersion: ``target +- z sqrt(target (1 - target) / n + tau2)``.

    Answers: how far from the average may a unit of this size lie, if units differ more than by chance?

    Tested: share of simulated units outside the limits (`test_widened_limits_flag_as_many_as_they_say`).

    These additive limits never close: a large unit may differ by as much as others do (Spiegelhalter 2005). Other
    arguments and the result are those of `exact_limits`; ``tau2`` is that of `dispersion`.

    Reference: Spiegelhalter (2005), Quality and Safety in Health Care 14, 347-351.

    Examples
    --------
    >>> widened_limits(0.45, [1000], tau2=0.03**2).round(3)
       trials    low   high
    0  1000.0  0.384  0.516
    """
    n, target, level = check_sizes(trials), _share(target), check_level(level)
    tau2 = check_number("tau2", tau2, low=0, advice="limits are widened with tau2 >= 0")
    half = norm.ppf((1 + level) / 2) * np.sqrt(target * (1 - target) / n + tau2)
    low, high = np.clip([target - half, target + half], 0, 1)
    return pd.DataFrame({"trials": n, "low": low, "high": high})


def dispersion(
    frame: pd.DataFrame, successes: str = "successes", trials: str = "trials", *, level: float = 0.95
) -> Dispersion:
    """Measure how much more the shares of units vary about that of all than chance explains.

    Answers: do units differ more than chance would make them, and by how much?

    Tested: recovers a known spread of simulated panels (`test_limits_and_spread_on_simulated_panels`).

    ``z = (share - target) / s``, where the target is the share of all units together and ``s^2 = target (1 - target) /
    n``; ``phi`` is the mean of ``z^2``, no less than 1, and ``tau2 = (I phi - (I - 1)) / (sum w - sum w^2 / sum w)`` with
    ``w = 1 / s^2``, 0 where phi is 1 (Spiegelhalter 2005; extreme z-scores are not drawn in, which made the limits too
    narrow). The interval of ``phi`` is ``1 + tau2 mean(w)`` at the ends of `heterogeneity.heterogeneity`'s, which
    allows for unlike sizes. Takes two units or more, and the names of the columns with their counts.

    Reference: Spiegelhalter (2005), Quality and Safety in Health Care 14, 347-351. Viechtbauer (2007), Statistics in
    Medicine 26, 37-52, on the interval.

    Examples
    --------
    >>> units = pd.DataFrame({"successes": [30, 40, 60, 70], "trials": [100, 100, 100, 100]})
    >>> found = dispersion(units)
    >>> round(found.phi, 6), round(found.tau2, 6)
    (10.0, 0.030833)
    """
    units = _against_all(frame, successes, trials)
    if len(units) < 2:
        raise ValueError("one unit has no spread: give two or more")
    phi = max(1.0, float((units["z"] ** 2).mean()))
    w, many = 1 / units["s2"].to_numpy(), len(units)
    tau2 = (many * phi - (many - 1)) / (w.sum() - (w**2).sum() / w.sum()) if phi > 1 else 0.0
    between = heterogeneity(units["estimate"], units["s2"], level=level)
    low, high = (float(1 + end * w.mean()) for end in (between.low, between.high))
    return Dispersion(float(units["target"].max()), phi, min(low, phi), max(high, phi), float(tau2))


def funnel(
    frame: pd.DataFrame,
    successes: str = "successes",
    trials: str = "trials",
    *,
    limits: Limits = "exact",
    level: float = 0.95,
) -> pd.DataFrame:
    """Set each unit's share against the limits for its size.

    Answers: which units lie further from the average than chance explains?

    Tested: positions by hand; false alarms on simulated panels (`test_positions_and_input_left_alone`,
    `test_limits_and_spread_on_simulated_panels`).

    Limits are "exact" (chance alone) or "additive" (widened by tau2). To ``frame``, as in `dispersion`, are added
    estimate, target, z, low, high (limits, no confidence interval) and position.

    Examples
    --------
    >>> units = pd.DataFrame({"successes": [30, 50, 70], "trials": [100, 100, 100]}, index=["A", "B", "C"])
    >>> funnel(units)["position"].to_dict()
    {'A': 'below', 'B': 'within', 'C': 'above'}
    """
    units = _against_all(frame, successes, trials, RESULTS)
    goal, sizes = float(units["target"].max()), units["trials"].to_numpy(dtype=float)
    check_option("limits", limits, get_args(Limits))
    if limits == "exact":
        ends = exact_limits(goal, sizes, level=level, interpolate=False)
    else:
        tau2 = dispersion(frame, successes, trials).tau2
        ends = widened_limits(goal, sizes, level=level, tau2=tau2)
    low, high, share = ends["low"].to_numpy(), ends["high"].to_numpy(), units["estimate"].to_numpy()
    position = np.select([share < low - 1e-12, share > high + 1e-12], ["below", "above"], "within")
    kept = frame.assign(estimate=share, target=goal, z=units["z"])
    return kept.assign(low=low, high=high, position=position)


def _against_all(
    frame: pd.DataFrame, successes: str, trials: str, results: tuple[str, ...] = ()
) -> pd.DataFrame:
    """Return the units' sizes and shares, that of all, its sampling variance and their z-scores."""
    k, n = check_counts(frame, successes, trials, results=results)
    goal = _share(k.sum() / n.sum())
    s2 = goal * (1 - goal) / n
    units = pd.DataFrame({"trials": n, "estimate": k / n, "target": goal, "s2": s2}, index=frame.index)
    return units.assign(z=(units["estimate"] - goal) / np.sqrt(s2))


def _share(target: object) -> float:
    advice = "give a share strictly between 0 and 1 (with no or only successes there is no funnel)"
    return check_number("the target", target, low=0, high=1, strict=True, advice=advice)
