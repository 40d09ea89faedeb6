"""Decompositions: which factor of a product, or which part of an average, moved it from before to after."""

from collections.abc import Mapping
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from tr_analysis.estimators.checks import number, to_floats

T = TypeVar("T", pd.Series, pd.DataFrame)
Factors = Mapping[str, float] | pd.Series
"""Factors of a product by name, such as ``{"binary rate": 0.475, "frequency rate": 4.2}``."""


def log_split(before: Factors, after: Factors) -> pd.DataFrame:
    """Split the change of a product into the changes of its factors, which add up on the log scale.

    ``ln(product after / product before) = sum of ln(factor after / factor before)``.

    Parameters
    ----------
    before, after
        The same factors at two times, all positive; in any unit.

    Returns
    -------
    pandas.DataFrame
        One row per factor and a last row "product", with the columns before, after, log_change,
        percent_change and share_of_log_change. The shares add to 1 and can be negative or above 1 when
        factors move in opposite directions; they are missing when the product did not move, rounding apart.

    Raises
    ------
    ValueError
        If the factors differ between before and after, one is not a positive number, or is named "product".
    """
    start, end = _paired(_column(before), _column(after))
    _refuse_label(start.index, "product")
    for when, factors in (("before", start), ("after", end)):
        for name, value in factors.items():
            if value <= 0:
                raise ValueError(f"factor {name!r} {when}: {value} has no logarithm; give positive factors")
    split = pd.DataFrame({"before": start, "after": end})
    split.loc["product"] = split.prod()
    log_change = np.log(end / start)
    split["log_change"] = [*log_change, log_change.sum()]
    split["percent_change"] = 100 * (split["after"] / split["before"] - 1)
    return split.assign(share_of_log_change=_shares(split["log_change"]))


def kitagawa(
    before: pd.DataFrame, after: pd.DataFrame, *, size: str = "size", rate: str = "rate"
) -> pd.DataFrame:
    """Split the change of an average rate into composition and rates, with no interaction left over.

    With ``w`` the share of a group and ``r`` its rate, each group adds
    ``(w1 - w0) (r0 + r1) / 2`` to the composition effect and ``(r1 - r0) (w0 + w1) / 2`` to the rate effect.

    Parameters
    ----------
    before, after
        One row per group, the same groups in both, whatever their order.
    size
        Name of the column with group sizes; counts or shares, made into shares that add to 1.
    rate
        Name of the column with the groups' rates; the effects are in its unit.

    Returns
    -------
    pandas.DataFrame
        One row per group and a last row "total", with the columns composition, rate and total. The
        composition effect of one group means little alone, since shares rise at each other's expense.

    Raises
    ------
    ValueError
        If the groups differ or one is named "total", a column is not there, a value is not a finite number,
        or sizes are negative or all 0.

    References
    ----------
    Kitagawa (1955), JASA 50, 1168-1194.
    """
    if not isinstance(before, pd.DataFrame) or not isinstance(after, pd.DataFrame):
        raise ValueError("before and after must be frames: give one row per group, with its size and rate")
    for column in (size, rate):
        if column not in before or column not in after:
            raise ValueError(f"no column {column!r} in both frames: name it with size= or rate=")
    if size == rate:
        raise ValueError("one column cannot be size and rate: name two")
    before, after = _paired(before[[size, rate]], after[[size, rate]])
    _refuse_label(before.index, "total")
    share_0, share_1 = _composition(before[size]), _composition(after[size])
    parts = pd.DataFrame(
        {
            "composition": (share_1 - share_0) * (before[rate] + after[rate]) / 2,
            "rate": (after[rate] - before[rate]) * (share_0 + share_1) / 2,
        }
    )
    parts["total"] = parts.sum(axis="columns")
    parts.loc["total"] = parts.sum()
    return parts


def das_gupta(before: Factors | pd.DataFrame, after: Factors | pd.DataFrame) -> pd.DataFrame:
    """Split the difference of a product of any number of factors between two populations.

    The rate is the product of P factors, or the sum over groups of such products. The effect of factor
    ``a`` is the difference ``a1 - a0`` times the other factors, averaged over all ways to take each of them
    from before or after: a product with j of them from after has the weight ``1 / (P C(P - 1, j))``
    (Das Gupta's equation 3.54). That weight is the integral of ``t**j (1 - t)**(P - 1 - j)`` from 0 to 1,
    so the sum over all ways is the integral, on the straight line from before to after, of the product of
    the other factors: a polynomial in t, which Gauss-Legendre quadrature integrates exactly.

    Parameters
    ----------
    before, after
        Factors by name; or a frame with one row per group and one column per factor, the same in both.
        The composition of a population enters as a column of shares.

    Returns
    -------
    pandas.DataFrame
        One row per factor and a last row "total", with the columns effect, in the unit of the rate, and
        share of the total; the effects add exactly to the difference, and shares are missing when it is 0, rounding apart.

    Raises
    ------
    ValueError
        If the factors or the groups differ between before and after, a value is not a finite number, or a
        factor is named "total".

    References
    ----------
    Das Gupta (1993), Standardization and Decomposition of Rates: A User's Manual, US Bureau of the Census,
    Current Population Reports P23-186.
    """
    start, end = _paired(_groups(before), _groups(after))
    factors = start.columns
    _refuse_label(factors, "total")
    a, b = start.to_numpy(), end.to_numpy()
    nodes, weights = np.polynomial.legendre.leggauss(len(factors) // 2 + 1)
    t = (nodes + 1)[:, None, None] / 2
    path = (1 - t) * a + t * b  # nodes x groups x factors
    others = np.stack([np.delete(path, i, axis=2).prod(axis=2) for i in range(len(factors))], axis=2)
    effects = ((b - a) * np.einsum("n,ngf->gf", weights / 2, others)).sum(axis=0)
    effect = pd.Series([*effects, effects.sum()], index=[*factors, "total"])
    return pd.DataFrame({"effect": effect, "share": _shares(effect)})


def _column(factors: Factors) -> pd.Series:
    if not isinstance(factors, Mapping | pd.Series):
        raise ValueError(
            f"factors of type {type(factors).__name__}: give a dictionary or series of numbers by name"
        )
    return pd.Series(factors, name="all")  # a name of its own would pass for a group


def _groups(factors: Factors | pd.DataFrame) -> pd.DataFrame:
    """Return one row per group; scalar factors make a population of one group."""
    return factors if isinstance(factors, pd.DataFrame) else _column(factors).to_frame().T


def _composition(size: pd.Series) -> pd.Series:
    if (size < 0).any() or not size.sum() > 0:
        raise ValueError("group sizes must be 0 or more, and not all 0")
    return size / size.sum()


def _shares(change: pd.Series) -> pd.Series:
    """Return each part's share of the last entry, the whole; missing when the whole is 0 but for rounding."""
    whole = change.to_numpy()[-1]
    moved = abs(whole) > 1e-12 * change.iloc[:-1].abs().sum()
    return change / (whole if moved else np.nan)


def _paired(before: T, after: T) -> tuple[T, T]:
    """Return both in floats, ``after`` in the order of ``before``; refuse what cannot be compared."""
    before, after = _finite(before, "before"), _finite(after, "after")
    for axis, label in zip(before.axes, ("row", "column"), strict=False):
        other = after.axes[0 if label == "row" else 1]
        if axis.has_duplicates or other.has_duplicates:
            raise ValueError(f"a {label} occurs twice: give each group and factor once")
        lone = axis.symmetric_difference(other)
        if len(lone):
            raise ValueError(f"only before or only after: {', '.join(map(str, lone))}; give both the same")
    return before, after.reindex_like(before)


def _finite(values: T, when: str) -> T:
    """Return the values in floats; refuse none at all, and what is no finite number."""
    if not values.size:
        raise ValueError(f"nothing {when}: give at least one group and factor")
    if values.isna().to_numpy().any():
        raise ValueError(f"a value {when} is missing: give every group and factor at both times")
    to_floats(f"the table {when}", values)
    numbers = values.astype(float)
    if not np.isfinite(numbers.to_numpy()).all():
        raise ValueError(f"a value {when} is infinite: find the figure, or leave its group out")
    return numbers


def _refuse_label(labels: pd.Index, whole: str) -> None:
    if whole in labels:
        raise ValueError(f"{whole!r} is the name of the last row: give the group or factor another name")


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
    change = _mix(after, "after") - _mix(before, "before")
    beyond = np.cumsum(change[::-1])[::-1][1:]  # change of the share beyond each possible jump
    effects = (highest - lowest) * beyond
    return Bounds(float(effects.min()), float(effects.max()))


def _mix(sizes: pd.Series, when: str) -> npt.NDArray[np.float64]:
    values = to_floats(f"the sizes {when}", sizes.fillna(np.nan))
    if not np.isfinite(values).all() or (values < 0).any() or not values.any():
        raise ValueError(f"sizes {when} must be finite, 0 or more, and not all 0: find the missing ones")
    return np.asarray(values / values.sum())
