"""The official files and their tidy tables on disk: recorded, built all or none, and loaded for chapters."""

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from tr_analysis import paths
from tr_analysis.data.store import load, remember
from tr_analysis.errors import DataError, Problem
from tr_analysis.files import file_hash, sha256, write_files
from tr_analysis.official.finding import Aside
from tr_analysis.official.layouts import LAYOUTS, LISTS, Layout
from tr_analysis.official.panel import Panel, baseline_summary, panel, summary, with_years
from tr_analysis.official.reader import Reading, tidy
from tr_analysis.official.workbooks import KINDS
from tr_analysis.order import in_order
from tr_analysis.simulated import MARK, SIMULATED, origin_of

PREFIX = "official/"
"""Before the name of an official table among the inputs of a chapter: `load` does not know it."""

RECORD, MANIFEST = "record.json", "manifest.json"
_AGAIN = "run `tr-analysis data build`"
_ASIDE = dict.fromkeys(Aside._fields, "str") | {"row": "Int64"}
_FORMULAS = ("=", "+", "-", "@", "\t", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20", "'")

Record = dict[str, dict[str, Any]]


def local_files() -> list[Path]:
    """Return the official files in ``data/raw/official/``, in the order of their names."""
    found = paths.official().glob("[!.~]*")
    return sorted(path for path in found if path.suffix.lower() in KINDS and path.is_file())


def is_simulated(path: Path) -> bool:
    """Return whether a file was made up, which its name begins with."""
    return path.name.startswith(MARK)


def read_record() -> Record:
    """Return what is recorded of each file, by its name."""
    try:
        files: Record = json.loads((paths.official() / RECORD).read_bytes())["files"]
        if all(isinstance(entry["sha256"], str) for entry in files.values()):
            return files
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        pass
    rule = "cannot be read; if the files in its folder are right, delete it: they are recorded again when fetched"
    raise DataError([Problem(f"data/raw/official/{RECORD}", rule)])


def find_change(name: str, digest: str | None, record: Record) -> list[Problem]:
    """Return what is wrong if a file's SHA-256 is not the one on record; a file that is not recorded is right."""
    known = record.get(name, {}).get("sha256")
    if known is None or known == digest:
        return []
    rule = (
        f"is not the file that was first fetched (its SHA-256 is {str(digest)[:12]}…, on record is {known[:12]}…): "
        "it was revised or damaged; if it is right, run `tr-analysis fetch` once more with --accept-changes"
    )
    return [Problem(name, rule)]


def find_changes() -> list[Problem]:
    """Return every official file that changed since it was first fetched or imported."""
    record = read_record()
    return [problem for path in local_files() for problem in find_change(path.name, file_hash(path), record)]


def verify() -> None:
    """Raise a `DataError` with every official file that changed since it was first fetched or imported."""
    if problems := find_changes():
        raise DataError(problems)


def build_official(
    new: Mapping[str, bytes] | None = None, about: Mapping[str, dict[str, Any]] | None = None
) -> list[Path]:
    """Build the tidy tables of all official files, and place and record new ones, by name: all or nothing.

    ``about`` is what else to record of each new one; it stands until the file is another. The files written, or right
    already, are returned: none where there is no official file, and tables of an earlier build are then removed. A
    `DataError` has every fault of any of the files, or why they cannot be written; all is then as it was.
    """
    record, new = read_record(), new or {}
    for name, content in new.items():
        before = record.get(name, {})
        kept = before if before.get("sha256") == sha256(content) else {}
        record[name] = kept | (about or {}).get(name, {}) | {"sha256": sha256(content)}
    try:
        with TemporaryDirectory() as folder:
            found = {path.name: path for path in local_files()}
            for name, content in new.items():
                found[name] = Path(folder, name)
                found[name].write_bytes(content)
            tables = _tables([found[name] for name in sorted(found)], record) if found else {}
        placed = {**new, RECORD: _json({"files": record}, sort_keys=True)} if new else {}
        data = paths.raw().parent
        raw, processed = (folder.relative_to(data) for folder in (paths.official(), paths.official_tables()))
        contents = {str(raw / name): content for name, content in placed.items()}
        contents |= {str(processed / name): content for name, content in tables.items()}
        written = write_files(data, contents)
        _remove_stale(tables)
    except OSError as error:
        raise DataError([Problem(str(error.filename), f"cannot be written: {error.strerror}")]) from error
    return written


def _json(content: object, **more: Any) -> bytes:
    return (json.dumps(content, indent=1, ensure_ascii=False, **more) + "\n").encode()


def _remove_stale(tables: Mapping[str, bytes]) -> None:
    """Remove tables of an earlier build that there are no more, and their folder with the last of them."""
    folder = paths.official_tables()
    for path in (*folder.glob("*.csv"), *folder.glob(MANIFEST)):
        if path.name not in tables:
            path.unlink()
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def _tables(found: Sequence[Path], record: Record) -> dict[str, bytes]:
    """Return what the folder of tables must hold: each as CSV, and the manifest."""
    from tr_analysis.official.importing import read_official  # which places what it imports by this module

    readings: list[Reading] = []
    made_up = [path.name for path in found if is_simulated(path)]
    rule = (
        "is simulated, and never mixes with official files: delete it from data/raw/official/, then try again"
    )
    problems = [Problem(name, rule) for name in made_up if len(made_up) < len(found)]
    for path in found:
        try:
            readings.append(read_official(path, record.get(path.name)))
        except DataError as error:
            problems += error.problems
    tables = {}
    for layout in LAYOUTS.values():
        own = [reading.frames[layout.family] for reading in readings if layout.family in reading.frames]
        if own:
            tables[layout.family] = frame = pd.concat(own, ignore_index=True)
            tables[layout.family], overlaps = combine(frame, layout)
            problems += overlaps
    if problems:
        raise DataError(problems)
    tables["set_aside"] = tidy([a._asdict() for reading in readings for a in reading.asides], _ASIDE)
    contents = {name: to_csv(frame) for name, frame in tables.items()}
    about = {
        name: {"sha256": sha256(contents[name]), "types": frame.dtypes.map(str).to_dict()}
        for name, frame in tables.items()
    }
    manifest = _json({"raw": {path.name: file_hash(path) for path in found}, "tables": about})
    return {f"{name}.csv": content for name, content in contents.items()} | {MANIFEST: manifest}


def combine(frame: pd.DataFrame, layout: Layout) -> tuple[pd.DataFrame, list[Problem]]:
    """Put the rows of one family from several files in order, each thing once a release, and find what overlaps.

    Releases of one thing stay beside each other, and `panel` takes the latest; of two files that differ it must be
    known which is later.
    """
    key, place = list(layout.key), ["file", "sheet", "row"]
    frame = frame.astype({"release": "str"})
    frame = frame[~frame.drop(columns=[*place, "cohort_from"], errors="ignore").duplicated()]
    unknown = frame["release"].isna().groupby([frame[c].fillna("") for c in key]).transform("any")
    clash = frame.duplicated(key, keep=False) & (unknown | frame.duplicated([*key, "release"], keep=False))
    problems = []
    for file, rows in frame[clash].groupby("file", sort=True):
        first = min(rows.to_dict("records"), key=lambda row: int(row["row"]))
        about = ", ".join(str(first[part]) for part in key if pd.notna(first[part]))
        others = ", ".join(sorted(set(frame[clash]["file"]) - {file})) or "this file"
        rule = (
            f"{len(rows)} rows, such as {about}, stand otherwise in {others}, and it is not known which is later: end "
            "the names of the files with the month of their publication, such as -jan17, or keep one of them"
        )
        problems.append(Problem(str(file), rule, int(first["row"])))
    return in_order(frame, "release", *key, *place).reset_index(drop=True), problems


def to_csv(frame: pd.DataFrame) -> bytes:
    """Write a tidy table as CSV that no spreadsheet takes for formulas; the same table gives the same bytes.

    A text that starts as a formula does gets an apostrophe before it; returns become line feeds.
    """

    def safe(text: str) -> str:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        return "'" + text if text.startswith(_FORMULAS) else text

    texts = {c: frame[c].map(safe, na_action="ignore") for c in map(str, frame) if frame[c].dtype == "str"}
    return frame.assign(**texts).to_csv(index=False, lineterminator="\n", float_format="%.12g").encode()


def from_csv(content: bytes, types: Mapping[str, str]) -> pd.DataFrame:
    """Read a tidy table that `to_csv` wrote, with its types and without the apostrophes."""
    frame = pd.read_csv(io.BytesIO(content), dtype=dict(types), keep_default_na=False, na_values=[""])
    for column in [column for column, kind in types.items() if kind == "str"]:
        frame[column] = frame[column].str.removeprefix("'")
        if column in LISTS:
            frame[column] = frame[column].fillna("")
    return frame


def official(name: str) -> pd.DataFrame | None:
    """Load one tidy table of the official files, such as ``crc_results``; None where no file holds it.

    What findings keep of it stands in its ``attrs``. If the files changed since the tables were built, or a table was
    edited by hand, a `DataError` says so.
    """
    if not (found := local_files()):
        return None
    folder, shown = paths.official_tables(), "data/processed/official"
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
        raw, entry = dict(manifest["raw"]), manifest["tables"].get(name)
    except FileNotFoundError:
        raise DataError([Problem(shown, f"not built yet: {_AGAIN}")]) from None
    except (ValueError, LookupError, TypeError, AttributeError):
        raise DataError([Problem(f"{shown}/{MANIFEST}", f"cannot be read: {_AGAIN}")]) from None
    if raw != {path.name: file_hash(path) for path in found}:
        raise DataError([Problem("data/raw/official", f"changed since the tables were built: {_AGAIN}")])
    if entry is None:
        return None
    file = folder / f"{name}.csv"
    if file_hash(file) != entry["sha256"]:
        raise DataError([Problem(f"{shown}/{file.name}", f"missing or edited by hand: {_AGAIN}")])
    frame = from_csv(file.read_bytes(), entry["types"])
    frame.attrs = {"table": f"{PREFIX}{name}", "sha256": entry["sha256"]}
    frame.attrs |= {"origin": SIMULATED} if any(map(is_simulated, found)) else {}
    return frame


def inputs(*names: str) -> list[pd.DataFrame]:
    """Return those of some official tables that there are, counted among the inputs of the chapter's findings.

    The notebook writes out their names: by them a run knows that it has to be done again when the tables change.
    """
    return [remember(table) for table in map(official, names) if table is not None]


def held_panel(kind: str = "CRC") -> Panel | None:
    """Return the `panel` of one kind of provider, or None where no results of it are held."""
    results = official("crc_results")
    if results is None or not (results["provider_type"] == kind).any():
        return None
    return panel(results, load("providers"), official("crc_baselines"), kind=kind)


def recipe_tables() -> dict[str, pd.DataFrame]:
    """Return what official recipes name: ``official_pbr`` and ``official_providers``; empty where nothing is held.

    Results that do not say that they are final are left out: a verdict needs people followed to the end.
    ``official_pbr`` is like ``pbr_results``, worked out from the providers' own rows where all are there;
    ``official_providers`` has the rows of each provider, pooled periods among them, and its baseline as cohort 2011.
    """
    providers = load("providers")
    names = providers.groupby("provider_type")["provider"].agg(list)
    pooled, rows = [], []
    for kind in ("CRC", "NPS"):
        if found := held_panel(kind):
            frame = with_years(found.frame[found.frame["stage"] == "final"])
            pooled.append(summary(frame, names[kind], kind=kind))
            rows.append(frame)
    if (baselines := official("crc_baselines")) is not None:
        pooled.append(baseline_summary(baselines, names["CRC"]))
        latest = in_order(baselines, "release", "provider").groupby("provider").tail(1)
        rows.append(latest.assign(cohort="2011"))
    if not rows:
        return {}
    origin = {"origin": origin_of(*rows)}
    tables = {"official_pbr": pooled, "official_providers": rows}
    return {name: pd.concat(parts, ignore_index=True).assign(**origin) for name, parts in tables.items()}
