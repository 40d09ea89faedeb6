"""Official files over https into ``data/raw/official/``, each checked before it takes its place."""

import time
from collections.abc import Sequence
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError
from urllib3.util import Retry

from tr_analysis import __version__, paths
from tr_analysis.errors import DataError, Problem, StudyError
from tr_analysis.files import sha256
from tr_analysis.official import store
from tr_analysis.official.importing import FileStatus, size_of
from tr_analysis.official.isolation import FILE_BYTES, MEGABYTE
from tr_analysis.official.register import OfficialFile, find_entries

TIMEOUT = (10.0, 30.0)  # seconds to connect, and between two pieces
DEADLINE = 900.0  # seconds for one file
RETRIES = Retry(3, backoff_factor=0.5, status_forcelist=(429, 500, 502, 503, 504), raise_on_status=False)
_PIECE = 1 << 16


class UnavailableError(StudyError):
    """A file cannot be obtained now; nothing was changed."""

    exit_code = 3


class OfflineError(UnavailableError):
    """No server answers at all."""


def fetch(names: Sequence[str] = (), *, accept: bool = False) -> tuple[list[FileStatus], list[StudyError]]:
    """Fetch official files; each is whole, a table, and the one on record before it takes its place.

    Parameters
    ----------
    names
        Which ones, by their names in the register; by default all whose address is known.
    accept
        Whether to fetch also what is there, and to take a file that is another than at first.

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
        store.build_official({path.name: path.read_bytes() for path in changed})
    done: list[FileStatus] = []
    errors: list[StudyError] = []
    for entry in entries:
        place = entry.local_path
        try:
            if place and not (accept and entry.url and place.name == entry.filename):
                done.append(FileStatus(place.name, "unchanged"))
            elif entry.url:
                done.append(_fetch(entry, accept))
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


def _fetch(entry: OfficialFile, accept: bool) -> FileStatus:
    """Fetch one file and place it."""
    content = _download(entry)
    changes = store.find_change(entry.filename, sha256(content), store.read_record())
    if changes and not accept:
        raise DataError(changes)
    store.build_official({entry.filename: content}, {entry.filename: {"name": entry.name, "url": entry.url}})
    return FileStatus(entry.filename, "fetched", size_of(content))


def _session() -> requests.Session:
    """Return a session over https alone, with the environment's proxies and certificates."""
    session = requests.Session()
    session.adapters.clear()  # so that no redirect leads to http
    session.mount("https://", HTTPAdapter(max_retries=RETRIES))
    session.max_redirects = 5
    session.headers.update({"User-Agent": f"tr-analysis/{__version__}", "Accept-Encoding": "identity"})
    return session


def _download(entry: OfficialFile) -> bytes:
    """Return what is at an address, bounded in size and time; what fails in passing is tried again."""
    host, rule = urlsplit(entry.url).netloc, ""
    try:
        with _session() as session, session.get(entry.url, stream=True, timeout=TIMEOUT) as answer:
            if answer.status_code == 200:
                return _content(entry, answer, time.monotonic() + DEADLINE)
            rule = f"{host} answers with error {answer.status_code}"
    except requests.exceptions.InvalidSchema:
        rule = "is offered by an address that is not https, which is not followed"
        raise DataError([Problem(entry.name, rule, value=entry.url)]) from None
    except requests.exceptions.SSLError:
        rule = f"the certificate of {host} is not trusted"
    except (requests.exceptions.ConnectionError, requests.exceptions.Timeout):
        raise OfflineError(
            f"the internet cannot be reached ({host} does not answer), nothing was changed; "
            "files that you have already can be imported with `tr-analysis fetch --from DIR`"
        ) from None
    except requests.exceptions.RequestException as error:
        rule = f"cannot be obtained from {host} ({' '.join(str(error).split())[:120]})"
    except (HTTPError, OSError):
        rule = "breaks off before its end; run the command again"
    raise UnavailableError(f"{entry.name}: {rule}; nothing was changed")


def _content(entry: OfficialFile, answer: requests.Response, ends: float) -> bytes:
    """Return what a server sends; the library raises if it is less than announced."""
    content = bytearray()
    while piece := answer.raw.read1(_PIECE):  # what is there: a trickle may not outlast the clock
        content += piece
        if len(content) > FILE_BYTES:
            rule = f"is larger than the {FILE_BYTES // MEGABYTE} MB that it may be; nothing was kept of it"
            raise DataError([Problem(entry.name, rule)])
        if time.monotonic() > ends:
            rule = f"takes longer than {DEADLINE:.0f} seconds; nothing was changed"
            raise UnavailableError(f"{entry.name}: {rule}")
    return bytes(content)
