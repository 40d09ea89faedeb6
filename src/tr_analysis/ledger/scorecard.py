"""The ledger of claims and the scorecard of published results: each one's numbers worked out, and judged."""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from tr_analysis.data.expressions import bare_figure, can_evaluate, evaluate, names_in, sources_of
from tr_analysis.data.fields import Frames
from tr_analysis.report.tables import number_text

_PARTS = ("number", "low", "high")
SUPPORTED, NOT_CHECKABLE = "supported", "not checkable"
_SLOT = re.compile(r"\{([^{}|]+)\|(\d)\}")


def samples(claims: pd.DataFrame) -> pd.DataFrame:
    """Say what the samples that claims speak of can show.

    Of the table of claims, rows with a denominator are used; a percentage without a count gives the nearest one.

    Returns
    -------
    DataFrame
        claim_id, count, n, and in percent: estimate, low and high (Clopper and Pearson, 95%), upper (the
        one-sided 95% bound where nothing was found) and half_width (half the Wald interval at one half); document
        and source_ids, where the claim stands.
    """
    # Heavy, and not for the home page, which reads results only.
    from statsmodels.stats.proportion import proportion_confint

    from tr_analysis.estimators.proportions import upper_bound_zero

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
            **{where: rows[where] for where in ("document", "source_ids")},
        }
    ).reset_index(drop=True)


def claim_verdicts(ledger: pd.DataFrame, frames: Frames) -> pd.DataFrame:
    """Work out the verdict on every claim.

    A row of the table `claim_verdicts`, one an aspect of a claim, with bounds is decided by them: ``inside`` if its
    number lies within ``low`` and ``high`` (an empty bound is none), else ``outside``. A row without is argued: its
    ``verdict`` stands. Refused are a rule that could not both support and contradict, a number that stands in its own
    bounds too, and any verdict but not checkable on a number that was read only where the claim itself stands.

    Returns
    -------
    DataFrame
        The ledger with number, low and high worked out from the frames that its expressions name, verdict filled,
        ``decided`` (by rule, argued) and the numbers in ``why`` filled in.

    Raises
    ------
    ValueError
        Naming the claim whose expression cannot be worked out, or whose verdict is refused.
    """
    return pd.DataFrame([_judged(row, frames) for row in ledger.to_dict("records")])


def aim_numbers(aims: pd.DataFrame, frames: Frames) -> pd.DataFrame:
    """Work out the number nearest to each stated aim of the table `claim_aims`, and the numbers in its reason."""
    return pd.DataFrame([_filled(row, "aim", frames) for row in aims.to_dict("records")])


def fill(text: str, frames: Frames, worked: Mapping[str, float] | None = None) -> str:
    """Fill in the numbers that a text names in braces, such as ``{F0074|0}``, with so many decimals.

    ``worked`` gives numbers that it may name beside the expressions over the frames.

    Raises
    ------
    ValueError
        Naming the expression that cannot be worked out.
    """
    known = worked or {}

    def shown(slot: re.Match[str]) -> str:
        number = known[slot[1]] if slot[1] in known else evaluate(slot[1], frames)
        return number_text(f"{{:,.{slot[2]}f}}", number)

    return _SLOT.sub(shown, text)


def _judged(row: Mapping[Any, Any], frames: Frames) -> dict[str, Any]:
    filled = _filled(row, "claim_id", frames)
    number, low, high = (filled[part] for part in _PARTS)
    ruled = not (np.isnan(low) and np.isnan(high))
    if ruled:
        _check_rule(row, number)
    within = (np.isnan(low) or number >= low - 1e-9) and (np.isnan(high) or number <= high + 1e-9)
    verdict = (row["inside"] if within else row["outside"]) if ruled else row["verdict"]
    if verdict != NOT_CHECKABLE and isinstance(row["number"], str):
        _check_independent(row, frames)
    return {**filled, "verdict": verdict, "decided": "by rule" if ruled else "argued"}


def _check_rule(row: Mapping[Any, Any], number: float) -> None:
    """Refuse bounds that decide nothing."""
    if np.isnan(number):
        raise ValueError(f"{row['claim_id']}: bounds without a number; give one, or argue the verdict")
    if {row["inside"], row["outside"]} != {SUPPORTED, CONTRADICTED}:
        raise ValueError(
            f"{row['claim_id']}: its rule must support the claim on one side of its bounds and contradict it on the "
            "other; give both verdicts, or argue the verdict"
        )
    bounds = {name for part in ("low", "high") if isinstance(row[part], str) for name in names_in(row[part])}
    if twice := [name for name in names_in(row["number"]) if name in bounds]:
        raise ValueError(
            f"{row['claim_id']}: {twice[0]} stands in the number and in its bounds; take it out of one of them"
        )


def _check_independent(row: Mapping[Any, Any], frames: Frames) -> None:
    """Refuse a number that was read nowhere but where the claim stands: it would only be the claim once more."""
    own = sources_of(f"claims[claim_id={row['claim_id']}].rows", frames)
    if sources_of(row["number"], frames) <= own:
        raise ValueError(
            f"{row['claim_id']}: its number was read only where the claim itself stands ({', '.join(sorted(own))}); "
            f"give a number from another source, or call the claim {NOT_CHECKABLE}"
        )


def _filled(row: Mapping[Any, Any], key: str, frames: Frames) -> dict[str, Any]:
    """Work out the expressions of a row, and fill the numbers into its reason."""
    try:
        given = {part: row[part] for part in _PARTS if part in row}
        worked = {p: evaluate(e, frames) if isinstance(e, str) else np.nan for p, e in given.items()}
        why = fill(row["why"], frames, worked)
    except ValueError as error:
        raise ValueError(f"{row[key]}: {error}") from None
    return {**row, **worked, "why": why}


DIGIT, TOLERANCE, CONFIRMED = (
    "reproduced to the printed digit",
    "reproduced within a stated tolerance",
    "matched by a second source",
)
PART, DISPUTED = "reproduced in part", "differs in a second source"
CONTRADICTED, MISSING, QUALITATIVE = "contradicted", "input could not be obtained", "a result in words"
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
    """Sort the published results of a `scorecard`, each by its numbers: target_id, claim, aim, input_needed, access, status.

    A result is contradicted if one of its numbers is; reproduced if all are, the weakest way deciding; in part if some
    are.
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
