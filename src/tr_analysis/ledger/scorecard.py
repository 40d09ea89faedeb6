"""The scorecard: which published numbers this study gives back, from what it holds."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from tr_analysis.data.checks import bare_figure, can_evaluate, evaluate
from tr_analysis.data.fields import Frames

DIGIT, TOLERANCE, CONFIRMED = (
    "reproduced to the printed digit",
    "reproduced within a stated tolerance",
    "printed alike elsewhere",
)
PART, DISPUTED = "reproduced in part", "printed otherwise elsewhere"
CONTRADICTED, MISSING, QUALITATIVE = "contradicted", "input not held", "qualitative"
REPRODUCED = (DIGIT, TOLERANCE)
STATUSES = (DIGIT, TOLERANCE, PART, CONFIRMED, DISPUTED, CONTRADICTED, MISSING, QUALITATIVE)


def scorecard(
    targets: pd.DataFrame,
    values: pd.DataFrame,
    frames: Frames,
    *,
    recipes: pd.DataFrame | None = None,
    official: Frames | None = None,
) -> pd.DataFrame:
    """Work out every printed number that has a recipe, and say how near it comes.

    Parameters
    ----------
    targets, values, frames
        The tables `replication_targets` and `replication_target_values`; the tables that the recipes name, key
        numbers of chapters as ``results``.
    recipes, official
        The table `official_recipes`, and the tables that it names (`official.store.recipe_tables`). A recipe of it
        replaces the other where everything that it names is held; without official tables none does.

    Returns
    -------
    DataFrame
        One row a printed number (one row without, for a result in words): the columns of both tables that say
        what it is, and printed, computed, difference and status. A number is given back to the printed digit
        when the computed one lies within half a unit of its last digit. A recipe that only quotes another
        source's figure can confirm or dispute a number, but reproduces nothing.

    Raises
    ------
    ValueError
        Naming the number whose recipe cannot be worked out, or quotes the number's own source.
    """
    rows = targets.drop(columns=["note", "unit", "period", "method"]).merge(values, "left", on="target_id")
    rows = _with_official(rows.rename(columns={"value": "printed"}), recipes, official or {})
    computed = [_computed(row, {**frames, **(official or {})}) for row in rows.to_dict("records")]
    out = rows.assign(computed=computed, difference=computed - rows["printed"])
    return out.assign(status=[_status(row) for row in out.to_dict("records")])


def _with_official(rows: pd.DataFrame, recipes: pd.DataFrame | None, official: Frames) -> pd.DataFrame:
    """Take the official recipe of each number for which the official tables hold what it names."""
    if recipes is None or not official:
        return rows
    able = recipes[[can_evaluate(recipe, official) for recipe in recipes["recipe"]]]
    place = ["target_id", "position"]
    found = rows[place].merge(able, "left", on=place).set_axis(rows.index)
    taken = found["recipe"].notna()
    own = {part: rows[part].mask(taken, found[part]) for part in ("recipe", "tolerance", "why")}
    return rows.assign(**own)


def _computed(row: Mapping[Any, Any], frames: Frames) -> float:
    """Work out one number by its recipe."""
    if not isinstance(row["recipe"], str):
        return np.nan
    place = f"{row['target_id']}, number {row['position']}"
    if figure := bare_figure(row["recipe"]):
        figures = frames["published_figures"]
        if row["source_id"] in set(figures.loc[figures["figure_id"] == figure, "source_id"]):
            rule = "no recipe can be one figure copied"
            raise ValueError(f"{place}: {figure} is the same source's own number: {rule}")
    try:
        return evaluate(row["recipe"], frames)
    except ValueError as error:
        raise ValueError(f"{place}: {error}") from None


def _status(row: Mapping[Any, Any]) -> str:
    if row["aim"] == "qualitative":
        return QUALITATIVE
    if np.isnan(row["computed"]):
        return MISSING
    away, quoted = abs(row["difference"]) - 1e-9, bare_figure(row["recipe"])
    if away <= row["printed_to"] / 2:
        return CONFIRMED if quoted else DIGIT
    if away <= row["tolerance"]:  # false where there is none, which is not a number
        return TOLERANCE
    return DISPUTED if quoted else CONTRADICTED


def standings(card: pd.DataFrame) -> pd.DataFrame:
    """Sort the published results of a `scorecard`, each by its numbers.

    Returns
    -------
    DataFrame
        One row a result: target_id, claim, aim, input_needed, access, status. A result is contradicted if
        one of its numbers is; reproduced if all are, the weakest way deciding; in part if some are.
    """
    return pd.DataFrame([_standing(str(name), rows) for name, rows in card.groupby("target_id")])


def _standing(name: str, rows: pd.DataFrame) -> dict[str, Any]:
    found, back = set(rows["status"]), rows["status"].isin(REPRODUCED)
    if CONTRADICTED in found:
        status = CONTRADICTED
    elif back.all():
        status = TOLERANCE if TOLERANCE in found else DIGIT
    elif back.any():
        status = PART
    else:
        status = next(s for s in STATUSES if s in found)
    about = {what: rows[what].array[0] for what in ("claim", "aim", "input_needed", "access")}  # alike in all
    return {"target_id": name, **about, "status": status}
