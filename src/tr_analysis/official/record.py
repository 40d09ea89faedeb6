"""Which official files are held, and whether each is still the one that was first fetched or brought."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, get_args

from tr_analysis import paths
from tr_analysis.errors import DataError, Problem
from tr_analysis.files import sha256, write_files
from tr_analysis.official.workbooks import KINDS

RECORD = "record.json"
ACCEPT = "--accept-changes"

Choice = Literal["one", "latest", "all"]
"""What to do where releases of one table overlap: refuse them, keep the latest, or keep all."""

Record = dict[str, dict[str, Any]]


def held() -> list[Path]:
    """Return the official tables in ``data/raw/official/``, in the order of their names."""
    folder = paths.official()
    if not folder.is_dir():
        return []
    there = (path for path in folder.iterdir() if path.suffix.lower() in KINDS and path.is_file())
    return sorted(path for path in there if path.name[0] not in ".~")


def recorded() -> Record:
    """Return what is known of each file, by its name: its hash, its size and where it is from.

    Raises
    ------
    DataError
        If the record is there and cannot be read: what it protects cannot be checked then.
    """
    return _read()[0]


def releases_chosen() -> Choice:
    """Return what was last chosen for releases of one table that overlap.

    Raises
    ------
    DataError
        As `recorded`.
    """
    return _read()[1]


def _read() -> tuple[Record, Choice]:
    try:
        content = json.loads((paths.official() / RECORD).read_bytes())
        files: Record = content["files"]
        choice: Choice = content.get("releases", "one")
        whole = all(isinstance(entry["sha256"], str) for entry in files.values()) and choice in get_args(
            Choice
        )
    except FileNotFoundError:
        return {}, "one"
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        whole = False
    if not whole:
        rule = "cannot be read; if the files in its folder are right, delete it: they are recorded anew when they are fetched"
        raise DataError([Problem(f"data/raw/official/{RECORD}", rule)])
    return files, choice


def problem(name: str, content: bytes, record: Mapping[str, Mapping[str, Any]]) -> Problem | None:
    """Return what is wrong if a file's content is not the one on record; a file that is not recorded is right."""
    known = record.get(name, {}).get("sha256")
    if known in (None, sha256(content)):
        return None
    rule = (
        f"is not the file that was first fetched (its SHA-256 is {sha256(content)[:12]}…, on record is {known[:12]}…): "
        f"it was revised or damaged; if it is right, run `tr-analysis fetch` once more with {ACCEPT}"
    )
    return Problem(name, rule)


def verify() -> None:
    """Hold every file that is held against the record.

    Raises
    ------
    DataError
        With every file that changed since it was first fetched or brought.
    """
    record = recorded()
    found = [problem(path.name, path.read_bytes(), record) for path in held()]
    if problems := [each for each in found if each]:
        raise DataError(problems)


def build(choice: Choice | None = None) -> None:
    """Build the tidy tables of what is held.

    Parameters
    ----------
    choice
        What to do with releases that overlap from now on; by default what was chosen before.

    Raises
    ------
    DataError
        If no tables can be made; then the choice is not kept.
    """
    from tr_analysis.official.build import build_official  # it needs pandas and every reader

    before = releases_chosen()
    if choice not in (None, before):
        _write({}, recorded(), choice or before)
    try:
        build_official()
    except BaseException:
        if choice not in (None, before):
            _write({}, recorded(), before)
        raise


def place(
    contents: Mapping[str, bytes], about: Mapping[str, Mapping[str, Any]], then: Callable[[], None] = build
) -> None:
    """Place files and build the tables of them, or, if either fails, leave all as it was.

    Parameters
    ----------
    contents, about
        As in `keep`.
    then
        What must succeed for the files to stay.

    Raises
    ------
    DataError
        If they cannot be written, or no tables be made of them together with what is held.
    """
    folder = paths.official()
    there = folder.is_dir()
    old = {name: folder / name for name in [*contents, RECORD]}
    before = {name: path.read_bytes() if path.is_file() else None for name, path in old.items()}
    keep(contents, about)
    try:
        then()
    except BaseException:
        for name, content in before.items():
            if content is None:
                old[name].unlink(missing_ok=True)
        write_files(folder, {name: content for name, content in before.items() if content is not None})
        if not there and not any(folder.iterdir()):
            folder.rmdir()
        raise


def keep(contents: Mapping[str, bytes], about: Mapping[str, Mapping[str, Any]]) -> list[Path]:
    """Place files and record them: all of them, or on an error none.

    Parameters
    ----------
    contents
        Content by the name that a file gets.
    about
        What else to record of each.

    Raises
    ------
    DataError
        If they cannot be written.
    """
    record = recorded()
    for name, content in contents.items():
        record[name] = {"sha256": sha256(content), "bytes": len(content), **about[name]}
    return _write(contents, record, releases_chosen())


def _write(contents: Mapping[str, bytes], record: Record, choice: Choice) -> list[Path]:
    """Write files and the record of all, which names the choice only where one was made."""
    known = {"files": record} | ({"releases": choice} if choice != "one" else {})
    text = json.dumps(known, indent=1, sort_keys=True, ensure_ascii=False)
    try:
        return write_files(paths.official(), {**contents, RECORD: f"{text}\n".encode()})[:-1]
    except OSError as error:
        raise DataError([Problem("data/raw/official", f"cannot be written: {error.strerror}")]) from error
