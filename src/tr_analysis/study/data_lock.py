"""Who may use the official files at a time: any number of runs, or one that changes them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from tr_analysis import paths
from tr_analysis.errors import StudyError


@contextmanager
def using_data(*, to_change: bool = False) -> Iterator[None]:
    """Keep the project's data from being changed meanwhile, or from being used where they are ``to_change``.

    A `StudyError` says who holds them. The lock is on the folder itself, and goes with the process however it ends;
    where the system has no such locks, nothing is kept.
    """
    try:
        import fcntl

        folder = os.open(paths.raw().parent, os.O_RDONLY)
    except (ImportError, FileNotFoundError, PermissionError):
        yield
        return
    try:
        fcntl.flock(folder, (fcntl.LOCK_EX if to_change else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(folder)
        holder = "`tr-analysis run`, or another fetch," if to_change else "`tr-analysis fetch`"
        raise StudyError(f"{holder} is using {paths.raw().parent}; try again when it has ended") from None
    except OSError:  # such as a folder on the network
        pass
    try:
        yield
    finally:
        os.close(folder)
