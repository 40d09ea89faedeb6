"""Official files into ``data/raw/official/``, each checked first: fetched over https, from a user's folder, or simulated."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError
from urllib3.util import Retry

from tr_analysis import __version__
from tr_analysis.errors import DataError, Problem, StudyError, UsageError
from tr_analysis.files import sha256
from tr_analysis.official import store
from tr_analysis.official.layouts import read_title
from tr_analysis.official.register import OfficialFile, find_entries, find_entry
from tr_analysis.official.tables import Book
from tr_analysis.official.workbooks import FILE_BYTES, KINDS, read_sheets
from tr_analysis.simulated import MARK

TIMEOUT = (10.0, 30.0)  # seconds to connect, and between two pieces
DEADLINE = 900.0  # seconds for one file
RETRIES = Retry(3, backoff_factor=0.5, status_forcelist=(429, 500, 502, 503, 504), raise_on_status=False)
DEMO = f"{MARK}-final-results-oct17.csv"


class UnavailableError(StudyError):
    """A file cannot be obtained now; nothing was changed."""

    exit_code = 3


@dataclass(frozen=True)
class FileStatus:
    """What was done with one file; the note says its name before, or why it was left out."""

    file: str
    state: Literal["fetched", "imported", "simulated", "unchanged", "left out"]
    note: str = ""


def fetch(names: Sequence[str] = (), *, accept: bool = False) -> list[FileStatus]:
    """Fetch official files, by default all whose address is known: each is whole, understood, and the one on record.

    With ``accept`` also what is there is fetched, and a file taken that is another than at first. What was done with
    each file is returned. An `UnavailableError` says what cannot be obtained now.
    """
    entries = find_entries(names)
    store.build_official(accept=accept)
    done: list[FileStatus] = []
    for entry in entries:
        place = entry.local_path
        if place and not (accept and entry.url and place.name == entry.filename):
            done.append(FileStatus(place.name, "unchanged"))
        elif entry.url:
            new = {entry.filename: _download(entry)}
            store.build_official(new, {entry.filename: {"url": entry.url}}, accept=accept)
            done.append(FileStatus(entry.filename, "fetched"))
        else:
            rule = f"its address is not known; download it from {entry.page}, call it {entry.filename} and import it "
            done.append(FileStatus(entry.name, "left out", f"{rule}with `tr-analysis fetch --from DIR`"))
    if names and done[0].state == "left out":
        raise UnavailableError(f"{done[0].file}: {done[0].note}")
    return done


def _session() -> requests.Session:
    """Return a session over https alone, with the environment's proxies and certificates."""
    session = requests.Session()
    session.adapters.clear()  # so that no redirect leads to http
    session.mount("https://", HTTPAdapter(max_retries=RETRIES))
    session.headers.update({"User-Agent": f"tr-analysis/{__version__}", "Accept-Encoding": "identity"})
    return session


def _download(entry: OfficialFile) -> bytes:
    """Return what is at an address, bounded in size and time; what fails in passing is tried again."""
    host, content, ends = urlsplit(entry.url).netloc, bytearray(), time.monotonic() + DEADLINE
    why = "it is larger or takes longer than a table may"
    try:
        with _session() as session, session.get(entry.url, stream=True, timeout=TIMEOUT) as answer:
            answer.raise_for_status()
            while time.monotonic() < ends and len(content) <= FILE_BYTES:
                piece = answer.raw.read1(1 << 16)  # what is there: a trickle may not outlast the clock
                if not piece:
                    return bytes(content)
                content += piece
    except (requests.exceptions.ConnectionError, requests.exceptions.Timeout) as error:
        unsafe = isinstance(error, requests.exceptions.SSLError)
        why = "its certificate is not trusted" if unsafe else "the internet cannot be reached"
    except (requests.exceptions.RequestException, HTTPError, OSError) as error:
        why = " ".join(str(error).split())[:120]  # also a body that breaks off, and a redirect to http
    rule = f"cannot be obtained from {host} ({why}), nothing was changed; files that you have already can be imported"
    raise UnavailableError(f"{entry.name}: {rule} with `tr-analysis fetch --from DIR`")


def place_demo() -> FileStatus:
    """Place a simulated file, of every provider in two cohorts; it never mixes with files that were published."""
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
    """Copy official files from a folder, or one file: all that are recognised, or on an error none.

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
    ours, left, problems = _recognise(source, names)
    if cohorts and len(ours) != 1:
        found = ", ".join(ours) or "none"
        raise UsageError(f"--cohort is for one file; name it with --from FILE (here are {found})")
    new, record, placed = {name: path.read_bytes() for name, path in ours.items()}, store.read_record(), []
    for name, path in ours.items():
        same = record.get(name, {}).get("sha256") == sha256(new[name])
        note = "" if same or name == path.name else f"called {path.name} before"
        placed.append(FileStatus(name, "unchanged" if same else "imported", note))
    said = {"cohorts": dict(cohorts)} if cohorts else {}
    try:
        if new and not problems:
            about = {name: {"imported as": path.name, **said} for name, path in ours.items()}
            store.build_official(new, about, accept=accept)
    except DataError as error:
        problems += error.problems
    if problems:
        raise DataError([*problems, Problem(str(source), "nothing was taken from here")])
    return [*placed, *left]


def _recognise(source: Path, names: Sequence[str]) -> tuple[dict[str, Path], list[FileStatus], list[Problem]]:
    """Return the official files of a folder by the names that they get, what is left out, and what is broken."""
    entries, ours = find_entries(names), dict[str, Path]()
    left, problems = list[FileStatus](), list[Problem]()
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
    return ours, left, problems


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
    found = entry or any(tables for _, tables in Book(path.name, sheets).found)
    return "" if found else f"{store.NO_TABLE} in it"


def _target(path: Path, entry: OfficialFile | None) -> str:
    """Return the name that a file gets."""
    ending = path.suffix.lower()
    if entry is None:
        return f"{path.stem}{ending}"
    there = entry.local_path
    return there.name if there and there.suffix == ending else Path(entry.filename).stem + ending
