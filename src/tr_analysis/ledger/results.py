"""The key numbers of other chapters, and the tables that expressions name."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from tr_analysis import paths
from tr_analysis.data import load
from tr_analysis.data.periods import financial_year
from tr_analysis.errors import StudyError
from tr_analysis.files import sha256
from tr_analysis.report.finding import RUNGS, Finding

_PARTS = ["label", "value", "low", "high", "n", "unit", "rung", "method", "text", "places"]
_COLUMNS = ["chapter", "finding", *_PARTS, "sources"]


def load_results(*chapters: str) -> pd.DataFrame:
    """Load the key numbers that chapters left when they were last run.

    A chapter that calls this is run after the chapters it names.

    Parameters
    ----------
    *chapters
        Names of chapters, such as ``"02-reoffending"``.

    Returns
    -------
    DataFrame
        One row a key number: chapter, finding, label, value, low, high, n, unit, rung, method, text,
        places and sources (ids joined by spaces). ``attrs`` carries table and sha256, as `load` gives them.

    Raises
    ------
    ValueError
        If no chapter is named.
    StudyError
        If a chapter was not run yet, or on other tables than those of today.
    """
    if not chapters:
        raise ValueError('name the chapters whose numbers are needed, as in load_results("02-reoffending")')
    rows, contents = [], []
    for chapter in chapters:
        path = paths.reports() / "results" / f"{chapter}.json"
        content = _content(path, chapter)
        contents.append(content)
        results = _parsed(content, path, chapter)
        _refuse_stale(chapter, results["data"])
        rows += [_row(chapter, name, about) for name, about in results["findings"].items()]
    frame = pd.DataFrame(rows, columns=_COLUMNS).astype({"value": float, "low": float, "high": float})
    frame.attrs = {"table": "results", "sha256": sha256(b"".join(contents))}
    return frame


def _content(path: Path, chapter: str) -> bytes:
    if not path.exists():
        raise StudyError(f"no results of {chapter}: run `tr-analysis run {chapter}` first")
    return path.read_bytes()


def _parsed(content: bytes, path: Path, chapter: str) -> dict[str, Any]:
    try:
        results: dict[str, Any] = json.loads(content)
    except ValueError:
        raise StudyError(f"{path.name} cannot be read: run `tr-analysis run {chapter}` again") from None
    return results


def _row(chapter: str, name: str, about: dict[str, Any]) -> dict[str, Any]:
    parts = {part: about[part] for part in _PARTS}
    return {"chapter": chapter, "finding": name, **parts, "sources": " ".join(about["sources"])}


def _refuse_stale(chapter: str, inputs: dict[str, str]) -> None:
    """Refuse results that were computed from a table as it no longer is."""
    for table, hashed in inputs.items():
        if table != "results" and load(table).attrs["sha256"] != hashed:
            raise StudyError(
                f"the results of {chapter} come from another state of the table {table}: "
                f"run `tr-analysis run {chapter}`"
            )


def key_findings(results: pd.DataFrame, names: Sequence[tuple[str, str]]) -> pd.DataFrame:
    """Write key numbers of several chapters the way their own chapters do.

    Parameters
    ----------
    results
        From `load_results`.
    names
        Chapter and name of each number, in the order of the page.

    Returns
    -------
    DataFrame
        Key finding, Estimate, 95% interval, n, Rung, Chapter and Sources, as text.

    Raises
    ------
    ValueError
        If a chapter has no number of that name.
    """
    rows = {(row["chapter"], row["finding"]): row for row in results.to_dict("records")}
    if unknown := [f"{chapter} has no {name!r}" for chapter, name in names if (chapter, name) not in rows]:
        raise ValueError("; ".join(unknown))
    return pd.DataFrame([_written(rows[name]) for name in names])


def _written(row: Mapping[Any, Any]) -> dict[str, str]:
    ends = {part: row[part] for part in ("low", "high") if pd.notna(row[part])}
    places = None if pd.isna(row["places"]) else int(row["places"])
    shown = Finding(row["finding"], row["label"], row["value"], **ends, unit=row["unit"], places=places)
    return {
        "Key finding": row["label"],
        "Estimate": shown.show(),
        "95% interval": shown.show("interval") if ends else "",
        "n": "" if pd.isna(row["n"]) else f"{row['n']:,.0f}",
        "Rung": f"{row['rung']} ({RUNGS[row['rung']]})",
        "Chapter": row["chapter"],
        "Sources": row["sources"] or "these tables",
    }


def load_tables(*names: str) -> dict[str, pd.DataFrame]:
    """Load analysis tables for `evaluate`, financial years as they are printed.

    Parameters
    ----------
    *names
        Names of tables, as `load` takes them.

    Returns
    -------
    dict
        Tables by name; their ``attrs`` are those of `load`.
    """
    return {name: _printed(load(name)) for name in names}


def _printed(frame: pd.DataFrame) -> pd.DataFrame:
    years = [column for column, kind in frame.dtypes.items() if str(kind) == "period[Y-MAR]"]
    return frame.assign(**{str(column): frame[column].map(financial_year) for column in years})
