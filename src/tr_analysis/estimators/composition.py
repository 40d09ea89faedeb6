"""What a change of case mix can have done to a rate when only the ends of the rates are known."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from tr_analysis.estimators.checks import number, to_floats


class Bounds(NamedTuple):
    """Smallest and largest value that the data allow."""

    low: float
    high: float


def composition_bounds(before: pd.Series, after: pd.Series, *, lowest: float, highest: float) -> Bounds:
    """Bound the composition effect of a change of case mix, with rates that rise from group to group.

    Kitagawa's composition effect is ``sum of r_g (w1_g - w0_g)``, with ``w0`` and ``w1`` the shares of group
    g before and after, and ``r_g`` its rate, the mean of before and after. Where only the rates at both ends
    are known, but those between rise (or stay) from group to group, the effect is linear in r over
    ``lowest = r_1 <= ... <= r_k = highest``. So its extremes lie at rates that jump once, from lowest to
    highest: there it is ``(highest - lowest)`` times the change of the share beyond the jump.

    Parameters
    ----------
    before, after
        Size of each group, in order of rising rate: counts or shares; same index, at least two groups.
    lowest, highest
        Rate of the first and of the last group, the mean of before and after; in the unit wanted back.

    Returns
    -------
    Bounds
        Smallest and largest composition effect, in the unit of the rates.

    Raises
    ------
    ValueError
        If the groups differ or repeat, there is only one, a size is negative or no finite number, all are 0,
        or the rates are not finite or fall.

    References
    ----------
    Kitagawa (1955), JASA 50, 1168-1194, on the effect; the bound is ours.
    """
    if not isinstance(before, pd.Series) or not isinstance(after, pd.Series):
        raise ValueError("before and after must be series: give the size of each group, indexed by group")
    if list(before.index) != list(after.index) or before.index.has_duplicates:
        raise ValueError("before and after need the same groups in the same order, each once: reindex one")
    if len(before) < 2:
        raise ValueError("fewer than two groups have no composition: give at least two")
    lowest, highest = number("lowest", lowest), number("highest", highest)
    if lowest > highest:
        raise ValueError(f"rates from {lowest:g} to {highest:g}: give finite ones, the lowest first")
    change = _shares(after, "after") - _shares(before, "before")
    beyond = np.cumsum(change[::-1])[::-1][1:]  # change of the share beyond each possible jump
    effects = (highest - lowest) * beyond
    return Bounds(float(effects.min()), float(effects.max()))


def _shares(sizes: pd.Series, when: str) -> npt.NDArray[np.float64]:
    values = to_floats(f"the sizes {when}", sizes.fillna(np.nan))
    if not np.isfinite(values).all() or (values < 0).any() or not values.any():
        raise ValueError(f"sizes {when} must be finite, 0 or more, and not all 0: find the missing ones")
    return np.asarray(values / values.sum())
