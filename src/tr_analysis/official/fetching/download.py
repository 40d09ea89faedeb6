"""One file over https: bounded in size and time, tried again, and gone on with where it broke off."""

import http.client
import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests
from urllib3.exceptions import HTTPError

from tr_analysis.errors import DataError, Problem
from tr_analysis.official.fetching.connection import UnavailableError, ask
from tr_analysis.official.isolation import MEGABYTE

DEADLINE = 900.0  # seconds for one file
_ATTEMPTS = 4  # at a file that breaks off
_PIECE = 1 << 16
_RANGE = re.compile(r"bytes (\d{1,15})-\d{1,15}/(\d{1,15}|\*)")


class _BrokenOffError(Exception):
    """The connection ended before the file did."""


def download(
    url: str,
    part: Path,
    most: int,
    using: requests.Session,
    progress: Callable[[int, int | None], None] = lambda _done, _total: None,
    *,
    pause: float = 1.0,
) -> None:
    """Fetch a file into a place of its own, going on with what is there from an earlier attempt.

    Parameters
    ----------
    url
        Its address, https.
    part
        Where its bytes are gathered; beside it, with ``.json`` added, what must not change while it is.
    most
        Bytes it may have.
    using
        From `session`.
    progress
        Called with the bytes that are there and, if known, how many there will be.
    pause
        Seconds before what broke off is gone on with; each time twice as long.

    Raises
    ------
    OfflineError
        If no server answers.
    UnavailableError
        If it is not there, or breaks off again and again. What was fetched is kept.
    DataError
        If it is too large, or the address leads away from https.
    """
    ends = time.monotonic() + DEADLINE
    for attempt in range(_ATTEMPTS):
        try:
            return _attempt(url, part, most, using, progress, ends)
        except _BrokenOffError:
            time.sleep(pause * 2**attempt)
    size = part.stat().st_size if part.exists() else 0
    if not size:
        forget(part)
    raise UnavailableError(
        f"{part.name}: breaks off after {size} bytes; run the command again to go on from there"
    )


def _attempt(
    url: str,
    part: Path,
    most: int,
    using: requests.Session,
    progress: Callable[[int, int | None], None],
    ends: float,
) -> None:
    """Fetch what is missing of a file, in one connection."""
    before = _before(part)
    headers = {"Range": f"bytes={before['bytes']}-"} if before else {}
    if before and before["validator"]:
        headers["If-Range"] = before["validator"]
    with ask(url, part.name, using, headers) as answer:
        done = before["bytes"] if _goes_on(answer, part, before) and before else 0
        length = answer.headers.get("Content-Length", "")
        total = done + int(length) if length.isdecimal() else None
        if (total or 0) > most:
            raise _too_large(part, most)
        part.parent.mkdir(parents=True, exist_ok=True)
        _note(part, answer, total)
        _gather(answer, part, done, total, most, progress, ends)


def _gather(
    answer: requests.Response,
    part: Path,
    done: int,
    total: int | None,
    most: int,
    progress: Callable[[int, int | None], None],
    ends: float,
) -> None:
    """Write what comes to where it belongs."""
    with part.open("r+b" if done else "wb") as file:
        file.seek(done)
        file.truncate()
        try:
            while piece := answer.raw.read1(
                _PIECE, decode_content=True
            ):  # what is there: a trickle may not outlast the clock
                done += len(piece)
                if done > most:
                    raise _too_large(part, most)
                file.write(piece)
                progress(done, total)
                if time.monotonic() > ends:
                    raise UnavailableError(
                        f"{part.name}: takes longer than {DEADLINE:.0f} seconds; run the command again to go on"
                    )
        except (HTTPError, OSError, http.client.HTTPException):
            raise _BrokenOffError from None
    if total is not None and done < total:
        raise _BrokenOffError
    _about(part).unlink(missing_ok=True)


def _about(part: Path) -> Path:
    return part.with_name(f"{part.name}.json")


def _before(part: Path) -> dict[str, Any] | None:
    """Return what is known of an earlier attempt, if it can be gone on with."""
    try:
        known: dict[str, Any] = json.loads(_about(part).read_bytes())
        size = part.stat().st_size
    except (OSError, ValueError):
        return None
    return {**known, "bytes": size} if size and {"validator", "total"} <= set(known) else None


def _note(part: Path, answer: requests.Response, total: int | None) -> None:
    """Keep what tells whether the rest that a later attempt gets belongs to the same file."""
    etag = answer.headers.get("ETag", "")
    validator = etag if etag and not etag.startswith("W/") else answer.headers.get("Last-Modified", "")
    _about(part).write_text(json.dumps({"validator": validator, "total": total}))


def _goes_on(answer: requests.Response, part: Path, before: dict[str, Any] | None) -> bool:
    """Whether an answer is the rest of what an earlier attempt began; one that is neither rest nor whole is not used."""
    if answer.status_code == 200:
        return False
    match = _RANGE.fullmatch(answer.headers.get("Content-Range", "")) if answer.status_code == 206 else None
    if match and before and int(match[1]) == before["bytes"] and match[2] in ("*", str(before["total"])):
        return True
    forget(part)
    raise _BrokenOffError


def forget(part: Path) -> None:
    """Remove what was gathered of a file."""
    part.unlink(missing_ok=True)
    _about(part).unlink(missing_ok=True)


def _too_large(part: Path, most: int) -> DataError:
    forget(part)
    return DataError(
        [
            Problem(
                part.name, f"is larger than the {most // MEGABYTE} MB that it may be; nothing was kept of it"
            )
        ]
    )
