"""What a change of case mix can have done to a rate when only the ends of the rates are known."""

from typing import NamedTuple

import numpy as np
import pandas as pd


class Bounds(NamedTuple):
    """Smallest and largest value that the data allow."""

    low: float
    high: float


def composition_bounds(before: pd.Series, after: pd.Series, *, lowest: float, highest: float) -> Bounds:
    """Bound the composition effect of a change of case mix, with rates that rise from group to group.

    Kitagawa's composition effect at fixed rates r is ``sum r_g (after_g - before_g)``. Where the rates of
    the groups between are not known but rise (or stay) from the first to the last, it is linear in r over
    ``lowest = r_1 <= ... <= r_k = highest``, so its extremes lie at the steps that jump once from lowest to
    highest.

    Parameters
    ----------
    before, after
        Size of each group, in order of rising rate: counts or shares; same index, at least two groups.
    lowest, highest
        Rate of the first and of the last group, in the unit wanted back.

    Returns
    -------
    Bounds
        Smallest and largest composition effect, in the unit of the rates.

    Raises
    ------
    ValueError
        If the groups differ, there is only one, a size is negative or missing, or lowest exceeds highest.

    References
    ----------
    E. M. Kitagawa, Components of a difference between two rates, Journal of the American Statistical
    Association 50 (1955); the bound is ours.
    """
    if list(before.index) != list(after.index):
        raise ValueError("before and after must have the same groups in the same order")
    if len(before) < 2:
        raise ValueError("one group has no composition: give at least two")
    if lowest > highest:
        raise ValueError(
            f"lowest rate {lowest:g} exceeds highest {highest:g}: order the groups by rising rate"
        )
    sizes = [s.to_numpy(dtype=float) for s in (before, after)]
    if any(not np.isfinite(s).all() or (s < 0).any() or s.sum() == 0 for s in sizes):
        raise ValueError("sizes must be known, not negative, and not all zero")
    change = sizes[1] / sizes[1].sum() - sizes[0] / sizes[0].sum()
    beyond = np.cumsum(change[::-1])[::-1][1:]  # change of the share beyond each possible step
    effects = (highest - lowest) * beyond
    return Bounds(float(effects.min()), float(effects.max()))
