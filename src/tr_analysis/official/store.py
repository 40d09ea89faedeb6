"""The official tables on disk: files read, put together and built all or none; loaded for chapters and recipes."""

import io
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from tr_analysis import paths
from tr_analysis.data.store import load, remember
from tr_analysis.errors import DataError, Problem
from tr_analysis.files import sha256, write_files
from tr_analysis.official.finding import NotUnderstood, recognises
from tr_analysis.official.layouts import LAYOUTS, LISTS, Layout
from tr_analysis.official.panel import Panel, baseline_summary, panel, summary, with_years
from tr_analysis.official.parsing import MONTHS
from tr_analysis.official.reader import Reading, read, tidy, unread
from tr_analysis.official.record import local_files, releases_chosen
from tr_analysis.official.register import REGISTER
from tr_analysis.official.workbooks import Sheet, read_sheets
from tr_analysis.order import in_order

PREFIX = "official/"
"""Before the name of an official table among the inputs of a chapter: `load` does not know it."""

MANIFEST = "manifest.json"
Releases = Literal["latest", "all"]
_AGAIN = "run `tr-analysis data build`"
_RELEASE = re.compile(
    rf"(?<![a-z])({'|'.join(MONTHS)})[a-z]*[-_ ]?((?:20)?\d\d)(?!\d)|(?<!\d)(20\d\d)[-_](0[1-9]|1[0-2])(?!\d)"
)
_NOTES = dict.fromkeys(NotUnderstood._fields, "str") | {"row": "Int64"}
_FORMULAS = ("=", "+", "-", "@", "\t", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20", "'")


def family_of(sheets: Sequence[Sheet]) -> str | None:
    """Return the family whose layout the sheets have, the shown ones before the hidden; None if it is none's."""
    for own in ([sheet for sheet in sheets if not sheet.hidden], sheets):
        for family, layout in LAYOUTS.items():
            if recognises(layout, own):
                return family
    return None


def release_of(filename: str) -> str:
    """Return the release that a file's name says, such as ``2017-01`` of ``...-jan17.xlsx``; else nothing.

    A name with two months is of the period that the figures are about.
    """
    found = _RELEASE.findall(filename.lower())
    if len(found) != 1:
        return ""
    month, year, full, number = found[0]
    return f"{full}-{number}" if full else f"20{year[-2:]}-{MONTHS.index(month) + 1:02d}"


def read_official(path: Path) -> Reading:
    """Read one official file: .xlsx, .ods, .xls or .csv, told by the register, else by what it holds.

    Hidden sheets, often drafts or copies of the shown ones, are read only where no shown one has the table.

    Raises
    ------
    DataError
        If the file cannot be opened, is of no known family, or breaks a rule of its layout.
    """
    sheets = read_sheets(path)
    entry = next((f for f in REGISTER.values() if path.name in f.filenames), None)
    family = entry.family if entry else family_of(sheets)
    if family is None:
        names = ", ".join(repr(sheet.name) for sheet in sheets[:12])
        rule = f"holds none of the official tables in its sheets {names}; known are {', '.join(LAYOUTS)}"
        raise DataError([Problem(path.name, rule)])
    shown = [sheet for sheet in sheets if not sheet.hidden]
    used = shown if recognises(LAYOUTS[family], shown) else sheets
    reading = read(
        used, path.name, (entry.release if entry else "") or release_of(path.name), LAYOUTS[family]
    )
    why = "a hidden sheet, not read beside those that are shown; show it in the workbook to have it read"
    hidden = [note for sheet in sheets if sheet not in used for note in unread(sheet, path.name, why)]
    return Reading(family, reading.frame, (*reading.not_understood, *hidden), reading.checks)


def combine(readings: Sequence[Reading], releases: Releases | None = None) -> Reading:
    """Put readings of one family together; results of other cohorts, or interim and final ones, do not overlap.

    Parameters
    ----------
    readings
        At least one.
    releases
        What to do where two releases speak of the same: None refuses, ``latest`` keeps the later one's rows,
        ``all`` keeps both.

    Raises
    ------
    DataError
        If releases overlap and ``releases`` is None, or two files of one release do.
    """
    layout = LAYOUTS[readings[0].family]
    key = list(layout.key)
    frame = pd.concat([reading.frame for reading in readings], ignore_index=True)
    again = frame.drop(columns=["release", "file", "sheet", "row"]).duplicated()
    frame = frame[~(again & frame.duplicated([*key, "release"], keep=False))]  # one file under two names
    if problems := _overlaps(frame, layout, releases):
        raise DataError(problems)
    if releases == "latest":
        same = [c for c in key if c != "stage"]
        frame = frame[frame["release"] == frame.groupby(same, dropna=False)["release"].transform("max")]
    frame = in_order(frame, "release", *key, "file", "row").reset_index(drop=True)
    checks = pd.concat([reading.checks for reading in readings], ignore_index=True)
    where = ["file", "sheet", "row"]
    kept = pd.MultiIndex.from_frame(checks[where]).isin(pd.MultiIndex.from_frame(frame[where]))
    notes = tuple(note for reading in readings for note in reading.not_understood)
    return Reading(layout.family, frame, notes, checks[kept].reset_index(drop=True))


def _overlaps(frame: pd.DataFrame, layout: Layout, releases: Releases | None) -> list[Problem]:
    """Find the files that speak of the same thing."""
    key = list(layout.key)
    rule = "these are of one release, or their names do not say of which; keep one of the files"
    twice = frame[frame.duplicated([*key, "release"], keep=False)]
    if twice.empty and releases is None:
        twice = frame[frame.duplicated(key, keep=False)]
        rule = (
            "releases of one table are not mixed unless asked for; keep one of the files, or add "
            "`--releases latest` (or all) to `tr-analysis fetch`"
        )
    problems = []
    for file, rows in twice.groupby("file", sort=True):
        first = next(iter(rows.to_dict("records")))
        about = ", ".join(str(first[c]) for c in key if pd.notna(first[c]))
        others = ", ".join(sorted(set(twice["file"]) - {file})) or "this file"
        found = f"{len(rows)} rows, such as {about}, stand also in {others}: {rule}"
        problems.append(Problem(str(file), found, int(first["row"])))
    return problems


def build_official(releases: Releases | None = None) -> list[Path]:
    """Build the tidy tables of every official file in ``data/raw/official/``: all of them or, on an error, none.

    Parameters
    ----------
    releases
        As for `combine`; by default what was chosen with `tr-analysis fetch --releases`.

    Returns
    -------
    list of Path
        The files written: a CSV a table and ``manifest.json``. Empty when there is no official file; tables of an
        earlier build are then removed.

    Raises
    ------
    DataError
        With every fault found in any of the files.
    """
    folder, found = paths.official_tables(), local_files()
    choice = releases_chosen()
    contents = _contents(found, releases or (None if choice == "one" else choice)) if found else {}
    try:
        written = write_files(folder, contents)
        for stale in {*folder.glob("*.csv"), *folder.glob(MANIFEST)} - set(written):
            stale.unlink()
        if not written and folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
    except OSError as error:
        raise DataError(
            [Problem("data/processed/official", f"cannot be written: {error.strerror}")]
        ) from error
    return written


def _contents(found: Sequence[Path], releases: Releases | None) -> dict[str, bytes]:
    """Return what the folder of tables must hold."""
    readings: dict[str, list[Reading]] = {family: [] for family in sorted(LAYOUTS)}
    combined: list[Reading] = []
    problems: list[Problem] = []
    for path in found:
        try:
            reading = read_official(path)
            readings[reading.family].append(reading)
        except DataError as error:
            problems += error.problems
    for own in readings.values():
        try:
            combined += [combine(own, releases)] if own and not problems else []
        except DataError as error:
            problems += error.problems
    if problems:
        raise DataError(problems)
    checks = [reading.checks.assign(family=reading.family) for reading in combined]
    notes = [note._asdict() for reading in combined for note in reading.not_understood]
    tables = {reading.family: reading.frame for reading in combined}
    tables["official_checks"] = pd.concat(checks, ignore_index=True).astype({"family": "str"})
    tables["not_understood"] = tidy(notes, _NOTES)
    csvs = {name: to_csv(frame) for name, frame in tables.items()}
    about = {
        name: {
            "rows": len(frame),
            "sha256": sha256(csvs[name]),
            "types": {str(c): str(t) for c, t in frame.dtypes.items()},
        }
        for name, frame in tables.items()
    }
    manifest = {"raw": {path.name: sha256(path.read_bytes()) for path in found}, "tables": about}
    text = json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"
    return {f"{name}.csv": content for name, content in csvs.items()} | {MANIFEST: text.encode()}


def to_csv(frame: pd.DataFrame) -> bytes:
    """Write a tidy table as CSV that no spreadsheet takes for formulas; the same table gives the same bytes.

    A text that starts as a formula does gets an apostrophe before it; returns become line feeds.
    """

    def safe(text: object) -> object:
        if not isinstance(text, str):
            return text
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        return "'" + text if text.startswith(_FORMULAS) else text

    texts = {
        str(c): frame[c].map(safe, na_action="ignore") for c, t in frame.dtypes.items() if str(t) == "str"
    }
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
    """Load one tidy table of the official files, such as ``crc_results``, ``official_checks`` or ``not_understood``.

    Returns
    -------
    DataFrame or None
        The table with its types, and in ``attrs`` what findings keep of it; None where no official file holds it.

    Raises
    ------
    DataError
        If the official files changed since the tables were built, or a table was edited by hand.
    """
    if not (found := local_files()):
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
    frame.attrs = {"table": f"{PREFIX}{name}", "sha256": entry["sha256"]}
    return frame


def _manifest() -> dict[str, Any]:
    try:
        content = json.loads((paths.official_tables() / MANIFEST).read_bytes())
        return {"raw": dict(content["raw"]), "tables": dict(content["tables"])}
    except FileNotFoundError:
        raise DataError([Problem("data/processed/official", f"not built yet: {_AGAIN}")]) from None
    except (ValueError, LookupError, TypeError):
        raise DataError(
            [Problem(f"data/processed/official/{MANIFEST}", f"cannot be read: {_AGAIN}")]
        ) from None


def disagreements() -> dict[str, list[str]]:
    """Name the printed numbers that the counts beside them do not give, a line each, by the table they are in."""
    checks = official("official_checks")
    lines: dict[str, list[str]] = {}
    for row in [] if checks is None else checks[~checks["agrees"].astype(bool)].to_dict("records"):
        lines.setdefault(row["family"], []).append(
            f"{row['file']}, sheet {row['sheet']!r}, row {row['row']}, {row['what']}: {row['measure']} printed as "
            f"{row['printed']:g}, its row gives {row['recomputed']:g}"
        )
    return lines


def inputs(*names: str) -> list[pd.DataFrame]:
    """Return those of some official tables that there are, counted among the inputs of the chapter's findings.

    Their names, such as ``"crc_results"``, are written out in the notebook: by them a run knows that it has to be done
    again when the tables change.
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

    Interim results are left out: what was printed of a cohort is printed of people followed to the end.
    ``official_pbr`` is like ``pbr_results``, worked out from the providers' own rows where all are there;
    ``official_providers`` has the rows of each provider, pooled periods among them, and its baseline as cohort 2011.
    """
    providers = load("providers")
    names = {
        kind: providers.loc[providers["provider_type"] == kind, "provider"].tolist()
        for kind in ("CRC", "NPS")
    }
    pooled, rows = [], []
    for kind, own in names.items():
        if found := held_panel(kind):
            frame = with_years(found.frame[found.frame["stage"] != "interim"])
            pooled.append(summary(frame, own, kind=kind))
            rows.append(frame)
    if (baselines := official("crc_baselines")) is not None:
        pooled.append(baseline_summary(baselines, names["CRC"]))
        latest = in_order(baselines, "release", "cohort_type", "provider").groupby("provider").tail(1)
        rows.append(latest.assign(cohort="2011"))
    if not rows:
        return {}
    tables = {"official_pbr": pooled, "official_providers": rows}
    return {name: pd.concat(parts, ignore_index=True) for name, parts in tables.items()}
