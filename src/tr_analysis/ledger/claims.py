"""The ledger of claims: each claim's number, the bounds it is held against, and the verdict that follows."""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from tr_analysis.data.checks import evaluate
from tr_analysis.data.fields import Frames
from tr_analysis.estimators.proportions import upper_bound_zero
from tr_analysis.report.tables import number_text

_PARTS = ("number", "low", "high")
_SLOT = re.compile(r"\{([^{}|]+)\|(\d)\}")


def samples(claims: pd.DataFrame) -> pd.DataFrame:
    """Say what the samples that claims speak of can show.

    Of the table of claims, rows with a denominator are used; a percentage without a count gives the nearest one.

    Returns
    -------
    DataFrame
        claim_id, count, n, and in percent: estimate, low and high (Clopper and Pearson, 95%), upper (the
        one-sided 95% bound where nothing was found) and half_width (half the Wald interval at one half).
    """
    rows = claims[claims["denominator"].notna() & claims["kind"].isin(["proportion", "context"])]
    n = rows["denominator"].astype(int)
    count = rows["count"].astype(float).fillna((rows["value"] * n / 100).round())
    count = count.where(rows["kind"] == "proportion")
    low, high = proportion_confint(count, n, alpha=0.05, method="beta")
    return pd.DataFrame(
        {
            "claim_id": rows["claim_id"],
            "count": count,
            "n": n,
            "estimate": 100 * count / n,
            "low": 100 * np.where(count == 0, 0, low),
            "high": 100 * np.where(count == n, 1, high),
            "upper": [100 * upper_bound_zero(m) if k == 0 else np.nan for k, m in zip(count, n, strict=True)],
            "half_width": 100 * 1.96 * np.sqrt(0.25 / n),
        }
    ).reset_index(drop=True)


def claim_verdicts(ledger: pd.DataFrame, frames: Frames) -> pd.DataFrame:
    """Work out the verdict on every claim.

    A row of the table `claim_verdicts` with bounds is decided by them: ``inside`` if its number lies within ``low``
    and ``high`` (an empty bound is none), else ``outside``. A row without is argued: its ``verdict`` stands.

    Returns
    -------
    DataFrame
        The ledger with number, low and high worked out from the frames that its expressions name, verdict filled,
        ``decided`` (by rule, argued) and the numbers in ``why`` filled in.

    Raises
    ------
    ValueError
        Naming the claim whose expression cannot be worked out.
    """
    return pd.DataFrame([_judged(row, frames) for row in ledger.to_dict("records")])


def aim_numbers(aims: pd.DataFrame, frames: Frames) -> pd.DataFrame:
    """Work out the number nearest to each stated aim of the table `claim_aims`, and the numbers in its reason."""
    return pd.DataFrame([_filled(row, "aim", frames) for row in aims.to_dict("records")])


def _judged(row: Mapping[Any, Any], frames: Frames) -> dict[str, Any]:
    filled = _filled(row, "claim_id", frames)
    number, low, high = (filled[part] for part in _PARTS)
    ruled = not (np.isnan(low) and np.isnan(high))
    if ruled and np.isnan(number):
        raise ValueError(f"{row['claim_id']}: bounds without a number; give one, or argue the verdict")
    within = (np.isnan(low) or number >= low - 1e-9) and (np.isnan(high) or number <= high + 1e-9)
    verdict = (row["inside"] if within else row["outside"]) if ruled else row["verdict"]
    return {**filled, "verdict": verdict, "decided": "by rule" if ruled else "argued"}


def _filled(row: Mapping[Any, Any], key: str, frames: Frames) -> dict[str, Any]:
    """Work out the expressions of a row, and fill the numbers into its reason."""
    try:
        given = {part: row[part] for part in _PARTS if part in row}
        worked = {p: evaluate(e, frames) if isinstance(e, str) else np.nan for p, e in given.items()}
        why = _SLOT.sub(lambda slot: _shown(slot[1], int(slot[2]), worked, frames), row["why"])
    except ValueError as error:
        raise ValueError(f"{row[key]}: {error}") from None
    return {**row, **worked, "why": why}


def _shown(expression: str, places: int, worked: Mapping[str, float], frames: Frames) -> str:
    number = worked[expression] if expression in worked else evaluate(expression, frames)
    return number_text(f"{{:,.{places}f}}", number)
