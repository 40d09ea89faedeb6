"""Charts of units beside each other (a funnel, rows, one measure against another) and the tables that go with them."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from tr_analysis.estimators.funnel import Dispersion, exact_limits, widened_limits
from tr_analysis.order import in_order
from tr_analysis.report.charts.draw import ALL, CRC, MUTED, NPS, legend_below

_CURVE = 120  # sizes at which the limits of a funnel are worked out
_LONGEST_NAME = 30


def funnel_plot(
    axes: Axes, units: pd.DataFrame, successes: str, trials: str, spread: Dispersion, *, unit: str
) -> None:
    """Draw the shares of units by size, in per cent, between the limits of chance and those of over-dispersion.

    There is one row per unit, with columns of counts named as `funnel` takes them; ``spread`` is from `dispersion` of
    the same units; ``unit`` is what one unit is called, such as ``"CRC"``.
    """
    sizes = units[trials]
    grid = np.unique(np.geomspace(0.85 * sizes.min(), 1.15 * sizes.max(), _CURVE).round())
    chance = exact_limits(spread.target, grid)
    wider = widened_limits(spread.target, grid, tau2=spread.tau2)
    for ends, colour, words, style in ((chance, NPS, "chance", "-"), (wider, ALL, "over-dispersion", "--")):
        axes.plot(ends["trials"], 100 * ends["low"], color=colour, lw=1.5, ls=style)
        axes.plot(
            ends["trials"], 100 * ends["high"], color=colour, lw=1.5, ls=style, label=f"95% limits, {words}"
        )
    axes.plot(sizes, 100 * units[successes] / sizes, "o", color=CRC, ms=7, label=f"one {unit}")
    axes.axhline(100 * spread.target, color=MUTED, lw=1, label=f"all {unit}s")
    axes.set_xscale("log")
    ticks = (step * 10**power for power in range(2, 7) for step in (1, 3))
    axes.set_xticks([tick for tick in ticks if grid[0] < tick < grid[-1]])
    axes.minorticks_off()
    axes.xaxis.set_major_formatter("{x:,.0f}")
    legend_below(axes)


def shrinkage_plot(axes: Axes, shrunken: pd.DataFrame, mean: float) -> None:
    """Draw a row for each unit, lowest estimate first: observed share, estimate drawn towards the mean, interval.

    The rows are from `shrink`, indexed by the name of the unit; a line stands at the mean, the share of all units.
    """
    name = str(shrunken.index.name)
    shown = 100 * in_order(shrunken[["observed", "estimate", "low", "high"]], "estimate", name)
    rows = range(len(shown))
    axes.hlines(rows, shown["low"], shown["high"], color=CRC, lw=2)
    axes.plot(shown["observed"], rows, "|", color=ALL, ms=11, mew=2, label="observed")
    axes.plot(shown["estimate"], rows, "o", color=CRC, ms=6, label="drawn towards the mean, 95% interval")
    axes.axvline(100 * mean, color=MUTED, lw=1)
    axes.set_yticks(list(rows), [_short(str(unit)) for unit in shown.index])
    axes.invert_yaxis()
    legend_below(axes, ncols=1)


def slopes_plot(axes: Axes, x: pd.Series, y: pd.Series, slopes: dict[str, float]) -> None:
    """Draw one dot a unit, and lines through the means with so many slopes, the first of them solid, each by name."""
    axes.plot(x, y, "o", color=CRC, ms=7)
    ends = np.array([x.min(), x.max()])
    looks = ((CRC, "-"), (NPS, "--"), (ALL, ":"))
    for (words, slope), (colour, style) in zip(slopes.items(), looks, strict=True):
        axes.plot(ends, y.mean() + slope * (ends - x.mean()), color=colour, lw=2, ls=style, label=words)
    legend_below(axes, ncols=1)


def quadrant_plot(axes: Axes, x: pd.Series, y: pd.Series) -> None:
    """Draw one dot a unit in the four quarters that two lines at nought make."""
    axes.plot(x, y, "o", color=CRC, ms=7)
    axes.axhline(0, color=MUTED, lw=1)
    axes.axvline(0, color=MUTED, lw=1)


def rank_rows(ranks: pd.DataFrame, together: pd.DataFrame, trials: str, heading: str) -> pd.DataFrame:
    """Lay out `rank_intervals` and `simultaneous_ranks`, lowest share first; ``heading`` says what a unit is."""
    name = str(ranks.index.name)
    rows = ranks.join(together[["low", "high"]].add_suffix("_of_all"))
    columns = [name, trials, "rank", "low", "high", "low_of_all", "high_of_all"]
    headings = [
        heading,
        "People",
        "Mean rank",
        "Lowest",
        "Highest",
        "Lowest, all at once",
        "Highest, all at once",
    ]
    return in_order(rows, "rank", name).reset_index()[columns].set_axis(headings, axis=1)


def flag_rows(counts: Mapping[str, Mapping[str, int]], *, official: bool) -> pd.DataFrame:
    """Lay out `flag_counts` by cohort, with the official flags beside them or without."""
    words = {"tested": "Tested", "won": "Won", "lost": "Lost", "by_holm": "Either, by Holm"}
    words |= {"by_benjamini_hochberg": "Either, by Benjamini-Hochberg"}
    if official:
        words |= {"official": "Official flags", "official_won": "Won, officially"}
        words |= {"official_lost": "Lost, officially", "alike": "Flags alike"}
    rows = [{"Cohort": cohort, **{words[name]: of[name] for name in words}} for cohort, of in counts.items()]
    return pd.DataFrame(rows)


def cluster_rows(tests: pd.DataFrame, unit: str) -> pd.DataFrame:
    """Lay out `few_clusters`, an end without bound as missing; ``unit`` is that of the difference."""
    rows = tests[["method", "estimate", "low", "high", "p_value", "note"]].replace([np.inf, -np.inf], np.nan)
    return rows.set_axis(["Method", f"Difference ({unit})", "Lowest", "Highest", "p-value", "Note"], axis=1)


def identity_rows(cells: pd.DataFrame) -> pd.DataFrame:
    """Lay out `adjustment_identity` by cohort: tested, reproduced, the largest difference and what rounding allows."""
    by_cohort = cells.assign(far=cells["residual"].abs()).groupby("cohort", sort=False)
    parts = {
        "n": ("holds", "size"),
        "same": ("holds", "sum"),
        "far": ("far", "max"),
        "most": ("tolerance", "max"),
    }
    headings = [
        "Cohort",
        "Tested",
        "Reproduced",
        "Largest difference (points)",
        "Allowed by rounding (points)",
    ]
    return by_cohort.agg(**parts).reset_index().set_axis(headings, axis=1)


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name.split(',')[0]} and others"
