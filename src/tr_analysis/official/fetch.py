"""Official files over https into ``data/raw/official/``, each checked before it takes its place."""

import time
from collections.abc import Sequence
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError
from urllib3.util import Retry

from tr_analysis import __version__
from tr_analysis.errors import StudyError
from tr_analysis.official import store
from tr_analysis.official.importing import FileStatus
from tr_analysis.official.isolation import FILE_BYTES
from tr_analysis.official.register import OfficialFile, find_entries

TIMEOUT = (10.0, 30.0)  # seconds to connect, and between two pieces
DEADLINE = 900.0  # seconds for one file
RETRIES = Retry(3, backoff_factor=0.5, status_forcelist=(429, 500, 502, 503, 504), raise_on_status=False)


class UnavailableError(StudyError):
    """A file cannot be obtained now; nothing was changed."""

    exit_code = 3


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
