"""Connections over https alone, that are tried again and end."""

from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from tr_analysis import __version__
from tr_analysis.errors import DataError, Problem, StudyError

TIMEOUT = (10.0, 30.0)  # seconds to connect, and between two pieces
_REDIRECTS = 5
_OFFLINE = (requests.exceptions.ConnectionError, requests.exceptions.ConnectTimeout)


class UnavailableError(StudyError):
    """A file is not to be had now; nothing was changed."""

    exit_code = 3


class OfflineError(UnavailableError):
    """No server answers at all."""


def session(*, backoff: float = 0.5) -> requests.Session:
    """Return a session that tries again what fails in passing; proxies are those that the environment names.

    Parameters
    ----------
    backoff
        Seconds before the second retry; each one after waits twice as long.
    """
    retry = Retry(
        total=4,
        connect=1,
        read=2,
        redirect=0,
        backoff_factor=backoff,
        status_forcelist=(429, 500, 502, 503, 504),
        allowed_methods=("GET",),
        raise_on_status=False,
        respect_retry_after_header=False,  # a server could ask for a day
    )
    made = requests.Session()
    made.mount("https://", HTTPAdapter(max_retries=retry))
    made.headers.update({"User-Agent": f"tr-analysis/{__version__}", "Accept-Encoding": "identity"})
    return made


def ask(url: str, name: str, using: requests.Session, headers: dict[str, str]) -> requests.Response:
    """Return a server's answer, following redirects only where they stay on https."""
    for _ in range(_REDIRECTS + 1):
        if urlsplit(url).scheme != "https":
            raise DataError(
                [
                    Problem(
                        name, "is offered by an address that is not https, which is not followed", value=url
                    )
                ]
            )
        try:
            answer = using.get(url, headers=headers, stream=True, timeout=TIMEOUT, allow_redirects=False)
        except requests.exceptions.SSLError:
            raise UnavailableError(
                f"{name}: the certificate of {urlsplit(url).netloc} is not trusted; nothing was changed"
            ) from None
        except _OFFLINE:
            raise OfflineError(
                f"the internet cannot be reached ({urlsplit(url).netloc} does not answer), nothing was changed; "
                "files that you have already can be brought with `tr-analysis fetch --from DIR`"
            ) from None
        except requests.exceptions.RequestException as error:
            words = " ".join(str(error).split())[:120]
            raise UnavailableError(
                f"{name}: {urlsplit(url).netloc} cannot be asked for it ({words}); nothing was changed"
            ) from None
        if not answer.is_redirect:
            break
        url = urljoin(url, answer.headers["Location"])
        answer.close()
    if answer.status_code not in (200, 206, 416):
        answer.close()
        raise UnavailableError(
            f"{name}: {urlsplit(url).netloc} answers with error {answer.status_code}; nothing was changed"
        )
    return answer
