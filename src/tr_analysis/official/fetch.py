"""Official files into ``data/raw/official/``: over https or from a folder, each checked before it takes its place."""

import http.client
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from tr_analysis import __version__, paths
from tr_analysis.errors import DataError, Problem, StudyError, UsageError
from tr_analysis.files import sha256
from tr_analysis.official import store
from tr_analysis.official.isolation import FILE_BYTES, MEGABYTE
from tr_analysis.official.register import OfficialFile, find_entries
from tr_analysis.official.releases import Choice, find_layout
from tr_analysis.official.workbooks import KINDS, read_sheets
from tr_analysis.text import slugify

TIMEOUT = (10.0, 30.0)  # seconds to connect, and between two pieces
DEADLINE = 900.0  # seconds for one file
BACKOFF = 0.5  # seconds before the second try; each one after waits twice as long
_TRIES = 4
_PASSING = (429, 500, 502, 503, 504)  # answers that may be others a moment later
_PIECE = 1 << 16


class UnavailableError(StudyError):
    """A file cannot be obtained now; nothing was changed."""

    exit_code = 3


class OfflineError(UnavailableError):
    """No server answers at all."""


@dataclass(frozen=True)
class FileStatus:
    """What was done with one file; the note says its size, or why it was left out."""

    file: str
    state: Literal["fetched", "imported", "unchanged", "left out"]
    note: str = ""


def fetch(
    names: Sequence[str] = (), *, accept: bool = False, releases: Choice | None = None
) -> tuple[list[FileStatus], list[StudyError]]:
    """Fetch official files; each is whole, a table, and the one on record before it takes its place.

    Parameters
    ----------
    names
        Which ones, by their names in the register; by default all whose address is known.
    accept
        Whether to fetch also what is there, and to take a file that is another than at first.
    releases
        See `store.build_official`.

    Returns
    -------
    tuple
        What was done with each file, and what went wrong with those that were not placed; without internet no
        further file is tried.
    """
    entries = find_entries(names)
    if not accept:
        store.verify()
    elif changed := [paths.official() / problem.file for problem in store.find_changes()]:
        store.build_official({path.name: path.read_bytes() for path in changed}, releases=releases)
    done: list[FileStatus] = []
    errors: list[StudyError] = []
    with _session() as session:
        for entry in entries:
            place = entry.local_path
            try:
                if place and not (accept and entry.url and place.name == entry.filename):
                    done.append(FileStatus(place.name, "unchanged"))
                elif entry.url:
                    done.append(_fetch(entry, session, accept, releases))
                elif names:
                    how = f"download it from {entry.page} and import it with `tr-analysis fetch --from DIR`"
                    rule = f"its address is not known; {how}, called {entry.filename}"
                    raise UnavailableError(f"{entry.name}: {rule}")
                else:
                    where = f"`tr-analysis fetch --list {entry.name}` says where it is"
                    done.append(FileStatus(entry.name, "left out", f"its address is not known; {where}"))
            except OfflineError as error:
                return done, [*errors, error]
            except StudyError as error:
                errors.append(error)
    return done, errors


def _fetch(
    entry: OfficialFile, session: requests.Session, accept: bool, releases: Choice | None
) -> FileStatus:
    """Fetch one file and place it."""
    content = _download(entry, session)
    with TemporaryDirectory() as folder:
        path = Path(folder, entry.filename)
        path.write_bytes(content)
        read_sheets(path)
    changes = store.find_change(entry.filename, sha256(content), store.read_record()[0])
    if changes and not accept:
        raise DataError(changes)
    about = {"name": entry.name, "url": entry.url}
    store.build_official({entry.filename: content}, {entry.filename: about}, releases)
    return FileStatus(entry.filename, "fetched", _size(content))


def _session() -> requests.Session:
    """Return a session over https alone, with the environment's proxies and certificates."""
    session = requests.Session()
    session.adapters.clear()  # so that no redirect leads to http
    session.mount("https://", HTTPAdapter())
    session.max_redirects = 5
    session.headers.update({"User-Agent": f"tr-analysis/{__version__}", "Accept-Encoding": "identity"})
    return session


def _download(entry: OfficialFile, session: requests.Session) -> bytes:
    """Return what is at an address; what fails in passing or breaks off is tried again."""
    host, ends = urlsplit(entry.url).netloc, time.monotonic() + DEADLINE
    for attempt in range(_TRIES):
        time.sleep(BACKOFF * 2 ** (attempt - 1) if attempt else 0)
        try:
            with session.get(entry.url, stream=True, timeout=TIMEOUT) as answer:
                if answer.status_code == 200:
                    return _content(entry, answer, ends)
                rule = f"{host} answers with error {answer.status_code}"
                if answer.status_code not in _PASSING:
                    break
        except requests.exceptions.InvalidSchema:
            rule = "is offered by an address that is not https, which is not followed"
            raise DataError([Problem(entry.name, rule, value=entry.url)]) from None
        except requests.exceptions.SSLError:
            rule = f"the certificate of {host} is not trusted"
            break
        except (requests.exceptions.ConnectionError, requests.exceptions.Timeout):
            if attempt:
                raise OfflineError(
                    f"the internet cannot be reached ({host} does not answer), nothing was changed; "
                    "files that you have already can be imported with `tr-analysis fetch --from DIR`"
                ) from None
        except requests.exceptions.RequestException as error:
            rule = f"cannot be obtained from {host} ({' '.join(str(error).split())[:120]})"
            break
        except (HTTPError, OSError, http.client.HTTPException):
            rule = f"breaks off before its end, {_TRIES} times; run the command again later"
    raise UnavailableError(f"{entry.name}: {rule}; nothing was changed")


def _content(entry: OfficialFile, answer: requests.Response, ends: float) -> bytes:
    """Return what a server sends, bounded in size and time; the library raises if it is less than announced."""
    length = answer.headers.get("Content-Length", "")
    announced = int(length) if length.isdecimal() else 0
    content = bytearray()
    while piece := answer.raw.read1(_PIECE):  # what is there: a trickle may not outlast the clock
        content += piece
        if max(len(content), announced) > FILE_BYTES:
            rule = f"is larger than the {FILE_BYTES // MEGABYTE} MB that it may be; nothing was kept of it"
            raise DataError([Problem(entry.name, rule)])
        if time.monotonic() > ends:
            rule = f"takes longer than {DEADLINE:.0f} seconds; nothing was changed"
            raise UnavailableError(f"{entry.name}: {rule}")
    return bytes(content)


def import_local(
    source: Path, names: Sequence[str] = (), *, accept: bool = False, releases: Choice | None = None
) -> list[FileStatus]:
    """Copy official files from a folder into ``data/raw/official/``: all that are recognised, or on an error none.

    A file is recognised by its name, which may be the publisher's or the register's, or else by its content; then
    it keeps its name. What is no table, or not an official one, is left out and named.

    Parameters
    ----------
    source
        The folder, or one file.
    names, accept, releases
        As in `fetch`.

    Raises
    ------
    DataError
        With every fault: a table that cannot be read, one that is not the one on record, two for one place, or
        one of which no table can be made.
    """
    entries, (record, _) = find_entries(names), store.read_record()
    imported: list[FileStatus] = []
    left_out: list[FileStatus] = []
    problems: list[Problem] = []
    new: dict[str, bytes] = {}
    about: dict[str, dict[str, str]] = {}
    for path in _list_folder(source):
        entry = _entry_of(path, entries)
        try:
            why = _why_left_out(path, entry, bool(names))
        except DataError as error:
            problems += error.problems
            continue
        if why:
            name = path.name if path.name.isprintable() else ascii(path.name)
            left_out.append(FileStatus(name, "left out", why))
            continue
        target, content = _target(path, entry), path.read_bytes()
        if new.setdefault(target, content) != content:
            rule = f"another file is already imported as {target}; take one of them away"
            problems.append(Problem(path.name, rule))
        if not accept:
            changes = store.find_change(target, sha256(content), record)
            problems += [Problem(path.name, change.rule) for change in changes]
        about[target] = {"name": entry.name if entry else "", "imported as": path.name}
        if record.get(target, {}).get("sha256") == sha256(content):
            imported.append(FileStatus(target, "unchanged"))
        else:
            renamed = "" if target == path.name else f", called {path.name} before"
            imported.append(FileStatus(target, "imported", _size(content) + renamed))
    if problems:
        raise DataError([*problems, Problem(str(source), "nothing was taken from here")])
    if new:
        store.build_official(new, about, releases)
    return [*imported, *left_out]


def _list_folder(source: Path) -> list[Path]:
    """Return what is in a folder, hidden files apart, or the one file."""
    if source.is_file():
        return [source]
    try:
        return sorted(path for path in source.iterdir() if not path.name.startswith("."))
    except OSError as error:
        rule = "name a folder with the files that you downloaded"
        raise UsageError(f"{source}: {error.strerror}; {rule}") from None


def _entry_of(path: Path, entries: Sequence[OfficialFile]) -> OfficialFile | None:
    """Return the entry that a file's name means: the publisher's name in any capitals, or the register's."""
    for entry in entries:
        names = {name.lower() for name in entry.filenames}
        if path.name.lower() in names or slugify(path.stem) == entry.name:
            return entry
    return None


def _why_left_out(path: Path, entry: OfficialFile | None, only_entries: bool) -> str:
    """Return why a file is none to import; nothing if it is one."""
    if not path.name.isprintable():
        return "its name has characters that cannot be shown; rename it"
    if path.is_dir():
        return "a folder; name it with --from to import what is in it"
    if path.suffix.lower() not in KINDS:
        return "no table: neither .xlsx, .ods, .xls nor .csv"
    sheets = read_sheets(path)
    if entry is None and only_entries:
        return "not one of the files that were asked for"
    return "" if entry or find_layout(sheets) else "no official table is recognised in it"


def _target(path: Path, entry: OfficialFile | None) -> str:
    """Return the name that a file gets."""
    ending = path.suffix.lower()
    if entry is None:
        return f"{path.stem}{ending}"
    there = entry.local_path
    return there.name if there and there.suffix == ending else Path(entry.filename).stem + ending


def _size(content: bytes) -> str:
    count = len(content)
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.1f} kB"
