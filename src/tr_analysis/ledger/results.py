"""The key numbers of other chapters, and the tables that expressions name."""

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd

from tr_analysis import paths
from tr_analysis.data import load
from tr_analysis.data.periods import with_printed_years
from tr_analysis.data.store import remember, table_hash
from tr_analysis.errors import StudyError
from tr_analysis.files import sha256
from tr_analysis.official.store import PREFIX, official
from tr_analysis.report.finding import RECORDED
from tr_analysis.simulated import MARK, SIMULATED

_PARTS = ["value", "low", "high", *RECORDED]
_COLUMNS = ["chapter", "finding", *_PARTS, "sources"]


def load_results(*chapters: str) -> pd.DataFrame:
    """Load the key numbers that chapters, such as ``"02-reoffending"``, left when they were last run.

    A chapter that calls this is run after the chapters it names.

    Returns
    -------
    DataFrame
        One row a key number: chapter, finding, the parts of a `Finding` and sources (ids joined by spaces). ``attrs``
        carries table and sha256, as `load` gives them.

    Raises
    ------
    ValueError
        If no chapter is named.
    StudyError
        If a chapter was not run yet, or on other tables than those of today, or its figures are simulated.
    """
    if not chapters:
        raise ValueError('name the chapters whose numbers are needed, as in load_results("02-reoffending")')
    rows, contents = [], []
    for chapter in chapters:
        content, results = _read(chapter)
        contents.append(content)
        _refuse_simulated(chapter, results)
        _refuse_stale(chapter, results["data"])
        rows += [_row(chapter, name, about) for name, about in results["findings"].items()]
    frame = pd.DataFrame(rows, columns=_COLUMNS).astype({"value": float, "low": float, "high": float})
    frame.attrs = {"table": "results", "sha256": sha256(b"".join(contents))}
    return remember(frame)


def _read(chapter: str) -> tuple[bytes, dict[str, Any]]:
    """Return the results of a chapter, as they stand in the file and as they are read."""
    path = paths.reports() / "results" / f"{chapter}.json"
    try:
        content = path.read_bytes()
        return content, json.loads(content)
    except FileNotFoundError:
        raise StudyError(f"no results of {chapter}: run `tr-analysis run {chapter}` first") from None
    except ValueError:
        raise StudyError(f"{path.name} cannot be read: run `tr-analysis run {chapter}` again") from None


def _row(chapter: str, name: str, about: dict[str, Any]) -> dict[str, Any]:
    if set(_PARTS) - set(about):
        raise StudyError(
            f"the results of {chapter} are of an earlier version: run `tr-analysis run {chapter}`"
        )
    parts = {part: about[part] for part in _PARTS}
    return {"chapter": chapter, "finding": name, **parts, "sources": " ".join(about["sources"])}


def load_tables(*names: str) -> dict[str, pd.DataFrame]:
    """Load analysis tables by name for `evaluate`, financial years as they are printed, with the attributes of `load`."""
    return {name: with_printed_years(load(name)) for name in names}


def is_simulated(number: Mapping[Any, Any]) -> bool:
    """Return whether a key number is simulated, by its origin or by its label."""
    return number.get("origin") == SIMULATED or str(number.get("label", "")).startswith(MARK)


def _refuse_simulated(chapter: str, results: Mapping[str, Any]) -> None:
    """Refuse results of which any part is simulated: they are no evidence, whoever asks for them."""
    numbers = [name for name, about in results["findings"].items() if is_simulated(about)]
    if results.get("origin") == SIMULATED or numbers:
        named = f", among them {numbers[0]!r}," if numbers else ""
        raise StudyError(
            f"the results of {chapter}{named} are simulated, and nothing of the study may rest on them: take {chapter} "
            "out of load_results(...), or bring the official tables with `tr-analysis fetch` and run it again"
        )


def _refuse_stale(chapter: str, inputs: dict[str, str]) -> None:
    """Refuse results that were computed from a table as it no longer is."""
    for table, hashed in inputs.items():
        if table != "results" and _hash_today(table) != hashed:
            raise StudyError(
                f"the results of {chapter} come from another state of the table {table}: "
                f"run `tr-analysis run {chapter}`"
            )


def _hash_today(table: str) -> str | None:
    """Return the hash of a table as it is now; None for an official one that is no longer held."""
    if not table.startswith(PREFIX):
        return table_hash(table)
    frame = official(table.removeprefix(PREFIX))
    return None if frame is None else str(frame.attrs["sha256"])
