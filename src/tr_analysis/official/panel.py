"""The official results as a panel: one row a provider and cohort, with its owner, and what is missing named."""

from dataclasses import dataclass

import pandas as pd

from tr_analysis.errors import DataError, Problem
from tr_analysis.order import in_order

KEY = ["cohort", "provider"]
COUNTS = ("offenders", "reoffenders", "reoffences")
NUMERIC = (
    *("eligible", *COUNTS, "binary_rate", "frequency_rate", "ogrs", "adjusted_rate", "baseline_rate"),
    *("baseline_ogrs", "difference", "baseline_frequency", "frequency_difference"),
)
WORDS = ("significance", "frequency_significance")
_STAGES = {"interim": 0, "final": 2}  # what does not say which it is lies between


@dataclass(frozen=True)
class Panel:
    """The cleaned panel and what it lacks.

    Attributes
    ----------
    frame
        One row a provider and cohort: first_month, owner (at the cohort's first month), owner_later (whether an
        owner after the first one), stage, release, file, sheet, row, the figures, baseline_release (where the baseline
        was read, if not beside the result), derived (columns worked out from others of the row) and origin ("official").
    gaps
        What is missing: cohort, provider (empty for the whole cohort), what. Nothing is filled in.
    left_out
        Rows of other releases of a cohort that is there: release, file, cohort, rows.
    """

    frame: pd.DataFrame
    gaps: pd.DataFrame
    left_out: pd.DataFrame


def first_month(cohort: str) -> pd.Period:
    """Return the first month of a cohort as the study writes it.

    Examples
    --------
    >>> str(first_month("2015Q4")), str(first_month("2015Q4 to 2016Q3")), str(first_month("2016-02 to 2016-04"))
    ('2015-10', '2015-10', '2016-02')
    """
    first = cohort.partition(" to ")[0]
    try:
        return pd.Period(first, "Q" if "Q" in first else "M").asfreq("M", "start")
    except ValueError:
        rule = "no cohort; write it such as 2015Q4 or 2015Q4 to 2016Q3"
        raise DataError([Problem("crc_results", rule, None, "cohort", cohort)]) from None


def panel(
    results: pd.DataFrame,
    providers: pd.DataFrame,
    baselines: pd.DataFrame | None = None,
    *,
    kind: str = "CRC",
) -> Panel:
    """Clean the tidy results to one row a provider and cohort.

    Of each cohort one release is kept whole: the final results before interim ones, and of these the latest release,
    because a revision replaces what it revises. Totals and the other kind of provider are left out. A baseline that
    the results lack is taken from the table of baselines; the difference from its two parts. Nothing else is added.

    Parameters
    ----------
    results
        The table ``crc_results``; of several releases too.
    providers
        The table ``providers``.
    baselines
        The table ``crc_baselines``, if it is held.
    kind
        "CRC" or "NPS".

    Raises
    ------
    DataError
        If a provider is not in ``providers``, one has two rows in a cohort of one release, or counts cannot be:
        with file, sheet and row.
    """
    known = providers[providers["provider_type"] == kind]
    own = results[results["provider_type"] == kind].copy()
    for column in (*NUMERIC, *WORDS, "stage", "suppressed", "not_applicable"):
        if column not in own:
            own[column] = (
                pd.NA if column in (*WORDS, "stage") else "" if column not in NUMERIC else float("nan")
            )
    own, left_out = _one_release(own)
    if problems := _problems(own, set(known["provider"])):
        raise DataError(problems)
    own["first_month"] = pd.PeriodIndex([first_month(c) for c in own["cohort"]], freq="M")
    own = _derived(_with_baselines(owned(own, known), baselines)).assign(origin="official")
    own = in_order(own, "first_month", "cohort_type", "cohort", "provider").reset_index(drop=True)
    return Panel(own, _gaps(own, known["provider"]), left_out)


def _one_release(own: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Keep one release of each cohort whole."""
    order = own["stage"].map(_STAGES).fillna(1).astype(int)
    ranked = in_order(own.assign(_order=order), "_order", "release", "cohort", "provider", "file", "row")
    best = ranked["cohort"].map(ranked.groupby("cohort").tail(1).set_index("cohort")["release"])
    stage = ranked.groupby("cohort")["_order"].transform("max")
    kept = (ranked["release"] == best) & (ranked["_order"] == stage)
    rest = ranked[~kept].groupby(["release", "file", "cohort"]).size().rename("rows").reset_index()
    return ranked[kept].drop(columns="_order").sort_index(), rest


def _problems(own: pd.DataFrame, known: set[str]) -> list[Problem]:
    """Find unknown providers, second rows and impossible counts."""
    counts = own[list(COUNTS)].astype(float)
    fewer = counts["reoffences"] < counts["reoffenders"]
    faults = {
        "not a provider of providers.csv; correct the name there or in the file": ~own["provider"].isin(
            known
        ),
        "second row of this provider for the cohort; remove one": own.duplicated(KEY),
        "more reoffenders than offenders; look at the file": counts["reoffenders"] > counts["offenders"],
        "fewer reoffences than reoffenders; look at the file": fewer,
    }
    return [
        Problem(f"{row['file']}, sheet {row['sheet']!r}", rule, int(row["row"]), "provider", row["provider"])
        for rule, bad in faults.items()
        for row in own[bad.fillna(False)].to_dict("records")
    ]


def owned(own: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Add who owned each provider when the cohort began; a later owner without a date is not taken.

    Parameters
    ----------
    own
        provider and first_month.
    known
        The table ``providers``.

    Returns
    -------
    pandas.DataFrame
        With owner and owner_later added.
    """
    named = known.set_index("provider")
    since = own["provider"].map(named["later_owner_from"])
    later = pd.Series(
        [pd.notna(s) and m >= s for s, m in zip(since, own["first_month"], strict=True)], own.index
    )
    owner = own["provider"].map(named["owner"]).mask(later, own["provider"].map(named["later_owner"]))
    return own.assign(owner=owner, owner_later=later.astype(bool))


def _with_baselines(own: pd.DataFrame, baselines: pd.DataFrame | None) -> pd.DataFrame:
    """Take the baselines that the results lack from the table of baselines, the one of the cohort's own type first."""
    own["baseline_release"] = pd.Series(pd.NA, own.index, dtype="str")
    if baselines is None or baselines.empty:
        return own
    parts = {"binary_rate": "baseline_rate", "ogrs": "baseline_ogrs", "frequency_rate": "baseline_frequency"}
    latest = in_order(baselines, "release", *baselines.columns.intersection(["cohort_type"]), "provider")
    for matched in (["provider", "cohort_type"], ["provider"]):
        if not set(matched) <= set(latest):
            continue
        rows = latest.groupby(matched).tail(1).set_index(matched)
        at = own.set_index(matched).index
        for printed, column in parts.items():
            if printed not in rows:
                continue
            found = pd.Series(rows[printed].reindex(at).to_numpy(dtype=float), own.index)
            taken = own[column].isna() & found.notna()
            own[column] = own[column].astype(float).mask(taken, found)
            release = pd.Series(rows["release"].reindex(at).to_numpy(), own.index, dtype="str")
            own["baseline_release"] = own["baseline_release"].mask(taken, release)
    return own


def _derived(own: pd.DataFrame) -> pd.DataFrame:
    """Work out differences from their parts where the table does not print them, and say so."""
    own["derived"] = ""
    parts = {
        "difference": ("adjusted_rate", "baseline_rate"),
        "frequency_difference": ("frequency_rate", "baseline_frequency"),
    }
    for column, (rate, baseline) in parts.items():
        change = own[rate].astype(float) - own[baseline].astype(float)
        added = own[column].isna() & change.notna()
        own[column] = own[column].astype(float).mask(added, change)
        own.loc[added, "derived"] = (
            own.loc[added, "derived"].str.cat([column] * int(added.sum()), sep=" ").str.strip()
        )
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
