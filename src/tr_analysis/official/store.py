"""The official files and their tidy tables on disk: recorded, built all or none, and loaded for chapters."""

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from tr_analysis import paths
from tr_analysis.data.store import MANIFEST, load, read_manifest, remember
from tr_analysis.errors import DataError, Problem
from tr_analysis.files import file_hash, sha256, write_files
from tr_analysis.official.layouts import LAYOUTS, LISTS, Layout
from tr_analysis.official.panel import Panel, baseline_summary, latest_baselines, panel, summary, with_years
from tr_analysis.official.reader import Reading, read, tidy
from tr_analysis.official.register import find_entry, release_of
from tr_analysis.official.tables import Book
from tr_analysis.official.workbooks import KINDS, read_sheets
from tr_analysis.order import in_order
from tr_analysis.simulated import MARK, SIMULATED, origin_of

PREFIX = "official/"
"""Before the name of an official table among the inputs of a chapter: `load` does not know it."""

RECORD = "record.json"
NO_TABLE = "no official table (a header as 'CRC name' beside 'Number of reoffenders') is recognised"
_AGAIN = "run `tr-analysis data build`"
TYPES = {family: layout.types for family, layout in LAYOUTS.items()}
TYPES["set_aside"] = {"file": "str", "row": "Int64", "column": "str", "value": "str", "rule": "str"}

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


def build_official(
    new: Mapping[str, bytes] | None = None, about: Record | None = None, *, accept: bool = False
) -> list[Path]:
    """Build the tidy tables of all official files, and place and record new ones, by name: all or nothing.

    ``about`` is what else to record of each new one; it stands until the file is another. With ``accept`` a file may
    be another than the one on record. The files written, or right already, are returned: none where there is no
    official file, and tables of an earlier build are then removed. A `DataError` has every fault of any of the files,
    or why they cannot be written; all is then as it was.
    """
    record, new, about = read_record(), new or {}, about or {}
    found = {path.name: path for path in local_files()}
    digests = {name: str(file_hash(path)) for name, path in found.items()}
    digests |= {name: sha256(content) for name, content in new.items()}
    before = {name: record.get(name, {}).get("sha256") for name in digests}
    if not accept:
        _check_record(digests, before)
    for name in digests if accept else new:
        kept = record[name] if before[name] == digests[name] else {}
        record[name] = kept | about.get(name, {}) | {"sha256": digests[name]}
    placed = {**new, RECORD: _json({"files": record}, sort_keys=True)} if new or (accept and found) else {}
    try:
        with TemporaryDirectory() as aside:
            for name, content in new.items():
                found[name] = Path(aside, name)
                found[name].write_bytes(content)
            tables = _tables([found[name] for name in sorted(found)], record) if found else {}
        data, folder = paths.raw().parent, paths.official_tables()
        contents = {str(paths.official().relative_to(data) / name): c for name, c in placed.items()}
        contents |= {str(folder.relative_to(data) / name): c for name, c in tables.items()}
        written = write_files(data, contents)
        for path in {*folder.glob("*.csv"), *folder.glob(MANIFEST)} - {folder / name for name in tables}:
            path.unlink(missing_ok=True)  # of an earlier build
        if folder.is_dir() and not tables and not any(folder.iterdir()):
            folder.rmdir()
    except OSError as error:
        raise DataError([Problem(str(error.filename), f"cannot be written: {error.strerror}")]) from error
    return written


def _check_record(digests: Mapping[str, str], before: Mapping[str, str | None]) -> None:
    """Raise for every file that is another than the one on record; one that is not recorded is right."""
    problems = []
    for name, known in before.items():
        if known not in (None, digests[name]):
            hashes = f"its SHA-256 is {digests[name][:12]}…, on record is {str(known)[:12]}…"
            rule = f"is not the file that was first fetched ({hashes}): it was revised or damaged; if it is right, run "
            problems.append(Problem(name, f"{rule}`tr-analysis fetch` once more with --accept-changes"))
    if problems:
        raise DataError(problems)


def _json(content: object, **more: Any) -> bytes:
    return (json.dumps(content, indent=1, ensure_ascii=False, **more) + "\n").encode()


def _tables(found: Sequence[Path], record: Record) -> dict[str, bytes]:
    """Read files, and return the tables that they make with their manifest, by name of file."""
    made_up = [path.name for path in found if is_simulated(path)]
    rule = "is simulated, and never mixes with official files; delete it from data/raw/official/ first"
    problems = [Problem(name, rule) for name in made_up if len(made_up) < len(found)]
    readings: list[Reading] = []
    for path in found:
        try:
            readings.append(read_official(path, record.get(path.name, {}).get("cohorts")))
        except DataError as error:
            problems += error.problems
    frames = {}
    for family, layout in LAYOUTS.items():
        if own := [reading.frames[family] for reading in readings if family in reading.frames]:
            frames[family], overlaps = combine(pd.concat(own, ignore_index=True), layout)
            problems += overlaps
    if problems:
        raise DataError(problems)
    asides = [asdict(aside) for reading in readings for aside in reading.asides]
    frames["set_aside"] = tidy(asides, TYPES["set_aside"])
    tables = {name: to_csv(frame) for name, frame in frames.items()}
    hashes = {name: sha256(content) for name, content in tables.items()}
    manifest = _json({"raw": {path.name: file_hash(path) for path in found}, "tables": hashes})
    return {MANIFEST: manifest} | {f"{name}.csv": content for name, content in tables.items()}


def read_official(path: Path, cohorts: Mapping[str, str] | None = None) -> Reading:
    """Read one official file: .xlsx, .ods, .xls, .csv, or a zip with one table; its name says its release.

    ``cohorts`` are those that the user named, by sheet. A `DataError` says that the file cannot be opened, holds no
    official table, or what in one is not certain.
    """
    entry = find_entry(path.name)
    stage = next((stage for stage in ("interim", "final") if entry and stage in entry.name), "")
    release = (entry and entry.release) or release_of(path.name)
    book = Book(path.name, read_sheets(path), release, stage, cohorts or {})
    if (reading := read(book)) is None:
        names = ", ".join(repr(sheet.name) for sheet in book.sheets[:12])
        raise DataError([Problem(path.name, f"{NO_TABLE} in its sheets {names}")])
    if entry and entry.family not in reading.frames:
        raise DataError([Problem(path.name, f"has no table of {entry.family}, as the file of that name has")])
    return reading


def combine(frame: pd.DataFrame, layout: Layout) -> tuple[pd.DataFrame, list[Problem]]:
    """Put the rows of one family from several files in order, and find what two files tell of without an order.

    Releases of one thing stay beside each other, and `panel` takes the latest; of two files it must be known which is
    later.
    """
    key, place = list(layout.key), ["file", "sheet", "row"]
    frame = frame.astype({"release": "str"})
    several = frame.duplicated(key, keep=False)
    undated = frame["release"].isna()
    unclear = frame[(several & undated) | (frame.duplicated([*key, "release"]) & ~undated)]
    firsts = unclear[~unclear.duplicated(["file", "release"])]
    rule = "another file tells of the same, and it is not known which is later: end the names of both with the month "
    rule += "of their publication, such as -jan17, or keep one of them"
    problems = [
        Problem(row["file"], rule, int(row["row"]), None, f"{row['provider']}, {row.get('cohort', 2011)}")
        for row in firsts.to_dict("records")
    ]
    return in_order(frame, "release", *key, *place).reset_index(drop=True), problems


def to_csv(frame: pd.DataFrame) -> bytes:
    """Write a tidy table as CSV."""
    return frame.to_csv(index=False, lineterminator="\n", float_format="%.12g").encode()


def from_csv(content: bytes, types: Mapping[str, str]) -> pd.DataFrame:
    """Read a tidy table that `to_csv` wrote, with its types."""
    frame = pd.read_csv(io.BytesIO(content), dtype=dict(types), keep_default_na=False, na_values=[""])
    return frame.fillna({column: "" for column in LISTS if column in frame})


def official(name: str) -> pd.DataFrame | None:
    """Load one tidy table of the official files, such as ``crc_results``; None where no file holds it.

    What findings keep of it stands in its ``attrs``. If the files changed since the tables were built, or a table was
    edited by hand, a `DataError` says so.
    """
    if not (found := local_files()):
        return None
    tables, raw = read_manifest(paths.official_tables())
    if raw != {path.name: file_hash(path) for path in found}:
        raise DataError([Problem("data/raw/official", f"changed since the tables were built: {_AGAIN}")])
    if name not in tables:
        return None
    file = paths.official_tables() / f"{name}.csv"
    if file_hash(file) != tables[name]:
        place = f"data/processed/official/{file.name}"
        raise DataError([Problem(place, f"missing or edited by hand: {_AGAIN}")])
    frame = from_csv(file.read_bytes(), TYPES[name])
    frame.attrs = {"table": f"{PREFIX}{name}", "sha256": tables[name]}
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
        rows.append(latest_baselines(baselines).assign(cohort="2011"))
    if not rows:
        return {}
    origin = {"origin": origin_of(*rows)}
    tables = {"official_pbr": pooled, "official_providers": rows}
    return {name: pd.concat(parts, ignore_index=True).assign(**origin) for name, parts in tables.items()}
