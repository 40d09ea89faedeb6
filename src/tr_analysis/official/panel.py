"""The official results as a panel, a row a provider and cohort, and all providers of a kind together."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tr_analysis.data.periods import month_range
from tr_analysis.errors import DataError, Problem
from tr_analysis.official.layouts import BASELINE_OF, COUNTS, DIFFERENCES, RESULTS
from tr_analysis.official.parsing import DATA
from tr_analysis.order import in_order
from tr_analysis.simulated import origin_of

NUMERIC = tuple(column for column, unit in RESULTS.columns.items() if unit != "test")
SUMMARY = ["cohort", "provider_type", "measure", "value"]
_FIRST_YEAR = ("2015Q4", "2016Q1", "2016Q2", "2016Q3")
YEARS = {"2015Q4 to 2016Q1": _FIRST_YEAR[:2], "2015Q4 to 2016Q3": _FIRST_YEAR}
"""Periods whose results are printed about, and the quarters that they are made of."""

_STAGES = {"interim": 0, "final": 2}  # what does not say which it is lies between


@dataclass(frozen=True)
class Panel:
    """The cleaned panel, one row a provider and cohort, and what it lacks, in words by cohort and provider.

    Beside what the table of results has, the frame has first_month, owner (at the cohort's first month), owner_later
    (whether an owner after the first one), derived (columns worked out from others of the row) and origin ("official"
    or "simulated"). A gap without a provider is of the whole cohort; none is filled in.
    """

    frame: pd.DataFrame
    gaps: pd.DataFrame


def first_month(cohort: str) -> pd.Period:
    """Return the first month of a cohort as the study writes it: ``2015Q4``, ``2015Q4 to 2016Q3``."""
    months = month_range(cohort)
    if months is None:
        rule = "no cohort; write it such as 2015Q4 or 2015Q4 to 2016Q3"
        raise DataError([Problem("crc_results", rule, None, "cohort", cohort)])
    return months.first


def panel(
    results: pd.DataFrame,
    providers: pd.DataFrame,
    baselines: pd.DataFrame | None = None,
    *,
    kind: str = "CRC",
) -> Panel:
    """Clean the tidy results to one row a provider and cohort.

    Of each cohort one release is kept whole: the final results before interim ones, and of these the latest release,
    because a revision replaces what it revises. The other kind of provider (CRC or NPS) is left out. A baseline that
    the results lack is taken from the table ``crc_baselines``, the difference from its two parts. Nothing else is
    added.
    """
    known = providers[providers["provider_type"] == kind]
    own = _one_release(results[results["provider_type"] == kind])
    own["first_month"] = pd.PeriodIndex([first_month(c) for c in own["cohort"]], freq="M")
    own = _derived(_with_baselines(owned(own, known), baselines))
    own = own.assign(origin=origin_of(results) or "official")
    own = in_order(own, "first_month", "cohort_type", "cohort", "provider").reset_index(drop=True)
    return Panel(own, _gaps(own, known["provider"]))


def _one_release(own: pd.DataFrame) -> pd.DataFrame:
    """Keep one release of each cohort whole."""
    stage = own["stage"].map(_STAGES).fillna(1).astype(int)
    known = own.assign(_stage=stage, release=own["release"].fillna(""))  # none where no name says it
    ranked = in_order(known, "_stage", "release", "cohort", "provider", "file", "row")
    last = ranked.groupby("cohort")[["_stage", "release"]].transform("last")
    return ranked[(ranked[["_stage", "release"]] == last).all(axis=1)].drop(columns="_stage").sort_index()


def owned(own: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Add to rows of provider and first_month who owned each when the cohort began: owner and owner_later.

    A later owner without a date in the table ``providers`` is not taken.
    """
    named = known.set_index("provider")
    since = own["provider"].map(named["later_owner_from"])
    changed = [pd.notna(s) and m >= s for s, m in zip(since, own["first_month"], strict=True)]
    later = pd.Series(changed, own.index, dtype=bool)
    owner = own["provider"].map(named["owner"]).mask(later, own["provider"].map(named["later_owner"]))
    return own.assign(owner=owner, owner_later=later)


def _with_baselines(own: pd.DataFrame, baselines: pd.DataFrame | None) -> pd.DataFrame:
    """Take the baselines that the results lack from the table of baselines."""
    if baselines is None or baselines.empty:
        return own
    rows = latest_baselines(baselines).set_index("provider").reindex(own["provider"]).set_axis(own.index)
    for printed, column in BASELINE_OF.items():
        if column in RESULTS.columns:
            own[column] = own[column].astype(float).fillna(rows[printed].astype(float))
    return own


def latest_baselines(baselines: pd.DataFrame) -> pd.DataFrame:
    """Return the baseline of each provider in the latest release that has one."""
    return in_order(baselines, "release", "provider").groupby("provider").tail(1)


def _derived(own: pd.DataFrame) -> pd.DataFrame:
    """Work out differences from their parts where the table does not print them, and say so."""
    own["derived"] = ""
    for column, (rate, baseline) in DIFFERENCES.items():
        change = own[rate].astype(float) - own[baseline].astype(float)
        added = own[column].isna() & change.notna()
        own[column] = own[column].astype(float).mask(added, change)
        own["derived"] = own["derived"].mask(added, (own["derived"] + f" {column}").str.strip())
    return own


def _gaps(own: pd.DataFrame, known: "pd.Series[str]") -> pd.DataFrame:
    """Name what is missing: providers without a row, columns without a value, and why where the table says it."""
    rows: list[tuple[str, str, str]] = []
    for cohort, there in own.groupby("cohort", sort=False):
        rows += [(str(cohort), name, "no row") for name in known if name not in set(there["provider"])]
        empty = [column for column in (*NUMERIC, "significance") if there[column].isna().all()]
        if empty:
            rows.append((str(cohort), "", f"not in the table: {', '.join(empty)}"))
        if (there["stage"] == "interim").all():
            rows.append((str(cohort), "", "interim results only: not everybody was followed to the end"))
        for row in there.to_dict("records"):
            lost = [c for c in NUMERIC if c not in empty and pd.isna(row[c])]
            told = set(str(row["suppressed"]).split())
            for what, columns in (("suppressed", told & set(lost)), ("missing", set(lost) - told)):
                if columns:
                    rows.append((str(cohort), row["provider"], f"{what}: {', '.join(sorted(columns))}"))
    return pd.DataFrame(rows, columns=["cohort", "provider", "what"])


def with_years(frame: pd.DataFrame) -> pd.DataFrame:
    """Add to the rows of a panel the pooled ones of `YEARS` that the tables do not print, for providers with all of their quarters.

    Counts add; rates and differences are means weighted by offenders, frequencies by reoffenders. No flag is made.
    """
    made = [frame]
    for cohort, quarters in YEARS.items():
        rows = frame[frame["cohort"].isin(quarters)]
        there = rows.groupby("provider")["cohort"].nunique()
        rows = rows[rows["provider"].isin(there.index[there == len(quarters)])]
        if cohort not in set(frame["cohort"]) and len(rows):
            pooled = [_pooled(own) | {"provider": name} for name, own in rows.groupby("provider")]
            added = pd.DataFrame(pooled).assign(cohort=cohort, cohort_type="year", derived="pooled quarters")
            made.append(added.assign(provider_type=rows["provider_type"].max()))
    return pd.concat(made, ignore_index=True) if len(made) > 1 else frame


def _pooled(own: pd.DataFrame) -> dict[str, float]:
    """Pool rows of one provider, or of one cohort; what a part lacks is missing."""
    out = {c: own[c].astype(float).sum(skipna=False) for c in COUNTS}
    out["binary_rate"] = 100 * out["reoffenders"] / out["offenders"]
    out["frequency_rate"] = out["reoffences"] / out["reoffenders"]
    means = dict.fromkeys(("adjusted_rate", "baseline_rate", "difference"), "offenders")
    means |= dict.fromkeys(("baseline_frequency", "frequency_difference"), "reoffenders")
    return out | {column: _mean(own[column], own[weights]) for column, weights in means.items()}


def _mean(values: pd.Series, weights: pd.Series) -> float:
    weight = weights.astype(float)
    return float((values.astype(float) * weight).sum(skipna=False) / weight.sum(skipna=False))


def summary(frame: pd.DataFrame, providers: Sequence[str], *, kind: str) -> pd.DataFrame:
    """Return what all providers of a kind show together in each cohort, as the table ``pbr_results`` names it.

    A measure is there only if every provider has what it needs: 13 of the 20 that happen to be held would be no
    answer to how many of 21. Two counts of providers compare points: below the baseline at all, and on both measures.
    """
    rows = []
    for cohort, own in frame.groupby("cohort", sort=False):
        if set(own["provider"]) == set(providers):
            pooled = _pooled(own)
            found = {measure: pooled[column] for measure, column in DATA["measures"].items()}
            found |= _counts_of_providers(own) if kind == "CRC" else {}
            rows += [(str(cohort), kind, name, value) for name, value in found.items() if np.isfinite(value)]
    return pd.DataFrame(rows, columns=SUMMARY).astype({"value": float})


def _counts_of_providers(own: pd.DataFrame) -> dict[str, float]:
    """Count the providers of one cohort that did better or worse than their baseline."""
    found: dict[str, float] = {}
    if own["significance"].notna().all():
        found |= {
            measure: float((own["significance"] == flag).sum()) for measure, flag in DATA["flags"].items()
        }
    if own["difference"].notna().all():
        found["CRCs below their 2011 baseline"] = float((own["difference"] < 0).sum())
        if own["frequency_difference"].notna().all():
            both = (own["difference"] < 0) & (own["frequency_difference"] < 0)
            found["CRCs below both 2011 baselines"] = float(both.sum())
    return found


def baseline_summary(baselines: pd.DataFrame, providers: Sequence[str]) -> pd.DataFrame:
    """Return the baseline of all CRCs together, from the latest release, weighted by the people in each baseline.

    Without every one of the providers, or without the people, there is no such baseline.
    """
    rows = latest_baselines(baselines)
    rows = rows[rows["provider"].isin(providers)]
    people = rows["offenders"].astype(float)
    again = people * rows["binary_rate"].astype(float) / 100
    binary, frequency = _mean(rows["binary_rate"], people), _mean(rows["frequency_rate"], again)
    found = {"binary rate": binary, "frequency rate": frequency}
    whole = set(rows["provider"]) == set(providers)
    values = [("2011", "CRC", name, value) for name, value in found.items() if whole and np.isfinite(value)]
    return pd.DataFrame(values, columns=SUMMARY).astype({"value": float})
