"""Analysis tables for notebooks: light to import, and sure that nothing was changed by hand."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from tr_analysis import paths
from tr_analysis.data.periods import FREQUENCY, periods
from tr_analysis.errors import DataError, Problem
from tr_analysis.files import file_hash

_KINDS = {f"period[{frequency}]": kind for kind, frequency in FREQUENCY.items()}
MANIFEST = "manifest.json"
_BUILD = "run `tr-analysis data build`"


def load(name: str) -> pd.DataFrame:
    """Load one analysis table.

    Parameters
    ----------
    name
        Name of the table, such as ``"proven_reoffending_annual"``; the data dictionary lists them.

    Returns
    -------
    DataFrame
        The table with its real types, its rows in the order of its key: periods as `Period`, counts as ``Int64``. ``frame.attrs`` carries
        ``table`` and ``sha256``.

    Raises
    ------
    ValueError
        If there is no such table.
    DataError
        If the tables were not built, or they or a raw file changed since.

    Examples
    --------
    >>> load("proven_reoffending_annual").set_index("cohort_year")["offenders"].iloc[0]
    np.int64(628761)
    """
    tables, raw = _manifest()
    if name not in tables:
        raise ValueError(f"no table {name!r}; there are: {', '.join(tables)}")
    entry, file = tables[name], paths.processed() / f"{name}.csv"
    if changed := [f for f, value in raw.items() if file_hash(paths.raw() / f) not in (value, None)]:
        rule = "changed since the tables were built: if that is right, run `tr-analysis data describe`, then `tr-analysis data build`"
        raise DataError([Problem(f"data/raw/{f}", rule) for f in changed])
    if file_hash(file) != entry["sha256"]:
        raise DataError([Problem(f"data/processed/{file.name}", f"missing or edited by hand: {_BUILD}")])
    frame = _typed(file, entry["types"])
    frame.attrs = {"table": name, "sha256": entry["sha256"]}
    return frame


def _typed(file: Path, types: dict[str, str]) -> pd.DataFrame:
    """Read a table with the types that the manifest records."""
    kinds = {c: _KINDS[t] for c, t in types.items() if t in _KINDS}
    frame = pd.read_csv(
        file, dtype=types | dict.fromkeys(kinds, "str"), keep_default_na=False, na_values=[""]
    )
    for column, kind in kinds.items():
        frame[column] = periods(frame[column], kind)
    return frame


def _manifest() -> tuple[dict[str, Any], dict[str, str]]:
    """Return what is known of each table, and the hash of each raw file it was made from."""
    place = paths.processed() / MANIFEST
    try:
        content = json.loads(place.read_bytes())
        return content["tables"], content["raw"]
    except FileNotFoundError:
        raise DataError([Problem("data/processed", f"not built yet: {_BUILD}")]) from None
    except (ValueError, LookupError, TypeError):
        raise DataError([Problem(f"data/processed/{place.name}", f"cannot be read: {_BUILD}")]) from None
