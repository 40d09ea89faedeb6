"""The steps behind ``tr-analysis data``: check the raw files, describe them, build the analysis tables."""

import json
from pathlib import Path

import pandas as pd

from tr_analysis import paths
from tr_analysis.data import checks
from tr_analysis.data.clean import clean, read
from tr_analysis.data.dictionary import descriptor, dictionary
from tr_analysis.data.periods import with_printed_years
from tr_analysis.data.schemas import TABLES
from tr_analysis.data.store import MANIFEST
from tr_analysis.errors import DataError, Problem
from tr_analysis.files import file_hash, sha256, write_files
from tr_analysis.order import in_order

PACKAGE, DICTIONARY = "raw/datapackage.json", "DICTIONARY.md"
_STALE = (
    "not what the tables and schemas say; if they are right, run `tr-analysis data describe`, "
    "then `tr-analysis data build` or `tr-analysis run`"
)


def _checked() -> dict[str, pd.DataFrame]:
    """Read every raw table; raise with all faults of all files if there is one."""
    if not paths.has_own_data():
        rule = f"there is none in {paths.root()}; go to a checkout of the project, or set TR_ANALYSIS_ROOT to one"
        raise DataError([Problem("data/raw", rule)])
    frames: dict[str, pd.DataFrame] = {}
    problems: list[Problem] = []
    for name, table in TABLES.items():
        try:
            frames[name] = read(paths.raw(), table)
        except DataError as error:
            problems += error.problems
    strangers = {p.stem for p in paths.raw().glob("*.csv")} - set(TABLES)
    rule = "no schema knows this file; remove it or add its table"
    problems += [Problem(f"{name}.csv", rule) for name in sorted(strangers)]
    if not problems:  # what must hold between tables can only be asked of tables that could be read
        problems += checks.references(frames, TABLES) + checks.runs(frames, TABLES)
        problems += checks.revisions(frames["published_figures"]) + checks.disagreements(frames)
        problems += checks.stocks(frames["prison_population_monthly"], frames["prison_population_june"])
    if problems:
        raise DataError(problems)
    return frames


def _descriptions(frames: dict[str, pd.DataFrame]) -> dict[str, bytes]:
    """Return the data package and the data dictionary that fit the raw files as they are."""
    return {PACKAGE: descriptor(paths.raw(), frames, TABLES), DICTIONARY: dictionary(frames, TABLES)}


def _undescribed(frames: dict[str, pd.DataFrame]) -> list[Problem]:
    """Find raw files whose content is not the one on record."""
    folder = paths.raw().parent
    stale = [n for n, content in _descriptions(frames).items() if file_hash(folder / n) != sha256(content)]
    if not stale:
        return []
    recorded, package = _recorded(folder / PACKAGE), Path(PACKAGE).name
    now = {f"{name}.csv": f"sha256:{file_hash(paths.raw() / f'{name}.csv')}" for name in TABLES}
    changed = [file for file, found in now.items() if recorded.get(file, found) != found]
    rule = f"its content is not the one recorded in {package}"
    return [Problem(file, rule) for file in changed] + [Problem(Path(name).name, _STALE) for name in stale]


def _recorded(path: Path) -> dict[str, str]:
    """Return the hashes on record; none where there is no record that can be read."""
    try:
        return {r["path"]: r["hash"] for r in json.loads(path.read_bytes())["resources"]}
    except (OSError, ValueError, LookupError, TypeError):
        return {}


def read_raw() -> dict[str, pd.DataFrame]:
    """Read every raw table by its name, or raise a `DataError` with every fault found, also in what is on record."""
    frames = _checked()
    if problems := _undescribed(frames):
        raise DataError(problems)
    return frames


def check() -> str:
    """Hold the raw files against their schemas, each other and their record; return a line that counts what was checked."""
    frames = read_raw()
    if problems := checks.usage(frames, paths.notebooks(), paths.reports()):
        raise DataError(problems)
    found = checks.reconciliation(frames).groupby(["kind", "found"]).size()
    return (
        f"{len(frames)} tables, {sum(map(len, frames.values()))} rows: keys, types, bounds, references and runs "
        f"hold; {found['rate from its counts', 'agree']} printed rates and {found['tally from its rows', 'agree']} "
        f"rating tallies come out of their counts; {found['figure against figure', 'agree']} sums and repetitions "
        f"agree, {found['figure against figure', 'differ']} recorded contradictions stand; "
        f"{len(frames[checks.REASONS])} published figures serve nothing, each with its reason"
    )


def describe() -> list[Path]:
    """Write the data package and the data dictionary of the raw files, after checking them."""
    return write_files(paths.raw().parent, _descriptions(_checked()))


def write_tables(raw: dict[str, pd.DataFrame]) -> list[Path]:
    """Make the analysis tables from those of `read_raw`; write them, all or none, with their manifest.

    Rows are in the order of their key, so that nothing depends on that of the file.
    """
    frames = {n: in_order(frame, *TABLES[n].key).reset_index(drop=True) for n, frame in raw.items()}
    titles = {name: table.title for name, table in TABLES.items()}
    titles["reconciliation"] = "Published figures compared with each other"
    contents, entries = {}, {}
    for name, frame in {**clean(frames, TABLES), "reconciliation": checks.reconciliation(frames)}.items():
        # Of derived rates twelve digits: the rest is noise of the processor.
        printed = with_printed_years(frame)
        text = printed.to_csv(index=False, lineterminator="\n", float_format="%.12g")
        contents[f"{name}.csv"] = text.encode()
        types = {column: str(kind) for column, kind in frame.dtypes.items()}
        about = {"title": titles[name], "rows": len(frame), "sha256": sha256(text.encode()), "types": types}
        entries[name] = about
    manifest = {"raw": {f"{n}.csv": file_hash(paths.raw() / f"{n}.csv") for n in TABLES}, "tables": entries}
    contents[MANIFEST] = (json.dumps(manifest, indent=1) + "\n").encode()
    written = write_files(paths.processed(), contents)
    for stale in set(paths.processed().glob("*.csv")) - set(written):
        stale.unlink()
    return written
