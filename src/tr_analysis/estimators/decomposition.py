"""Decompositions: which factor of a product, or which part of an average, moved it from before to after."""

from collections.abc import Mapping
from typing import NamedTuple, TypeVar

import numpy as np
import pandas as pd

from tr_analysis.estimators.checks import Array, check_number, refuse_mixed_units, to_floats

__all__ = ["log_split", "das_gupta", "composition_bounds"]

T = TypeVar("T", pd.Series, pd.DataFrame)
Factors = Mapping[str, float] | pd.Series
"""Factors of a product by name, such as ``{"binary rate": 0.475, "frequency rate": 4.2}``."""


class Bounds(NamedTuple):
    """Smallest and largest value that the data allow."""

    low: float
    high: float


def log_split(before: Factors, after: Factors) -> pd.DataFrame:
    """Split the change of a product into the changes of its factors, which add up on the log scale.

    Answers: which factor moved a product, and by how many per cent?

    Tested: the published change of reoffences per offender, by hand (`test_first_year_reoffences_per_offender`,
    `test_no_change_but_for_rounding_has_no_shares`).

    ``ln(product after / product before) = sum of ln(factor after / factor before)``. Factors are the same at both
    times, positive, in any unit. Each has a row, and the product the last: before, after, log_change, percent_change
    and share_of_log_change, which can be negative, and is missing when the product did not move.

    Examples
    --------
    >>> split = log_split({"reoffenders": 0.475, "offences each": 4.2}, {"reoffenders": 0.454, "offences each": 4.7})
    >>> split["percent_change"].round(1).to_dict()
    {'reoffenders': -4.4, 'offences each': 11.9, 'product': 7.0}
    """
    start, end = _paired(_column(before), _column(after))
    _refuse_label(start.index, "product")
    for name in start.index:
        refuse_mixed_units(name, start[[name]].to_numpy(), end[[name]].to_numpy())
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


def das_gupta(before: Factors | pd.DataFrame, after: Factors | pd.DataFrame) -> pd.DataFrame:
    """Split the difference of a rate between two populations into effects of its factors that add up.

    Answers: how much of a change came from each factor, such as case mix, rate and volume?

    Tested: tables 2.4 and 5.3 of Das Gupta to seven digits; against all orders of switching, one by one
    (`test_das_gupta_of_us_death_rates`, `test_das_gupta_of_five_factors`,
    `test_das_gupta_averages_every_order_of_switching`).

    The rate is a product of P factors, or the sum over groups of such products. The effect of factor ``a`` is the
    change of the rate when ``a`` changes, averaged over all orders in which the factors could have changed (Das Gupta
    1993, equation 3.54): ``a1 - a0`` times the integral of the others on the line from before to after, which
    Gauss-Legendre quadrature gives exactly. With two factors it is Kitagawa's (1955). Both arguments are factors by
    name, or frames with a row per group and a column per factor, such as shares and rates. Each factor has a row, and
    the total the last: effect, in the unit of the rate, and share of the total, missing when that is 0.

    Reference: Das Gupta (1993), Standardization and Decomposition of Rates: A User's Manual, US Bureau of the Census,
    Current Population Reports P23-186. Kitagawa (1955), JASA 50, 1168-1194.

    Examples
    --------
    >>> before = pd.DataFrame({"share": [0.6, 0.4], "rate": [30.0, 60.0]}, index=["low risk", "high risk"])
    >>> after = pd.DataFrame({"share": [0.5, 0.5], "rate": [28.0, 58.0]}, index=["low risk", "high risk"])
    >>> das_gupta(before, after)["effect"].round(6).to_dict()
    {'share': 3.0, 'rate': -2.0, 'total': 1.0}
    """
    start, end = _paired(_groups(before), _groups(after))
    for factor in start:
        refuse_mixed_units(factor, start[factor].to_numpy(), end[factor].to_numpy())
    _refuse_label(start.columns, "total")
    weight = _mean_of_others(start, end)
    rates = np.array([(frame.to_numpy() * weight).sum(axis=0) for frame in (start, end)])
    effects = np.diff(rates, axis=0)[0]
    effect = pd.Series([*effects, effects.sum()], index=[*start.columns, "total"])
    return pd.DataFrame({"effect": effect, "share": _shares(effect)})


def _mean_of_others(a: pd.DataFrame, b: pd.DataFrame) -> Array:
    """Return the product of the other factors, averaged over all orders of switching from a to b (groups, P)."""
    factors = a.columns
    nodes, weights = np.polynomial.legendre.leggauss(len(factors) // 2 + 1)
    t = (nodes + 1)[:, None, None] / 2
    path = (1 - t) * a.to_numpy() + t * b.to_numpy()  # nodes x groups x factors
    others = np.stack([np.delete(path, i, axis=2).prod(axis=2) for i in range(len(factors))], axis=2)
    return np.asarray(np.einsum("n,ngf->gf", weights / 2, others))


def composition_bounds(before: pd.Series, after: pd.Series, *, lowest: float, highest: float) -> Bounds:
    """Bound what a change of case mix did to a rate, when only the lowest and highest rates are known.

    Answers: how much of a change can case mix explain, if each group's rate is not published?

    Tested: against a linear programme over all rising rates
    (`test_composition_bounds_are_those_of_a_linear_programme`, `test_composition_bounds_by_hand`).

    Kitagawa's composition effect (1955) is ``sum of r_g (w1_g - w0_g)``, with ``w0`` and ``w1`` the shares of group g, and
    ``r_g`` its rate. It is linear in rates that rise from ``lowest`` to ``highest``, so its extremes lie at rates that
    jump once: ``(highest - lowest)`` times the change of the share beyond the jump. Sizes of two groups or more are counts
    or shares, ``before`` in order of rising rate; lowest and highest are the mean rates of the first and last group.

    Reference: Kitagawa (1955), JASA 50, 1168-1194, on the effect; the bound is ours.

    Examples
    --------
    >>> before = pd.Series({"low risk": 50, "medium risk": 30, "high risk": 20})
    >>> after = pd.Series({"low risk": 40, "medium risk": 20, "high risk": 40})
    >>> low, high = composition_bounds(before, after, lowest=10, highest=60)
    >>> round(low, 6), round(high, 6)
    (5.0, 10.0)
    """
    if not isinstance(before, pd.Series) or not isinstance(after, pd.Series):
        raise ValueError("before and after must be series: give the size of each group, indexed by group")
    if len(before) < 2:
        raise ValueError("fewer than two groups have no composition: give at least two")
    before, after = _paired(before, after)
    lowest, highest = check_number("lowest", lowest), check_number("highest", highest)
    if lowest > highest:
        raise ValueError(f"rates from {lowest:g} to {highest:g}: give finite ones, the lowest first")
    change = _composition(after, "after") - _composition(before, "before")
    beyond = np.cumsum(change[::-1])[::-1][1:]  # change of the share beyond each possible jump
    effects = (highest - lowest) * beyond
    return Bounds(float(effects.min()), float(effects.max()))


def _composition(sizes: pd.Series, when: str) -> np.ndarray:
    values = sizes.to_numpy()
    if (values < 0).any() or not values.any():
        raise ValueError(f"sizes {when} must be 0 or more, and not all 0")
    return np.asarray(values / values.sum())


def _column(factors: Factors) -> pd.Series:
    if not isinstance(factors, Mapping | pd.Series):
        raise ValueError(f"factors of type {type(factors).__name__}: give a dictionary or series by name")
    return pd.Series(factors, name="all")  # a name of its own would pass for a group


def _groups(factors: Factors | pd.DataFrame) -> pd.DataFrame:
    """Return one row per group; scalar factors make a population of one group."""
    return factors if isinstance(factors, pd.DataFrame) else _column(factors).to_frame().T


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
        raise ValueError(f"a value {when} is missing: give every group and factor")
    if not np.isfinite(to_floats(f"the table {when}", values)).all():
        raise ValueError(f"a value {when} is infinite: find the figure, or leave its group out")
    return values.astype(float)


def _refuse_label(labels: pd.Index, whole: str) -> None:
    if whole in labels:
        raise ValueError(f"{whole!r} is the name of the last row: give the group or factor another name")
