"""Files that a user downloaded, or a simulated one: which are official, and under which name they are kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tr_analysis.errors import DataError, Problem, UsageError
from tr_analysis.files import sha256
from tr_analysis.official import store
from tr_analysis.official.finding import find_tables, upright
from tr_analysis.official.isolation import KINDS
from tr_analysis.official.layouts import read_title
from tr_analysis.official.register import OfficialFile, find_entries, find_entry
from tr_analysis.official.workbooks import read_sheets
from tr_analysis.simulated import MARK

DEMO = f"{MARK}-final-results-oct17.csv"


@dataclass(frozen=True)
class FileStatus:
    """What was done with one file; the note says its name before, or why it was left out."""

    file: str
    state: Literal["fetched", "imported", "simulated", "unchanged", "left out"]
    note: str = ""


def place_demo() -> FileStatus:
    """Place a simulated file of final results in ``data/raw/official/``, and build tables of it.

    It has every provider in two cohorts, and never mixes with files that were published.
    """
    held = [path.name for path in store.local_files()]
    if real := [name for name in held if not name.startswith(MARK)]:
        rule = "is here already; --demo is for those who have no official file"
        raise DataError([Problem(name, rule) for name in real])
    content = Path(__file__).with_name("demo.csv").read_bytes()
    store.build_official({DEMO: content}, {DEMO: {"made by": "tr-analysis fetch --demo"}}, accept=True)
    return FileStatus(DEMO, "unchanged" if DEMO in held else "simulated")


def import_local(
    source: Path, names: Sequence[str] = (), *, accept: bool = False, cohorts: Mapping[str, str] | None = None
) -> list[FileStatus]:
    """Copy official files from a folder into ``data/raw/official/``: all that are recognised, or on an error none.

    A file is recognised by its name, which may be the publisher's or the register's, or else by its content; then
    it keeps its name. What cannot be opened, or is no official table, is left out and named.

    Named files of the register alone are taken, or all; with ``accept`` also one that is another than at first.
    ``cohorts`` has, by the name of the sheet or ``""`` for all, the cohort of tables of one file that do not say it
    for certain, such as ``Oct-Dec 2015 final``; it is recorded. A `DataError` has every fault: a table that cannot be
    read, one that is not the one on record, two for one place.
    """
    for text in (cohorts or {}).values():
        if not (read_title(text).cohort or read_title(text).stage):
            raise UsageError(f"--cohort {text}: no cohort of payment by results; write such as Oct-Dec 2015")
    entries, left = find_entries(names), list[FileStatus]()
    problems: list[Problem] = []
    ours: dict[str, Path] = {}
    for path in _list_folder(source):
        entry = find_entry(path.name)
        try:
            why = _why_left_out(path, entry if entry in entries else None, bool(names))
        except DataError as error:
            why = str(error).removeprefix(path.name).lstrip(":, ")
            problems += error.problems if entry in entries or source.is_file() else []
        if why:
            name = path.name if path.name.isprintable() else ascii(path.name)
            left.append(FileStatus(name, "left out", why))
        elif ours.setdefault(target := _target(path, entry), path).read_bytes() != path.read_bytes():
            problems.append(Problem(path.name, f"another file is already imported as {target}; rename one"))
    if cohorts and len(ours) != 1:
        found = ", ".join(ours) or "none"
        raise UsageError(f"--cohort is for one file; name it with --from FILE (here are {found})")
    return [*_place(source, ours, {"cohorts": dict(cohorts)} if cohorts else {}, accept, problems), *left]


def _place(
    source: Path, ours: Mapping[str, Path], more: Mapping[str, Any], accept: bool, problems: list[Problem]
) -> list[FileStatus]:
    """Place files under their names, unless there are problems."""
    statuses, record = [], store.read_record()
    new = {target: path.read_bytes() for target, path in ours.items()}
    about = {target: {"imported as": path.name, **more} for target, path in ours.items()}
    for target, content in new.items():
        same = record.get(target, {}).get("sha256") == sha256(content)
        note = "" if same or target == ours[target].name else f"called {ours[target].name} before"
        statuses.append(FileStatus(target, "unchanged" if same else "imported", note))
    if new and not problems:
        try:
            store.build_official(new, about, accept=accept)
        except DataError as error:
            problems = [*error.problems]
    if problems:
        raise DataError([*problems, Problem(str(source), "nothing was taken from here")])
    return statuses


def _list_folder(source: Path) -> list[Path]:
    """Return what is in a folder, hidden files apart, or the one file."""
    if source.is_file():
        return [source]
    try:
        return sorted(path for path in source.iterdir() if not path.name.startswith((".", "~$")))
    except OSError as error:
        rule = "name a folder with the files that you downloaded"
        raise UsageError(f"{source}: {error.strerror}; {rule}") from None


def _why_left_out(path: Path, entry: OfficialFile | None, only_entries: bool) -> str:
    """Return why a file is none to import; nothing if it is one."""
    if not path.name.isprintable():
        return "its name has characters that cannot be shown; rename it"
    if path.is_dir():
        return "a folder; name it with --from to import what is in it"
    if path.suffix.lower() not in KINDS:
        return "no table: neither .xlsx, .ods, .xls, .csv nor a zip of one"
    if entry is None and only_entries:
        return "not one of the files that were asked for"
    sheets = read_sheets(path)
    found = entry or any(find_tables(upright(sheet)) for sheet in sheets if not sheet.hidden)
    return "" if found else f"{store.NO_TABLE} in it"


def _target(path: Path, entry: OfficialFile | None) -> str:
    """Return the name that a file gets."""
    ending = path.suffix.lower()
    if entry is None:
        return f"{path.stem}{ending}"
    there = entry.local_path
    return there.name if there and there.suffix == ending else Path(entry.filename).stem + ending
