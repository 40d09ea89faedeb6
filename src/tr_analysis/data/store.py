"""Analysis tables for notebooks: light to import, and sure that nothing was changed by hand."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from tr_analysis import paths
from tr_analysis.data.periods import FREQUENCY, periods
from tr_analysis.errors import DataError, Problem, nearest
from tr_analysis.files import file_hash

_KINDS = {f"period[{frequency}]": kind for kind, frequency in FREQUENCY.items()}
MANIFEST = "manifest.json"
_BUILD = "run `tr-analysis data build`"
_CHANGED = (
    "changed since the tables were built: if that is right, run `tr-analysis data describe`, "
    "then `tr-analysis data build`"
)
_LOADED: list[tuple[str, str]] = []


def loaded() -> list[tuple[str, str]]:
    """Return name and SHA-256 of each table that this process has loaded, in order: the inputs of its findings."""
    return list(_LOADED)


def remember(frame: pd.DataFrame) -> pd.DataFrame:
    """Count a frame with the attributes ``table`` and ``sha256`` among the tables loaded, and return it."""
    _LOADED.append((frame.attrs["table"], frame.attrs["sha256"]))
    return frame


def load(name: str | None = None) -> pd.DataFrame:
    """Load one analysis table and count it among the inputs of the chapter's findings; or list them all.

    In a checkout these are its own tables; elsewhere those that came with the package.

    Returns
    -------
    DataFrame
        The table with its real types, its rows in the order of its key: periods as `Period`, counts as ``Int64``.
        ``frame.attrs`` carries ``table`` and ``sha256``. Or, without a name, a row a table: rows, and what it holds.

    Raises
    ------
    ValueError
        If there is no such table; the message names the nearest.
    DataError
        If the tables were not built, or they or a raw file changed since.

    Examples
    --------
    >>> load("proven_reoffending_annual").set_index("cohort_year")["offenders"].iloc[0]
    np.int64(628761)
    >>> load().loc["providers", "rows"]
    np.int64(28)
    """
    if name is not None:
        return remember(read_table(name))
    listed = {table: (entry["rows"], entry["title"]) for table, entry in _manifest()[0].items()}
    return pd.DataFrame.from_dict(listed, orient="index", columns=["rows", "holds"]).rename_axis("table")


def read_table(name: str) -> pd.DataFrame:
    """Return a table as `load` does, uncounted: for what the library itself looks up."""
    entry = _verified(name)
    frame = _read(paths.tables() / f"{name}.csv", tuple(entry["types"].items()), entry["sha256"]).copy()
    frame.attrs = {"table": name, "sha256": entry["sha256"]}
    return frame


def table_hash(name: str) -> str:
    """Return the SHA-256 of an analysis table, refusing what `load` refuses, without reading it."""
    return str(_verified(name)["sha256"])


def _verified(name: str) -> dict[str, Any]:
    """Return what is on record of a table, after holding it and all raw files against their hashes."""
    tables, raw = _manifest()
    if name not in tables:
        raise ValueError(f"no table {name!r}{nearest(name, tables) or '; there are: ' + ', '.join(tables)}")
    folder = paths.raw()
    if changed := [f for f, value in raw.items() if file_hash(folder / f) not in (value, None)]:
        raise DataError([Problem(f"data/raw/{f}", _CHANGED) for f in changed])
    file = paths.tables() / f"{name}.csv"
    if file_hash(file) != tables[name]["sha256"]:
        raise DataError([Problem(_shown(file), f"missing or edited by hand: {_BUILD}")])
    return tables[name]


@cache
def _read(file: Path, types: tuple[tuple[str, str], ...], _sha256: str) -> pd.DataFrame:
    """Read a table once for all who ask, until its types or its hash change."""
    return _typed(file, dict(types))


def _typed(file: Path, types: dict[str, str]) -> pd.DataFrame:
    """Read a table with the types that the manifest records; `tests/noise` puts itself in its place."""
    kinds = {column: _KINDS[known] for column, known in types.items() if known in _KINDS}
    types = types | dict.fromkeys(kinds, "str")
    frame = pd.read_csv(file, dtype=types, keep_default_na=False, na_values=[""])
    for column, kind in kinds.items():
        frame[column] = periods(frame[column], kind)
    return frame


def _shown(file: Path) -> str:
    return str(file.relative_to(paths.processed().parents[1]) if paths.has_own_data() else file)


def _manifest() -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """Return what is known of each table, and the hash of each raw file it was made from, where those are there."""
    tables, raw = read_manifest(paths.tables())
    return tables, raw if paths.has_own_data() else {}


def read_manifest(folder: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """Return what is known of each table in a folder, and the hash of each raw file that they were made from."""
    place = folder / MANIFEST
    try:
        content = json.loads(place.read_bytes())
        return dict(content["tables"]), dict(content["raw"])
    except FileNotFoundError:
        raise DataError([Problem(_shown(folder), f"not built yet: {_BUILD}")]) from None
    except (ValueError, LookupError, TypeError):
        raise DataError([Problem(_shown(place), f"cannot be read: {_BUILD}")]) from None


def simulations() -> pd.DataFrame:
    """Return how often intervals hold the truth and tests reject without an effect, in simulated data.

    One row by estimator, kind of data and measure: nominal (what should be), found (share) and runs. Rows of the models
    of recall have a method, and their intervals hold a true effect as often as their tests do not reject. Written by
    ``python -m tests.estimators.simulated``, and held by tests that simulate again.
    """
    return pd.read_csv(Path(__file__).with_name("simulations.csv"))
