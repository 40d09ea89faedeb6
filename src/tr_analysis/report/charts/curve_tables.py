"""The tables beside a specification curve: by option, its ends, what was left out, and joint tests."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from tr_analysis.estimators.specification import marginals
from tr_analysis.order import in_order

Words = Mapping[str, Mapping[Any, str]]
"""Words of each option by choice, as `specification_curve` takes them."""
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


def option_rows(results: pd.DataFrame, names: Mapping[str, str], words: Words) -> pd.DataFrame:
    """Lay out median and range of a curve by option, in per cent.

    Parameters
    ----------
    results
        From `run_specifications`.
    names
        Name of each choice.
    words
        The choices shown, and the words of their options.

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
    found = in_order(results[results["failure"] == ""], "estimate", "id")
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


def excluded_rows(excluded: pd.DataFrame) -> pd.DataFrame:
    """Count the combinations left out of a grid by their reason, the most first."""
    counted = excluded.groupby("reason").size().rename_axis("Reason").reset_index(name="Combinations")
    return in_order(counted, "Combinations", "Reason", descending=["Combinations"])


def joint_test_rows(tests: Mapping[str, pd.DataFrame], heading: str) -> pd.DataFrame:
    """Lay out several joint tests below each other, under a heading that says what each is."""
    rows = pd.concat(tests, names=[heading]).reset_index()
    return rows[[heading, *_TESTS]].rename(columns=_TESTS)


def _title(name: str) -> str:
    return name.removeprefix("the ").capitalize()
