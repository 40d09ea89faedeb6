"""The tidy tables of the official files on disk: built all or none, and loaded for the chapters."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from tr_analysis import paths
from tr_analysis.errors import DataError, Problem
from tr_analysis.files import sha256, write_files
from tr_analysis.official.families.reading import NotUnderstood, Reading, tidy
from tr_analysis.official.families.reconcile import TYPES as CHECKS
from tr_analysis.official.record import releases_chosen
from tr_analysis.official.tables import Releases, combine, read_official
from tr_analysis.official.words.csv_text import from_csv, to_csv

MANIFEST = "manifest.json"
ENDINGS = (".xlsx", ".xlsm", ".ods", ".xls", ".csv")
_NOTES = dict.fromkeys(NotUnderstood._fields, "str") | {"row": "Int64"}
_AGAIN = "run `tr-analysis data build`"


def files() -> list[Path]:
    """Return the official files on disk, by name."""
    folder = paths.official()
    if not folder.is_dir():
        return []
    return sorted(
        p for p in folder.iterdir() if p.is_file() and p.suffix.lower() in ENDINGS and p.name[0] not in ".~"
    )


def build_official(releases: Releases | None = None) -> list[Path]:
    """Build the tidy tables of every official file in ``data/raw/official/``.

    Parameters
    ----------
    releases
        What to do where two releases of one table overlap; see `combine`. By default what was chosen with
        `tr-analysis fetch --releases`, else they are refused.

    Returns
    -------
    list of Path
        The files written: a CSV a table, ``official_checks.csv``, ``official_printed.csv``,
        ``not_understood.csv`` and ``manifest.json``; all of them or, on an error, none. Empty when there is no
        official file; tables of an earlier build are then removed.

    Raises
    ------
    DataError
        With every fault found in any of the files.
    """
    folder = paths.official_tables()
    found = files()
    contents = _contents(found, releases or _chosen()) if found else {}
    try:
        written = write_files(folder, contents)
        for stale in sorted(folder.glob("*.csv")) + sorted(folder.glob(MANIFEST)):
            if stale not in written:
                stale.unlink()
        if not written and folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
    except OSError as error:
        raise DataError(
            [Problem("data/processed/official", f"cannot be written: {error.strerror}")]
        ) from error
    return written


def _chosen() -> Releases | None:
    """Return what is on record of releases that overlap."""
    choice = releases_chosen()
    return None if choice == "one" else choice


def _contents(found: list[Path], releases: Releases | None) -> dict[str, bytes]:
    """Return what the folder of tables must hold."""
    hashes = {path.name: sha256(path.read_bytes()) for path in found}
    readings = _readings(found)
    problems: list[Problem] = []
    combined: dict[str, Reading] = {}
    for family in sorted({r.family for r in readings}):
        try:
            combined[family] = combine([r for r in readings if r.family == family], releases)
        except DataError as error:
            problems += error.problems
    if problems:
        raise DataError(problems)
    tables = {family: reading.frame for family, reading in combined.items()} | _beside(combined)
    csvs = {f"{name}.csv": to_csv(frame) for name, frame in tables.items()}
    manifest = {
        "raw": hashes,
        "tables": {
            name: {
                "rows": len(frame),
                "sha256": sha256(csvs[f"{name}.csv"]),
                "types": {str(c): str(t) for c, t in frame.dtypes.items()},
            }
            for name, frame in tables.items()
        },
    }
    return {**csvs, MANIFEST: (json.dumps(manifest, indent=1, ensure_ascii=False) + "\n").encode()}


def _readings(found: list[Path]) -> list[Reading]:
    """Read every file; raise with the faults of all of them."""
    readings: list[Reading] = []
    problems: list[Problem] = []
    for path in found:
        try:
            readings.append(read_official(path))
        except DataError as error:
            problems += error.problems
    if problems:
        raise DataError(problems)
    return readings


def _beside(combined: Mapping[str, Reading]) -> dict[str, pd.DataFrame]:
    """Return the tables about the tables."""
    checks = [r.checks.assign(family=f) for f, r in combined.items() if len(r.checks)]
    printed = [r.printed.assign(family=f) for f, r in combined.items() if len(r.printed)]
    notes = [n._asdict() for r in combined.values() for n in r.not_understood]
    out = {
        "official_checks": _together(checks, {**CHECKS, "family": "str"}),
        "not_understood": tidy(notes, _NOTES),
    }
    if printed:
        out["official_printed"] = _together(printed, {str(c): str(t) for c, t in printed[0].dtypes.items()})
    return out


def _together(frames: list[pd.DataFrame], types: Mapping[str, str]) -> pd.DataFrame:
    if not frames:
        return tidy([], types)
    return pd.concat(frames, ignore_index=True)[list(types)].astype(dict(types))


def load_official(name: str) -> pd.DataFrame | None:
    """Load one tidy table of the official files.

    Parameters
    ----------
    name
        Name of the table, such as ``crc_results``, ``official_checks`` or ``not_understood``.

    Returns
    -------
    DataFrame or None
        The table with its types; ``frame.attrs`` carries ``table`` and ``sha256``. None where no official file
        holds it, as in a checkout without official files.

    Raises
    ------
    DataError
        If the official files changed since the tables were built, or a table was edited by hand.
    """
    found = files()
    if not found:
        return None
    manifest = _manifest()
    if manifest["raw"] != {path.name: sha256(path.read_bytes()) for path in found}:
        raise DataError([Problem("data/raw/official", f"changed since the tables were built: {_AGAIN}")])
    if name not in manifest["tables"]:
        return None
    entry, file = manifest["tables"][name], paths.official_tables() / f"{name}.csv"
    content = file.read_bytes() if file.is_file() else b""
    if sha256(content) != entry["sha256"]:
        raise DataError(
            [Problem(f"data/processed/official/{file.name}", f"missing or edited by hand: {_AGAIN}")]
        )
    frame = from_csv(content, entry["types"])
    frame.attrs = {"table": name, "sha256": entry["sha256"]}
    return frame


def _manifest() -> dict[str, Any]:
    place = paths.official_tables() / MANIFEST
    try:
        content = json.loads(place.read_bytes())
        return {"raw": dict(content["raw"]), "tables": dict(content["tables"])}
    except FileNotFoundError:
        raise DataError([Problem("data/processed/official", f"not built yet: {_AGAIN}")]) from None
    except (ValueError, LookupError, TypeError):
        raise DataError(
            [Problem(f"data/processed/official/{place.name}", f"cannot be read: {_AGAIN}")]
        ) from None


def disagreements() -> dict[str, list[str]]:
    """Name the printed numbers that the counts beside them do not give, a line each, by the table they are in."""
    checks = load_official("official_checks")
    if checks is None:
        return {}
    wrong = checks[~checks["agrees"].fillna(True).astype(bool)]
    return {
        str(table): [
            f"{row['file']}, sheet {row['sheet']!r}, row {row['row']}, {row['what']}: {row['measure']} printed as "
            f"{row['printed']:g}, its row gives {row['recomputed']:g}"
            for row in own.to_dict("records")
        ]
        for table, own in wrong.groupby("family")
    }
