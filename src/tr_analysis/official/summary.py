"""All providers of a kind together, cohort by cohort, and only where every one of them is there."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from tr_analysis.official.panel import COUNTS
from tr_analysis.order import in_order

SUMMARY = ["cohort", "provider_type", "measure", "value"]
BELOW, ABOVE = (f"CRCs significantly {side} their 2011 baseline" for side in ("below", "above"))
YEARS = {
    "2015Q4 to 2016Q1": ("2015Q4", "2016Q1"),
    "2015Q4 to 2016Q3": ("2015Q4", "2016Q1", "2016Q2", "2016Q3"),
}
"""Periods whose results are printed about, and the quarters that they are made of."""
_FLAGS = {BELOW: "significant reduction", ABOVE: "significant increase"}


def with_years(frame: pd.DataFrame) -> pd.DataFrame:
    """Add the pooled rows of `YEARS` that the tables do not print, for providers with all of their quarters.

    Counts add; rates and differences are means weighted by offenders, frequencies by reoffenders. No flag is made.

    Parameters
    ----------
    frame
        From `panel.panel`.
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
    """Pool the rows of one provider; a part that one of them lacks is missing."""
    out = {c: own[c].astype(float).sum(skipna=False) for c in COUNTS}
    out["binary_rate"] = 100 * out["reoffenders"] / out["offenders"]
    out["frequency_rate"] = out["reoffences"] / out["reoffenders"]
    for column in ("adjusted_rate", "baseline_rate", "difference"):
        out[column] = _mean(own[column], own["offenders"])
    for column in ("baseline_frequency", "frequency_difference"):
        out[column] = _mean(own[column], own["reoffenders"])
    return out


def _mean(values: pd.Series, weights: pd.Series) -> float:
    weight = weights.astype(float)
    return float((values.astype(float) * weight).sum(skipna=False) / weight.sum(skipna=False))


def summary(frame: pd.DataFrame, providers: Sequence[str], *, kind: str) -> pd.DataFrame:
    """Return what all providers of a kind show together in each cohort, as the table ``pbr_results`` names it.

    A measure is there only if every provider has what it needs: 13 of the 20 that happen to be held would be no
    answer to how many of 21. Two counts of providers compare points: below the baseline at all, and on both measures.

    Parameters
    ----------
    frame
        From `panel.panel`, or `with_years`.
    providers
        All providers of the kind.
    kind
        "CRC" or "NPS".

    Returns
    -------
    pandas.DataFrame
        cohort, provider_type, measure, value.
    """
    rows = []
    for cohort, own in frame.groupby("cohort", sort=False):
        if set(own["provider"]) == set(providers):
            rows += [(str(cohort), kind, measure, value) for measure, value in _measures(own, kind)]
    return pd.DataFrame(rows, columns=SUMMARY).astype({"value": float})


def _measures(own: pd.DataFrame, kind: str) -> Iterator[tuple[str, float]]:
    """Yield the measures of one cohort that can be worked out."""
    people, again, offences = (own[c].astype(float).sum(skipna=False) for c in COUNTS)
    found = {
        "offenders in cohort": people,
        "binary rate": 100 * again / people,
        "frequency rate": offences / again,
        "adjusted binary rate": _mean(own["adjusted_rate"], own["offenders"]),
        "baseline binary rate": _mean(own["baseline_rate"], own["offenders"]),
        "baseline frequency rate": _mean(own["baseline_frequency"], own["reoffenders"]),
    }
    if kind == "CRC" and own["significance"].notna().all():
        found |= {measure: float((own["significance"] == flag).sum()) for measure, flag in _FLAGS.items()}
    if kind == "CRC" and own["difference"].notna().all():
        found["CRCs below their 2011 baseline"] = float((own["difference"] < 0).sum())
        if own["frequency_difference"].notna().all():
            both = (own["difference"] < 0) & (own["frequency_difference"] < 0)
            found["CRCs below both 2011 baselines"] = float(both.sum())
    yield from ((name, value) for name, value in found.items() if np.isfinite(value))


def baseline_summary(baselines: pd.DataFrame, providers: Sequence[str]) -> pd.DataFrame:
    """Return the baseline of all CRCs together, weighted by the people in each baseline, as `summary` does.

    Parameters
    ----------
    baselines
        The table ``crc_baselines``; of several rows of a provider the one of the latest release, yearly ones first.
    providers
        All CRCs; without every one of them, or without the people, there is no such baseline.
    """
    order = (baselines["cohort_type"] == "year").astype(int)
    rows = in_order(baselines.assign(_year=order), "release", "_year", "provider").groupby("provider").tail(1)
    rows = rows[rows["provider"].isin(providers)]
    people = rows["offenders"].astype(float)
    again = people * rows["binary_rate"].astype(float) / 100
    found = {
        "binary rate": _mean(rows["binary_rate"], people),
        "frequency rate": _mean(rows["frequency_rate"], again),
    }
    whole = set(rows["provider"]) == set(providers)
    values = [("2011", "CRC", name, value) for name, value in found.items() if whole and np.isfinite(value)]
    return pd.DataFrame(values, columns=SUMMARY).astype({"value": float})
