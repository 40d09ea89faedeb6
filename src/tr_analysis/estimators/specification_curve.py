"""The specification curve: how far an answer moves over defensible choices, and whether chance does as much."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tr_analysis.estimators.specification import RESULTS, choice_names
from tr_analysis.order import in_order


@dataclass(frozen=True)
class CurveSummary:
    """A curve in a few numbers.

    Attributes
    ----------
    specifications, failed
        How many were run, and how many of them gave no estimate.
    median, lowest, highest
        Of the estimates.
    same_sign
        Share of the estimates that have the sign of the median.
    with_interval
        How many estimates have an interval.
    significant
        Share of the estimates whose interval excludes 0 on the side of the median; estimates without an
        interval count as not significant.
    """

    specifications: int
    failed: int
    median: float
    lowest: float
    highest: float
    same_sign: float
    with_interval: int
    significant: float


def summarise(results: pd.DataFrame) -> CurveSummary:
    """Summarise the results of `run_specifications`; shares are of the specifications that did not fail.

    Raises
    ------
    ValueError
        If every specification failed, or the frame has no such results.
    """
    found = _estimated(results)
    estimate = found["estimate"]
    side = np.sign(estimate.median())
    return CurveSummary(
        specifications=len(results),
        failed=len(results) - len(found),
        median=float(estimate.median()),
        lowest=float(estimate.min()),
        highest=float(estimate.max()),
        same_sign=float((np.sign(estimate) == side).mean()),
        with_interval=int(found["low"].notna().sum()),
        significant=float(_clear(found, side).mean()),
    )


def marginals(results: pd.DataFrame) -> pd.DataFrame:
    """Summarise the curve option by option.

    Returns
    -------
    pandas.DataFrame
        Indexed by choice and option, in the order of the results; columns specifications, failed, median,
        lowest, highest, same_sign and significant. The last two are about the sign of the median of the
        whole curve; an option all of whose specifications failed has no numbers.

    Raises
    ------
    ValueError
        As in `summarise`.
    """
    side = np.sign(_estimated(results)["estimate"].median())
    rows = {
        (choice, option): _option(part, side)
        for choice in choice_names(results)
        for option, part in results.groupby(choice, sort=False)
    }
    index = pd.MultiIndex.from_tuples(rows, names=["choice", "option"])
    return pd.DataFrame(list(rows.values()), index)


def _option(part: pd.DataFrame, side: float) -> dict[str, float]:
    found = part[part["failure"] == ""]
    estimate = found["estimate"]
    return {
        "specifications": len(part),
        "failed": len(part) - len(found),
        "median": estimate.median(),
        "lowest": estimate.min(),
        "highest": estimate.max(),
        "same_sign": (np.sign(estimate) == side).mean(),
        "significant": _clear(found, side).mean(),
    }


def influence(results: pd.DataFrame) -> pd.DataFrame:
    """Say how much each choice moves the answer, the most moving first.

    Specifications that differ in one choice alone are set side by side, so that combinations left out of a
    grid do no harm: no choice is blamed for what its companions do.

    Returns
    -------
    pandas.DataFrame
        Indexed by choice; sets, the number of sets of two estimates or more that differ in this choice alone;
        typical and largest, the median and the largest range of estimates within a set; 0 without sets.

    Raises
    ------
    ValueError
        As in `summarise`.
    """
    found, names = _estimated(results), choice_names(results)
    rows = {}
    for choice in names:
        others = [name for name in names if name != choice] or np.zeros(len(found))
        sets = found.groupby(others, sort=False)["estimate"].agg(["size", "min", "max"])
        ranges = (sets["max"] - sets["min"])[sets["size"] > 1]
        typical, largest = (float(ranges.agg(how)) if len(ranges) else 0.0 for how in ("median", "max"))
        rows[choice] = {"sets": len(ranges), "typical": typical, "largest": largest}
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("choice")
    return in_order(table, "typical", "largest", "choice", descending=["typical", "largest"])


def joint_test(observed: pd.DataFrame, null: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Test all specifications together against curves where nothing happened.

    Specifications share their data, so that their p-values cannot be added up. What can be compared is the
    whole curve: run the same specifications on data in which the effect is 0 by construction, and see how
    often that curve is as extreme as the observed one. The test is exact when, without an effect, the
    observed data and those behind the null curves could as well have come in any other order
    (**exchangeability**). What that takes depends on how the null curves are made, and has to be argued
    there: `sign_flips` and `shuffled_years` say it for theirs. For false dates it is that the months around
    each date, the true one included, come from one stationary process; give every date the same number of
    months before and after, and use no month that the true reform could have moved. Neighbouring dates
    overlap, which leaves the test its level on average over series but makes it depend on few independent
    stretches of data.

    Parameters
    ----------
    observed
        Results of `run_specifications`.
    null
        Results of the same specifications on each null data set, the observed one not among them.

    Returns
    -------
    pandas.DataFrame
        Indexed by statistic: "median" (its absolute size) and "share significant" (whose interval excludes
        0 on the side of the curve's own median; of all specifications, so that failures count against it).
        Columns observed, as_extreme (number of null curves that reach it), curves (observed and null),
        p_value ``= (1 + as_extreme) / curves``, and smallest_p, the p-value of the most extreme of these
        curves, below which no result could have come.

    Raises
    ------
    ValueError
        If there are no null curves, one has other specifications, or all of one failed.

    References
    ----------
    Simonsohn, Simmons and Nelson (2020), Nature Human Behaviour 4, 1208-1214.
    """
    if isinstance(null, pd.DataFrame):
        raise ValueError("null is one curve: give a list of them")
    null = list(null)
    if not null:
        raise ValueError("no null curves: run the specifications on at least one data set without the effect")
    ids = sorted(_checked(observed)["id"])
    if other := next((len(curve) for curve in null if len(_checked(curve)) != len(ids)), None):
        raise ValueError(f"a null curve has {other} specifications, not {len(ids)}: run the same on each")
    if any(sorted(curve["id"]) != ids for curve in null):
        raise ValueError(
            "a null curve is of other specifications: run the same on each, and bind what differs between "
            "data sets, such as a false date, to the function"
        )
    curves = pd.DataFrame([_statistics(curve) for curve in (observed, *null)])
    rows = {}
    for statistic, values in curves.items():
        own = float(values.to_numpy()[0])
        # Equal up to rounding is equal: a mirrored data set gives the same size with other last digits.
        reached = values >= own - 1e-9 * abs(own)
        largest = values >= values.max() - 1e-9 * abs(values.max())
        rows[statistic] = {
            "observed": own,
            "as_extreme": int(reached.sum()) - 1,
            "curves": len(values),
            "p_value": float(reached.mean()),
            "smallest_p": float(largest.mean()),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("statistic")


def _statistics(curve: pd.DataFrame) -> dict[str, float]:
    found = _estimated(curve)
    median = float(found["estimate"].median())
    clear = int(_clear(found, np.sign(median)).sum())
    return {"median": abs(median), "share significant": clear / len(curve)}


def _clear(found: pd.DataFrame, side: float) -> "pd.Series[bool]":
    """Whether each interval excludes 0 on the side given."""
    return (found["low"] > 0) & (side > 0) | (found["high"] < 0) & (side < 0)


def _estimated(results: pd.DataFrame) -> pd.DataFrame:
    """Return the specifications that gave an estimate."""
    found = _checked(results)[results["failure"] == ""]
    if found.empty:
        first = next(iter(results["failure"])) if len(results) else "there are none"
        raise ValueError(f"every specification failed; the first: {first}")
    return found


def _checked(results: pd.DataFrame) -> pd.DataFrame:
    if not isinstance(results, pd.DataFrame):
        raise ValueError(f"results are a {type(results).__name__}: give what `run_specifications` returns")
    if lacking := {"id", *RESULTS} - set(results):
        raise ValueError(f"no column {min(lacking)!r}: give what `run_specifications` returns")
    return results
