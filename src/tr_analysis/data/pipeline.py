"""The steps behind ``tr-analysis data``: check the raw files, describe them, build the analysis tables."""

import json
from pathlib import Path

import pandas as pd

from tr_analysis import paths
from tr_analysis.data import package, reconcile, rules
from tr_analysis.data.clean import clean
from tr_analysis.data.dictionary import dictionary
from tr_analysis.data.periods import financial_year
from tr_analysis.data.read import read
from tr_analysis.data.schemas import TABLES
from tr_analysis.data.store import MANIFEST
from tr_analysis.errors import DataError, Problem
from tr_analysis.files import sha256, write_files
from tr_analysis.order import in_order

PACKAGE = "datapackage.json"


def _checked() -> dict[str, pd.DataFrame]:
    """Read every raw table; raise with all faults of all files if there is one."""
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
        problems += rules.references(frames, TABLES) + rules.runs(frames, TABLES)
        problems += rules.revisions(frames["published_figures"]) + reconcile.problems(frames)
        problems += rules.stocks(frames["prison_population_monthly"], frames["prison_population_june"])
    if problems:
        raise DataError(problems)
    return frames


def _descriptions(frames: dict[str, pd.DataFrame]) -> dict[str, bytes]:
    """Return the data dictionary and the data package that fit the raw files as they are."""
    return {
        "DICTIONARY.md": dictionary(frames, TABLES),
        PACKAGE: package.descriptor(paths.raw(), frames, TABLES),
    }


def _undescribed(frames: dict[str, pd.DataFrame]) -> list[Problem]:
    """Find raw files whose content is not the one on record."""
    present = _descriptions(frames)
    on_disk = {name: paths.raw() / name for name in present}
    stale = [n for n, path in on_disk.items() if not path.exists() or path.read_bytes() != present[n]]
    if not stale:
        return []
    recorded = _recorded(on_disk[PACKAGE])
    changed = [f for f, value in _hashes(present[PACKAGE]).items() if recorded.get(f, value) != value]
    rule = (
        "not what the tables and schemas say; if they are right, run `tr-analysis data describe`, "
        "then `tr-analysis data build` or `tr-analysis run`"
    )
    return [Problem(f, f"its content is not the one recorded in {PACKAGE}") for f in changed] + [
        Problem(name, rule) for name in stale
    ]


def _verified() -> dict[str, pd.DataFrame]:
    """Read every raw table; raise if one is at fault or is not the one on record."""
    frames = _checked()
    if problems := _undescribed(frames):
        raise DataError(problems)
    return frames


def _hashes(descriptor: bytes) -> dict[str, str]:
    return {r["path"]: r["hash"] for r in json.loads(descriptor)["resources"]}


def _recorded(path: Path) -> dict[str, str]:
    """Return the hashes on record; none where there is no record that can be read."""
    try:
        return _hashes(path.read_bytes())
    except (OSError, ValueError, LookupError, TypeError):
        return {}


def check() -> str:
    """Hold the raw files against their schemas, each other and their recorded hashes.

    Returns
    -------
    str
        One line that counts what was checked.

    Raises
    ------
    DataError
        With every fault found.
    """
    frames = _verified()
    found = reconcile.reconciliation(frames).groupby(["kind", "found"]).size()
    return (
        f"{len(frames)} tables, {sum(map(len, frames.values()))} rows: keys, types, bounds, references and runs "
        f"hold; {found['rate from its counts', 'agree']} printed rates and {found['tally from its rows', 'agree']} "
        f"rating tallies come out of their counts; {found['figure against figure', 'agree']} sums and repetitions "
        f"agree, {found['figure against figure', 'differ']} recorded contradictions stand"
    )


def describe() -> list[Path]:
    """Write the data package and the data dictionary of the raw files, after checking them."""
    return _write(paths.raw(), _descriptions(_checked()))


def build() -> list[Path]:
    """Build the analysis tables and their manifest from the raw files, after checking them, and the official ones.

    Returns
    -------
    list of Path
        The files written; either all of them or, on an error, none.

    Raises
    ------
    DataError
        With every fault found in the raw files, or in the official ones where there are any.
    """
    frames = {name: _by_key(name, frame) for name, frame in _verified().items()}
    official = _official()
    kinds = {name: {c: table.kind(c) for c in table.schema.columns} for name, table in TABLES.items()}
    tables = {**clean(frames, kinds), "reconciliation": reconcile.reconciliation(frames)}
    contents = {f"{name}.csv": _csv(frame) for name, frame in tables.items()}
    manifest = {
        "raw": {f"{name}.csv": sha256((paths.raw() / f"{name}.csv").read_bytes()) for name in TABLES},
        "tables": {
            name: {
                "rows": len(frame),
                "sha256": sha256(contents[f"{name}.csv"]),
                "types": {c: str(t) for c, t in frame.dtypes.items()},
            }
            for name, frame in tables.items()
        },
    }
    written = _write(
        paths.processed(), {**contents, MANIFEST: (json.dumps(manifest, indent=1) + "\n").encode()}
    )
    for stale in set(paths.processed().glob("*.csv")) - set(written):
        stale.unlink()
    return [*written, *official]


def _by_key(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Bring a table's rows into the order of its key, so that nothing hangs on that of the file."""
    return in_order(frame, *TABLES[name].key).reset_index(drop=True)


def _official() -> list[Path]:
    """Build the tables of the official files, or remove them with the last of these; without any, do nothing."""
    if not (paths.official().is_dir() or paths.official_tables().is_dir()):
        return []
    from tr_analysis.official.record import verify
    from tr_analysis.official.store import build_official

    verify()
    return build_official()


def _write(folder: Path, contents: dict[str, bytes]) -> list[Path]:
    """Write files, or say why the system does not let us."""
    try:
        return write_files(folder, contents)
    except OSError as error:
        rule = f"cannot be written: {error.strerror}"
        raise DataError([Problem(f"data/{folder.name}", rule)]) from error


def _csv(frame: pd.DataFrame) -> bytes:
    """Write a table; derived rates keep twelve significant digits, the rest is noise of the processor."""
    years = [c for c, t in frame.dtypes.items() if str(t) == "period[Y-MAR]"]
    printed = frame.assign(**{str(c): frame[c].map(financial_year) for c in years})
    return printed.to_csv(index=False, lineterminator="\n", float_format="%.12g").encode()
