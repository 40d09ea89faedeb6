"""Files that a user downloaded: which of them are official, of which release, and what is in them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tr_analysis.errors import DataError, Problem, UsageError
from tr_analysis.files import sha256
from tr_analysis.official import store
from tr_analysis.official.finding import Book, find_tables, upright
from tr_analysis.official.layouts import read_title
from tr_analysis.official.parsing import MONTHS
from tr_analysis.official.reader import Reading, read
from tr_analysis.official.register import REGISTER, OfficialFile, find_entries
from tr_analysis.official.workbooks import KINDS, read_sheets
from tr_analysis.text import slugify

_NAMED = "|".join(MONTHS)
_RELEASE = re.compile(
    rf"(?<![a-z])({_NAMED})[a-z]*[-_ ]?((?:20)?[12]\d)(?!\d)|(?<!\d)(20[12]\d)[-_](0[1-9]|1[0-2])(?![\d])"
)
_NO_TABLE = "no official table is recognised in it"


@dataclass(frozen=True)
class FileStatus:
    """What was done with one file; the note says its size, or why it was left out."""

    file: str
    state: Literal["fetched", "imported", "simulated", "unchanged", "left out"]
    note: str = ""


def release_of(filename: str) -> str:
    """Return the month of publication that a file's name says, such as ``2017-01`` of ``...-jan17.xlsx``; else nothing.

    A name with more than one month is of the period that the figures are about.

    Examples
    --------
    >>> release_of("results-oct21.xlsx"), release_of("final-results-oct-dec-2015.xlsx")
    ('2021-10', '')
    """
    name = filename.lower()
    found = _RELEASE.findall(name)
    if len(found) != 1 or len(re.findall(rf"(?<![a-z])(?:{_NAMED})", name)) > 1:
        return ""
    month, year, full, number = found[0]
    return f"{full}-{number}" if full else f"20{year[-2:]}-{MONTHS.index(month) + 1:02d}"


def read_official(path: Path, known: Mapping[str, Any] | None = None) -> Reading:
    """Read one official file: .xlsx, .ods, .xls, .csv, or a zip with one table; its name says its release.

    ``known`` is what is recorded of it: ``cohorts`` that the user named, by sheet, and whether to be ``lenient``. A
    `DataError` says that it cannot be opened, holds no official table, or what in one is not certain.
    """
    entry = next((f for f in REGISTER.values() if path.name in f.filenames), None)
    stages = [stage for stage in ("interim", "final") if entry and stage in entry.name]
    book = Book(
        path.name,
        read_sheets(path),
        (entry and entry.release) or release_of(path.name),
        stages[0] if stages else "",
        (known or {}).get("cohorts", {}),
        bool((known or {}).get("lenient")),
    )
    reading = read(book)
    if reading is None:
        names = ", ".join(repr(sheet.name) for sheet in book.sheets[:12])
        raise DataError([Problem(path.name, f"{_NO_TABLE}, in its sheets {names}")])
    if entry and entry.family not in reading.frames:
        raise DataError([Problem(path.name, f"has no table of {entry.family}, as the file of that name has")])
    return reading


def import_local(
    source: Path,
    names: Sequence[str] = (),
    *,
    accept: bool = False,
    cohorts: Mapping[str, str] | None = None,
    lenient: bool = False,
) -> list[FileStatus]:
    """Copy official files from a folder into ``data/raw/official/``: all that are recognised, or on an error none.

    A file is recognised by its name, which may be the publisher's or the register's, or else by its content; then
    it keeps its name. What cannot be opened, or is no official table, is left out and named.

    Named files of the register alone are taken, or all; with ``accept`` also one that is another than at first.
    ``cohorts`` has, by the name of the sheet or ``""`` for all, the cohort of tables that do not say it for certain,
    such as ``Oct-Dec 2015 final``; with ``lenient`` what is not understood is set aside. These two are recorded, and
    given for one file at a time. A `DataError` has every fault: a table that cannot be read, one that is not the one
    on record, two for one place.
    """
    for text in (cohorts or {}).values():
        if not (read_title(text).cohort or read_title(text).stage):
            raise UsageError(
                f"--cohort {text}: no cohort of payment by results; write it such as Oct-Dec 2015"
            )
    entries, statuses = find_entries(names), list[FileStatus]()
    problems: list[Problem] = []
    ours: dict[str, Path] = {}
    for path in _list_folder(source):
        entry = _entry_of(path, entries)
        try:
            why = _why_left_out(path, entry, bool(names))
        except DataError as error:
            why = str(error).removeprefix(path.name).lstrip(":, ")
            problems += error.problems if entry or source.is_file() else []
        if why:
            shown = path.name if path.name.isprintable() else ascii(path.name)
            statuses.append(FileStatus(shown, "left out", why))
        elif ours.setdefault(target := _target(path, entry), path).read_bytes() != path.read_bytes():
            problems.append(Problem(path.name, f"another file is already imported as {target}; rename one"))
    if (cohorts or lenient) and len(ours) != 1:
        found = ", ".join(ours) or "none"
        raise UsageError(
            f"--cohort and --lenient are for one file; name it with --from FILE (here are {found})"
        )
    more = ({"cohorts": dict(cohorts)} if cohorts else {}) | ({"lenient": True} if lenient else {})
    imported, changes = _place(ours, more, accept, problems)
    if problems := [*problems, *changes]:
        raise DataError([*problems, Problem(str(source), "nothing was taken from here")])
    return [*imported, *statuses]


def _place(
    ours: Mapping[str, Path], more: Mapping[str, Any], accept: bool, problems: Sequence[Problem]
) -> tuple[list[FileStatus], list[Problem]]:
    """Place files under their names, unless there are problems; return what was done, or what is wrong."""
    record, new = store.read_record(), {target: path.read_bytes() for target, path in ours.items()}
    statuses, found = [], list[Problem]()
    for target, content in new.items():
        changes = store.find_change(target, sha256(content), record)
        found += [] if accept else [Problem(ours[target].name, change.rule) for change in changes]
        same = record.get(target, {}).get("sha256") == sha256(content)
        before = "" if target == ours[target].name else f", called {ours[target].name} before"
        note = "" if same else size_of(content) + before
        statuses.append(FileStatus(target, "unchanged" if same else "imported", note))
    if new and not (problems or found):
        try:
            store.build_official(new, {t: {"imported as": path.name, **more} for t, path in ours.items()})
        except DataError as error:
            return statuses, [*error.problems]
    return statuses, found


def _list_folder(source: Path) -> list[Path]:
    """Return what is in a folder, hidden files apart, or the one file."""
    if source.is_file():
        return [source]
    try:
        return sorted(path for path in source.iterdir() if not path.name.startswith((".", "~$")))
    except OSError as error:
        rule = "name a folder with the files that you downloaded"
        raise UsageError(f"{source}: {error.strerror}; {rule}") from None


def _entry_of(path: Path, entries: Sequence[OfficialFile]) -> OfficialFile | None:
    """Return the entry that a file's name means: the publisher's name in any capitals, or the register's."""
    name, slug = path.name.lower(), slugify(path.stem)
    return next((e for e in entries if slug == e.name or name in map(str.lower, e.filenames)), None)


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
    return (
        ""
        if entry or any(find_tables(upright(sheet)[0]) for sheet in sheets if not sheet.hidden)
        else _NO_TABLE
    )


def _target(path: Path, entry: OfficialFile | None) -> str:
    """Return the name that a file gets."""
    ending = path.suffix.lower()
    if entry is None:
        return f"{path.stem}{ending}"
    there = entry.local_path
    return there.name if there and there.suffix == ending else Path(entry.filename).stem + ending


def size_of(content: bytes) -> str:
    """Return the size of some bytes as a reader meets it."""
    count = len(content)
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.1f} kB"
