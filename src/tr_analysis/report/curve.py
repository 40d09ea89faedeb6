"""The specification curve: its chart, estimates above and the choices behind each below, and the tables beside it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from tr_analysis.estimators.specification import marginals
from tr_analysis.order import in_order
from tr_analysis.report import charts

Words = Mapping[str, Mapping[Any, str]]
"""Words of each option by choice, both in the order in which they are drawn from the top."""
CLEAR = "Clear of zero, on the median's side (%)"
P_VALUES = dict.fromkeys(["p-value", "Smallest possible"], "{:.3f}")
"""Formats of the table of `joint_test_rows`."""
_TESTS = {
    "statistic": "Statistic",
    "curves": "Curves (n)",
    "as_extreme": "As extreme",
    "p_value": "p-value",
    "smallest_p": "Smallest possible",
}


def specification_curve(
    top: Axes,
    bottom: Axes,
    results: pd.DataFrame,
    words: Words,
    *,
    names: Mapping[str, str],
    main: str = "",
    main_words: str = "",
) -> pd.DataFrame:
    """Draw the results of `run_specifications`, and return what is drawn, in its order, to publish beside the chart.

    Estimates rise from left to right. The colour of an interval says whether it lies above 0, below it, or
    includes it; the marks below, one row an option, repeat it. What failed is not drawn.

    Parameters
    ----------
    top, bottom
        Axes below each other that share x, such as ``canvas(7, rows=2, sharex=True)`` gives.
    words
        The choices drawn; an option that is not in the results gets no row.
    names
        What each choice is called, in a row above its options.
    main, main_words
        Id of a specification to point out, such as that of another chapter, and what to write beside it.

    Raises
    ------
    ValueError
        If nothing was estimated, a choice is not in the results, or one of its options has no words.
    """
    drawn = _rising(results).reset_index(drop=True)
    if drawn.empty:
        raise ValueError("every specification failed: there is no curve to draw")
    colours = np.select([drawn["low"] > 0, drawn["high"] < 0], [charts.CRC, charts.NPS], charts.MUTED)
    width = min(5.0, 200 / len(drawn))
    for colour in dict.fromkeys(colours):
        of = drawn[colours == colour]
        top.plot(*_segments(of.index, of["low"], of["high"]), color=colour, lw=max(0.8, 0.4 * width))
    place = drawn.index, drawn["estimate"]
    top.plot(*place, color=charts.ALL, zorder=3, ls="none", marker="o", ms=width, mec="white", mew=0.6)
    top.axhline(0, color=charts.ALL, lw=1)
    _marks(bottom, drawn, words, colours, names)
    for place in drawn.index[drawn["id"] == main]:
        charts.mark([top, bottom], {place: main_words})
    top.set_xlim(-0.02 * len(drawn) - 0.5, 1.02 * len(drawn) - 0.5)
    return drawn


def _rising(results: pd.DataFrame) -> pd.DataFrame:
    return in_order(results[results["failure"] == ""], "estimate", "id")


def _segments(x: Any, low: Any, high: Any) -> tuple[Any, Any]:
    """Return places of upright segments as one line with gaps: a hundredth of the size of as many lines."""
    gaps = np.full(len(x), np.nan)
    return np.column_stack([x, x, gaps]).ravel(), np.column_stack([low, high, gaps]).ravel()


def _marks(axes: Axes, drawn: pd.DataFrame, words: Words, colours: Any, names: Mapping[str, str]) -> None:
    """Draw one row of marks for each option, the name of its choice above; every other choice on a grey ground."""
    labels: list[str] = []
    marked: dict[str, list[tuple[Any, Any, Any]]] = {colour: [] for colour in dict.fromkeys(colours)}
    for number, (choice, options) in enumerate(words.items()):
        if choice not in drawn:
            raise ValueError(f"no choice {choice!r} in the results to draw")
        if bare := set(drawn[choice]) - set(options):
            raise ValueError(f"{choice}={sorted(map(str, bare))[0]} has no words: give each option its own")
        first = len(labels)
        labels.append(f"{_title(names[choice])}:")
        for option in (option for option in options if (drawn[choice] == option).any()):
            for colour, parts in marked.items():
                chosen = np.flatnonzero((drawn[choice] == option).to_numpy() & (colours == colour))
                parts.append((chosen - 0.4, chosen + 0.4, np.full(len(chosen), len(labels))))
            labels.append(options[option])
        if number % 2 == 0:
            axes.axhspan(first - 0.5, len(labels) - 0.5, color="#F0F0F0", lw=0, zorder=0)
    for colour, parts in marked.items():
        begin, end, row = map(np.concatenate, zip(*parts, strict=True))
        y, x = _segments(row, begin, end)
        axes.plot(x, y, color=colour, lw=7, solid_capstyle="butt")
    _name_rows(axes, labels)


def _name_rows(axes: Axes, labels: list[str]) -> None:
    """Name the rows from the top down; those of choices, which end in a colon, in bold."""
    axes.set_yticks(range(len(labels)), labels)
    for label in axes.get_yticklabels():
        label.set_fontweight("bold" if label.get_text().endswith(":") else "normal")
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.grid(visible=False)
    axes.set_xticks([])


def option_rows(results: pd.DataFrame, names: Mapping[str, str], words: Words) -> pd.DataFrame:
    """Lay out median and range of a curve by option of the choices that have words, in per cent.

    Returns
    -------
    pandas.DataFrame
        Choice, Option, Specifications (n), Median (%), lowest, highest and `CLEAR`.
    """
    rows = marginals(results).reset_index()
    rows = rows[rows["choice"].isin(list(words))]
    pairs = list(zip(rows["choice"], rows["option"], strict=True))
    return pd.DataFrame(
        {
            "Choice": [_title(names[choice]) for choice, _ in pairs],
            "Option": [words[choice][option] for choice, option in pairs],
            "Specifications (n)": rows["specifications"].to_list(),
            "Median (%)": rows["median"].to_list(),
            "lowest": rows["lowest"].to_list(),
            "highest": rows["highest"].to_list(),
            CLEAR: (100 * rows["significant"]).to_list(),
        }
    )


def extreme_rows(results: pd.DataFrame, names: Mapping[str, str], words: Words, *, each: int) -> pd.DataFrame:
    """Lay out the lowest and the highest estimates of a curve, so many of each, with their choices in words."""
    found = _rising(results)
    shown = pd.concat([found.head(each), found.tail(each)])
    options = {_title(names[choice]): shown[choice].map(words[choice]) for choice in words}
    return pd.DataFrame(options).join(shown[["estimate", "low", "high"]])


def option_style(decimals: int) -> dict[str, Any]:
    """Return how `findings.table` shows `option_rows`, estimates with so many decimals."""
    signed = dict.fromkeys(["Median (%)", "lowest", "highest"], f"{{:+.{decimals}f}}")
    intervals = {"Lowest to highest (%)": ("lowest", "highest")}
    return {"by": "Choice", "formats": {**signed, CLEAR: "{:.0f}"}, "intervals": intervals}


def extreme_style(decimals: int) -> dict[str, Any]:
    """Return how `findings.table` shows `extreme_rows`, estimates with so many decimals."""
    ends = ["estimate", "low", "high"]
    return {"formats": dict.fromkeys(ends, f"{{:.{decimals}f}}"), "intervals": {"Estimate (%)": ends}}


def joint_test_rows(tests: Mapping[str, pd.DataFrame], heading: str) -> pd.DataFrame:
    """Lay out several joint tests below each other, under a heading that says what each is."""
    rows = pd.concat(tests, names=[heading]).reset_index()
    return rows[[heading, *_TESTS]].rename(columns=_TESTS)


def _title(name: str) -> str:
    return name.removeprefix("the ").capitalize()
