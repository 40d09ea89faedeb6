"""Official files into ``data/raw/official/``: over https or from a folder, each checked before it takes its place."""

import http.client
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from tqdm import tqdm
from urllib3.exceptions import HTTPError
from urllib3.util import Retry

from tr_analysis import __version__, paths
from tr_analysis.errors import DataError, Problem, StudyError, UsageError, nearest
from tr_analysis.files import sha256
from tr_analysis.official import record
from tr_analysis.official.isolation import FILE_BYTES, MEGABYTE
from tr_analysis.official.register import REGISTER, OfficialFile
from tr_analysis.official.workbooks import KINDS, Sheet, read_sheets
from tr_analysis.text import slugify

TIMEOUT = (10.0, 30.0)  # seconds to connect, and between two pieces
DEADLINE = 900.0  # seconds for one file
BACKOFF = 0.5  # seconds before the second try; each one after waits twice as long
_TRIES = 4
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


def find_entries(names: Iterable[str] = ()) -> list[OfficialFile]:
    """Return the entries of the register by their names, which must be known; all of them if none is given."""
    names = list(dict.fromkeys(names))
    for name in names:
        if name not in REGISTER:
            hint = nearest(name, REGISTER)
            raise UsageError(f"no official file {name!r}{hint}; `tr-analysis fetch --list` names them")
    return [REGISTER[name] for name in names] or list(REGISTER.values())


def local_path(entry: OfficialFile) -> Path | None:
    """Return where a file of the register is on disk, or None."""
    places = (paths.official() / name for name in entry.filenames)
    return next((place for place in places if place.is_file()), None)


def fetch(
    names: Sequence[str] = (), *, accept: bool = False, releases: record.Choice | None = None
) -> tuple[list[FileStatus], list[StudyError]]:
    """Fetch official files; each is whole, a table, and the one on record before it takes its place.

    Parameters
    ----------
    names
        Which ones, by their names in the register; by default all whose address is known.
    accept
        Whether to fetch also what is there, and to take a file that is another than at first.
    releases
        See `record.place`.

    Returns
    -------
    tuple
        What was done with each file, and what went wrong with those that were not placed; without internet no
        further file is tried.
    """
    entries = find_entries(names)
    if not accept:
        record.verify()
    done: list[FileStatus] = []
    errors: list[StudyError] = []
    with _session() as session:
        for entry in entries:
            place = local_path(entry)
            try:
                if place and not (accept and entry.url and place.name == entry.filename):
                    done.append(FileStatus(place.name, "unchanged"))
                elif entry.url:
                    done.append(_fetch(entry, entry.url, session, accept, releases))
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
    entry: OfficialFile, url: str, session: requests.Session, accept: bool, releases: record.Choice | None
) -> FileStatus:
    """Fetch one file and place it."""
    content = _download(entry, url, session)
    with TemporaryDirectory() as folder:
        path = Path(folder, entry.filename)
        path.write_bytes(content)
        read_sheets(path)
    if not accept and (change := record.find_change(entry.filename, content, record.read_record()[0])):
        raise DataError([change])
    record.place({entry.filename: content}, {entry.filename: {"name": entry.name, "url": url}}, releases)
    return FileStatus(entry.filename, "fetched", _size(content))


def _session() -> requests.Session:
    """Return a session over https alone that tries again what fails in passing, with the environment's proxies."""
    retry = Retry(
        total=_TRIES,
        connect=1,
        read=2,
        backoff_factor=BACKOFF,
        status_forcelist=(429, 500, 502, 503, 504),
        raise_on_status=False,
        respect_retry_after_header=False,  # a server could ask for a day
    )
    session = requests.Session()
    session.adapters.clear()  # so that no redirect leads to http
    session.mount("https://", HTTPAdapter(max_retries=retry))
    session.max_redirects = 5
    session.headers.update({"User-Agent": f"tr-analysis/{__version__}", "Accept-Encoding": "identity"})
    return session


def _download(entry: OfficialFile, url: str, session: requests.Session) -> bytes:
    """Return a file's content, begun again if the connection breaks off before its end."""
    ends = time.monotonic() + DEADLINE
    for attempt in range(_TRIES):
        with _answer(entry.name, url, session) as answer:
            try:
                return _content(entry, answer, ends)
            except (HTTPError, OSError, http.client.HTTPException):
                time.sleep(BACKOFF * 2**attempt)
    rule = f"breaks off before its end, {_TRIES} times; run the command again later"
    raise UnavailableError(f"{entry.name}: {rule}; nothing was changed")


def _answer(name: str, url: str, session: requests.Session) -> requests.Response:
    """Return a server's answer once it is one with a file."""
    host = urlsplit(url).netloc
    try:
        answer = session.get(url, stream=True, timeout=TIMEOUT)
    except requests.exceptions.InvalidSchema:
        rule = "is offered by an address that is not https, which is not followed"
        raise DataError([Problem(name, rule, value=url)]) from None
    except requests.exceptions.SSLError:
        rule = f"the certificate of {host} is not trusted; nothing was changed"
        raise UnavailableError(f"{name}: {rule}") from None
    except requests.exceptions.ConnectionError:
        raise OfflineError(
            f"the internet cannot be reached ({host} does not answer), nothing was changed; "
            "files that you have already can be imported with `tr-analysis fetch --from DIR`"
        ) from None
    except requests.exceptions.RequestException as error:
        reason = " ".join(str(error).split())[:120]
        raise UnavailableError(
            f"{name}: cannot be obtained from {host} ({reason}); nothing was changed"
        ) from None
    if answer.status_code != 200:
        answer.close()
        rule = f"{host} answers with error {answer.status_code}; nothing was changed"
        raise UnavailableError(f"{name}: {rule}")
    return answer


def _content(entry: OfficialFile, answer: requests.Response, ends: float) -> bytes:
    """Return what a server sends, bounded in size and time; the library raises if it is less than announced."""
    length = answer.headers.get("Content-Length", "")
    total = int(length) if length.isdecimal() else None
    content = bytearray()
    with tqdm(desc=entry.name, total=total, unit="B", unit_scale=True, leave=False, disable=None) as bar:
        while piece := answer.raw.read1(_PIECE):  # what is there: a trickle may not outlast the clock
            content += piece
            bar.update(len(piece))
            if max(len(content), total or 0) > FILE_BYTES:
                most = FILE_BYTES // MEGABYTE
                rule = f"is larger than the {most} MB that it may be; nothing was kept of it"
                raise DataError([Problem(entry.name, rule)])
            if time.monotonic() > ends:
                rule = f"takes longer than {DEADLINE:.0f} seconds; nothing was changed"
                raise UnavailableError(f"{entry.name}: {rule}")
    return bytes(content)


def import_local(
    source: Path,
    names: Iterable[str] = (),
    *,
    accept: bool = False,
    releases: record.Choice | None = None,
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
    names = list(names)
    found, left_out, problems = _sort_folder(source, find_entries(names), bool(names))
    known, _ = record.read_record()
    imported: list[FileStatus] = []
    contents: dict[str, bytes] = {}
    about: dict[str, dict[str, str]] = {}
    for path, entry, family in found:
        target, content = _target(path, entry), path.read_bytes()
        if contents.get(target, content) != content:
            rule = f"another file is already imported as {target}; take one of them away"
            problems.append(Problem(path.name, rule))
        elif not accept and (change := record.find_change(target, content, known)):
            problems.append(Problem(path.name, change.rule))
        contents[target] = content
        about[target] = {"name": entry.name if entry else "", "family": family, "imported as": path.name}
        if known.get(target, {}).get("sha256") == sha256(content):
            imported.append(FileStatus(target, "unchanged"))
        else:
            renamed = "" if target == path.name else f", called {path.name} before"
            imported.append(FileStatus(target, "imported", _size(content) + renamed))
    if problems:
        raise DataError([*problems, Problem(str(source), "nothing was taken from here")])
    if contents:
        record.place(contents, about, releases)
    return [*imported, *left_out]


_Found = tuple[Path, OfficialFile | None, str]


def _sort_folder(
    source: Path, entries: Sequence[OfficialFile], only_entries: bool
) -> tuple[list[_Found], list[FileStatus], list[Problem]]:
    """Return the official files of a folder with entry and family, what is left out, and what cannot be read."""
    found: list[_Found] = []
    left_out: list[FileStatus] = []
    problems: list[Problem] = []
    for path in _list_folder(source):
        entry = _entry_of(path, entries)
        try:
            family, why = _recognise(path, entry, only_entries)
        except DataError as error:
            problems += error.problems
            continue
        if family:
            found.append((path, entry, family))
        else:
            name = path.name if path.name.isprintable() else ascii(path.name)
            left_out.append(FileStatus(name, "left out", why))
    return found, left_out, problems


def _list_folder(source: Path) -> list[Path]:
    """Return what is in a folder, hidden files apart, or the one file."""
    if source.is_file():
        return [source]
    try:
        return sorted(path for path in source.iterdir() if not path.name.startswith("."))
    except OSError as error:
        rule = "name a folder with the files that you downloaded"
        raise UsageError(f"{source}: {error.strerror}; {rule}") from None


def _entry_of(path: Path, entries: Iterable[OfficialFile]) -> OfficialFile | None:
    """Return the entry that a file's name means: the publisher's name in any capitals, or the register's."""
    for entry in entries:
        names = {name.lower() for name in entry.filenames}
        if path.name.lower() in names or slugify(path.stem) == entry.name:
            return entry
    return None


def _recognise(path: Path, entry: OfficialFile | None, only_entries: bool) -> tuple[str, str]:
    """Return the family of a file, or nothing and why it is left out."""
    if not path.name.isprintable():
        return "", "its name has characters that cannot be shown; rename it"
    if path.is_dir():
        return "", "a folder; name it with --from to import what is in it"
    if path.suffix.lower() not in KINDS:
        return "", "no table: neither .xlsx, .ods, .xls nor .csv"
    sheets = read_sheets(path)
    if entry:
        return entry.family, ""
    if only_entries:
        return "", "not one of the files that were asked for"
    return _family_of(sheets) or "", "no official table is recognised in it"


def _family_of(sheets: Sequence[Sheet]) -> str | None:
    from tr_analysis.official.store import family_of  # it needs pandas and every reader

    return family_of(sheets)


def _target(path: Path, entry: OfficialFile | None) -> str:
    """Return the name that a file gets."""
    ending = path.suffix.lower()
    if entry is None:
        return f"{path.stem}{ending}"
    there = local_path(entry)
    return there.name if there and there.suffix == ending else Path(entry.filename).stem + ending


def _size(content: bytes) -> str:
    count = len(content)
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.1f} kB"
