"""The official tables that are held, ready for chapters and recipes; nothing where none is."""

import pandas as pd

from tr_analysis.data.store import load, remember
from tr_analysis.files import sha256
from tr_analysis.official.panel import Panel, panel
from tr_analysis.official.summary import baseline_summary, summary, with_years
from tr_analysis.order import in_order

PREFIX = "official/"
"""Before the name of an official table among the inputs of a chapter: `load` does not know it."""


def official(name: str) -> pd.DataFrame | None:
    """Load an official table with the attributes that findings keep of it, or None where it is not held."""
    from tr_analysis.official.build import load_official

    frame = load_official(name)
    if frame is None:
        return None
    found = frame.attrs.get("sha256") or sha256(frame.to_csv(index=False).encode())
    frame.attrs = {"table": f"{PREFIX}{name}", "sha256": found}
    return remember(frame)


def inputs(*names: str) -> list[pd.DataFrame]:
    """Return those of some official tables that are held, for ``Findings([...])``; empty where none is.

    Parameters
    ----------
    *names
        Names of official tables, such as ``"crc_results"``, written out in the notebook: by them a run knows that it
        has to be done again when the tables change.
    """
    return [table for table in map(official, names) if table is not None]


def held_panel(kind: str = "CRC") -> Panel | None:
    """Return the panel of one kind of provider, or None where no results of it are held.

    Raises
    ------
    DataError
        As `panel.panel`.
    """
    results = official("crc_results")
    if results is None or not (results["provider_type"] == kind).any():
        return None
    return panel(results, load("providers"), official("crc_baselines"), kind=kind)


def recipe_tables() -> dict[str, pd.DataFrame]:
    """Return what official recipes name: ``official_pbr`` and ``official_providers``; empty where nothing is held.

    Interim results are left out: what was printed of a cohort is printed of people followed to the end.
    ``official_pbr`` is like ``pbr_results``, worked out from the providers' own rows where all are there;
    ``official_providers`` has the rows of each provider, pooled periods among them, and its baseline as cohort 2011.
    """
    providers = load("providers")
    pooled, rows = [], []
    for kind in ("CRC", "NPS"):
        if found := held_panel(kind):
            names = providers.loc[providers["provider_type"] == kind, "provider"].tolist()
            frame = with_years(found.frame[found.frame["stage"] != "interim"])
            pooled.append(summary(frame, names, kind=kind))
            rows.append(frame)
    baselines = official("crc_baselines")
    if baselines is not None:
        crcs = providers.loc[providers["provider_type"] == "CRC", "provider"].tolist()
        pooled.append(baseline_summary(baselines, crcs))
        latest = in_order(baselines, "release", "cohort_type", "provider").groupby("provider").tail(1)
        rows.append(latest.assign(cohort="2011"))
    if not rows:
        return {}
    return {
        "official_pbr": pd.concat(pooled, ignore_index=True),
        "official_providers": pd.concat(rows, ignore_index=True),
    }
