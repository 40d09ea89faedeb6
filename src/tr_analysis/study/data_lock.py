"""Who may use the project's data at a time: any number of runs, or one command that changes the official files."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tr_analysis import paths
from tr_analysis.errors import StudyError


@contextmanager
def using_data(*, to_change: bool = False) -> Iterator[None]:
    """Keep the project's data from being changed meanwhile, or from being used where they are ``to_change``.

    A `StudyError` says who holds them. The lock is on the folder itself, and goes with the process however it ends.
    """
    data = paths.raw().parent
    if not data.is_dir():
        yield
        return
    folder = os.open(data, os.O_RDONLY)
    try:
        _lock(folder, data, to_change=to_change)
        yield
    finally:
        os.close(folder)


def _lock(folder: int, data: Path, *, to_change: bool) -> None:
    import fcntl  # not there under Windows, where nothing else of a run would work

    try:
        fcntl.flock(folder, (fcntl.LOCK_EX if to_change else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = "`tr-analysis run`, or another fetch," if to_change else "`tr-analysis fetch`"
        raise StudyError(f"{holder} is using {data}; try again when it has ended") from None
    except OSError:  # a folder on the network may have no locks
        return
