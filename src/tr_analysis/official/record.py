"""What is known of the official files in ``data/raw/official/``: whether each is still the one first recorded."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args

from tr_analysis import paths
from tr_analysis.errors import DataError, Problem
from tr_analysis.files import sha256, write_files
from tr_analysis.official.workbooks import KINDS

RECORD = "record.json"

Choice = Literal["one", "latest", "all"]
"""What to do where releases of one table overlap: refuse them, keep the latest, or keep all."""

Record = dict[str, dict[str, Any]]


def local_files() -> list[Path]:
    """Return the official tables in ``data/raw/official/``, in the order of their names."""
    found = paths.official().glob("[!.~]*")
    return sorted(path for path in found if path.suffix.lower() in KINDS and path.is_file())


def read_record() -> tuple[Record, Choice]:
    """Return what is known of each file, by its name, and what was chosen for releases that overlap."""
    try:
        content = json.loads((paths.official() / RECORD).read_bytes())
        files: Record = content["files"]
        choice: Choice = content.get("releases", "one")
        if all(isinstance(entry["sha256"], str) for entry in files.values()) and choice in get_args(Choice):
            return files, choice
    except FileNotFoundError:
        return {}, "one"
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        pass
    rule = "cannot be read; if the files in its folder are right, delete it: they are recorded again when fetched"
    raise DataError([Problem(f"data/raw/official/{RECORD}", rule)])


def releases_chosen() -> Choice:
    """Return what was last chosen for releases of one table that overlap."""
    return read_record()[1]


def find_change(name: str, content: bytes, record: Mapping[str, Mapping[str, Any]]) -> Problem | None:
    """Return what is wrong if a file's content is not the one on record; a file that is not recorded is right."""
    known = record.get(name, {}).get("sha256")
    if known in (None, sha256(content)):
        return None
    rule = (
        f"is not the file that was first fetched (its SHA-256 is {sha256(content)[:12]}…, on record is {known[:12]}…): "
        "it was revised or damaged; if it is right, run `tr-analysis fetch` once more with --accept-changes"
    )
    return Problem(name, rule)


def verify() -> None:
    """Raise a `DataError` with every official file that changed since it was first fetched or imported."""
    record, _ = read_record()
    changes = [find_change(path.name, path.read_bytes(), record) for path in local_files()]
    if problems := [change for change in changes if change]:
        raise DataError(problems)


def place(
    contents: Mapping[str, bytes],
    about: Mapping[str, Mapping[str, Any]],
    releases: Choice | None = None,
) -> None:
    """Place files, record them and build the tables of all files, or, if anything fails, leave all as it was.

    Parameters
    ----------
    contents
        Content by the name that a file gets; may be empty, to build the tables again.
    about
        What else to record of each.
    releases
        What to do with releases that overlap from now on; by default what was chosen before.
    """
    record, choice = read_record()
    for name, content in contents.items():
        record[name] = {"sha256": sha256(content), "bytes": len(content), **about[name]}
    choice = releases or choice
    known = {"files": record} | ({"releases": choice} if choice != "one" else {})
    text = json.dumps(known, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    new = {**contents, RECORD: text.encode()} if contents or releases else {}

    folder = paths.official()
    there = folder.is_dir()
    before = {name: _content(folder / name) for name in new}
    try:
        write_files(folder, new)
        _build()
    except BaseException as error:
        write_files(folder, {name: content for name, content in before.items() if content is not None})
        for name in (name for name, content in before.items() if content is None):
            (folder / name).unlink(missing_ok=True)
        if not there and folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
        if isinstance(error, OSError):
            raise DataError([Problem("data/raw/official", f"cannot be written: {error.strerror}")]) from error
        raise


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _build() -> None:
    from tr_analysis.official.store import build_official  # it needs pandas and every reader

    build_official()
