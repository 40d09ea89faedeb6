"""Runs the process that opens a workbook, and ends it when its time is up."""

import datetime
import importlib.util
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from tr_analysis.official.opening import limits
from tr_analysis.official.opening.limits import FileError

_PROGRAM = "import sys; sys.path += sys.argv[3:]; from tr_analysis.official.isolation import main; main(*sys.argv[1:3])"
_DATED: dict[str, Callable[[Any], Any]] = {
    "date": datetime.date.fromisoformat,
    "datetime": datetime.datetime.fromisoformat,
    "time": datetime.time.fromisoformat,
    "timedelta": lambda parts: datetime.timedelta(*parts),
}


def messages(path: Path, kind: str) -> Iterator[dict[str, Any]]:
    """Yield what the process that opens a workbook says of it: names of sheets, and rows.

    Parameters
    ----------
    path, kind
        As in `isolated.main`.

    Raises
    ------
    FileError
        What it found wrong, or that it took more time or memory than any table needs, in which sheet.
    """
    late = threading.Event()
    sheet: str | None = None
    with _started(path, kind) as process:
        stdout: IO[bytes] = process.stdout  # type: ignore[assignment]

        def stop() -> None:
            late.set()
            process.kill()

        clock = threading.Timer(2 * limits.SECONDS, stop)
        clock.daemon = True
        clock.start()
        try:
            for line in stdout:
                message = _read(line)
                if "fault" in message:
                    raise FileError(*message["fault"])
                if "end" in message:
                    return
                sheet = message.get("sheet", sheet)
                yield message
        finally:
            clock.cancel()
            process.kill()
    ended = (
        f"takes longer than {limits.SECONDS} seconds to open"
        if late.is_set()
        else "cannot be opened in bounded time and memory"
    )
    raise FileError(f"{ended}; its cells lie far apart, it is made to do harm, or it is damaged", sheet)


def _started(path: Path, kind: str) -> "subprocess.Popen[bytes]":
    """Start the process with nothing but the standard library, this package and the library that opens workbooks."""
    found = importlib.util.find_spec("python_calamine")
    if found is None or found.origin is None:
        raise FileError("cannot be opened, because python-calamine is not installed; run `make study` once")
    folders = [Path(__file__).parents[3], Path(found.origin).parents[1]]
    return subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", _PROGRAM, str(path.resolve()), kind, *map(str, folders)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


def _read(line: bytes) -> dict[str, Any]:
    """Return a message with its dates as dates; the last of a process that was ended may be half."""
    try:
        message: dict[str, Any] = json.loads(line, object_hook=_undated)
    except ValueError:
        return {}
    return message


def _undated(found: dict[str, Any]) -> Any:
    for name, value in found.items():
        return _DATED[name](value) if name in _DATED and len(found) == 1 else found
    return found
