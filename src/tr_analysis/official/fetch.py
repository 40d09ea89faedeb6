"""Official files over https into ``data/raw/official/``, each checked before it takes its place."""

import time
from collections.abc import Sequence
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError
from urllib3.util import Retry

from tr_analysis import __version__, paths
from tr_analysis.errors import DataError, StudyError
from tr_analysis.files import sha256
from tr_analysis.official import store
from tr_analysis.official.importing import FileStatus, size_of
from tr_analysis.official.isolation import FILE_BYTES
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
    """Fetch official files, by default all whose address is known: each is whole, understood, and the one on record.

    With ``accept`` also what is there is fetched, and a file taken that is another than at first. What was done with
    each file is returned, and what went wrong with those not placed; without internet no further file is tried.
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
            else:
                where = f"download it from {entry.page} and import it with `tr-analysis fetch --from DIR`"
                done.append(FileStatus(entry.name, "left out", f"its address is not known; {where}"))
                if names:
                    raise UnavailableError(f"{entry.name}: {done.pop().note}, called {entry.filename}")
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
    store.build_official({entry.filename: content}, {entry.filename: {"url": entry.url}})
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
    host, content, ends = urlsplit(entry.url).netloc, bytearray(), time.monotonic() + DEADLINE
    why = "it is larger than a table may be"
    try:
        with _session() as session, session.get(entry.url, stream=True, timeout=TIMEOUT) as answer:
            answer.raise_for_status()
            while piece := answer.raw.read1(_PIECE):  # what is there: a trickle may not outlast the clock
                content += piece
                if time.monotonic() > ends:
                    why = f"it takes longer than {DEADLINE:.0f} seconds"
                    break
                if len(content) > FILE_BYTES:
                    break
            else:
                return bytes(content)
    except requests.exceptions.SSLError:
        why = "its certificate is not trusted"
    except (requests.exceptions.ConnectionError, requests.exceptions.Timeout):
        raise OfflineError(
            f"the internet cannot be reached ({host} does not answer), nothing was changed; "
            "files that you have already can be imported with `tr-analysis fetch --from DIR`"
        ) from None
    except (requests.exceptions.RequestException, HTTPError, OSError) as error:
        why = " ".join(str(error).split())[
            :120
        ]  # also a body that breaks off, and a redirect that is not https
    raise UnavailableError(f"{entry.name}: cannot be obtained from {host} ({why}); nothing was changed")
