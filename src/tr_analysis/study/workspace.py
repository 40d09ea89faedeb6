"""The private folder of a run, and the processes that work in it: they carry its mark, and end before it is removed."""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from tr_analysis.study import SETTINGS

MARK = "TR_ANALYSIS_WORKSPACE"
"""The variable that every process of a run has in its environment, with the run's folder: so it is found again."""

_PREFIX = "tr-analysis-"
_HOMES = ("MPLCONFIGDIR", "IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")


def environment(folder: Path) -> dict[str, str]:
    """Return the environment of a process that works in a folder: its mark, and places for the libraries' own files.

    So nothing that is set up in the home folder changes a result, and that folder need not be there.
    """
    return SETTINGS | {name: str(folder / name.lower()) for name in _HOMES} | {MARK: str(folder)}


def end_processes(folder: Path) -> None:
    """End every process that works in a folder, detached ones too, but for this one; wait until none is left."""
    for _ in range(100):  # what is found may start another before it ends
        found = [process for process in psutil.process_iter() if _works_in(process, folder)]
        if not found:
            return
        for process in found:
            with suppress(psutil.Error):
                process.kill()
        time.sleep(0.02)


def _works_in(process: psutil.Process, folder: Path) -> bool:
    try:
        marked: bool = process.environ().get(MARK) == str(folder)
        return marked and process.pid != os.getpid()
    except (psutil.Error, OSError):  # it ended meanwhile, or is another user's
        return False


@contextmanager
def workspace() -> Iterator[Path]:
    """Yield a new private folder; afterwards it is gone, and all that works in it.

    What a killed run left, of which this process's name in the folder's tells, goes first.
    """
    _remove_left()
    with tempfile.TemporaryDirectory(prefix=f"{_PREFIX}{os.getpid()}-", ignore_cleanup_errors=True) as folder:
        try:
            yield Path(folder)
        finally:
            end_processes(Path(folder))


def _remove_left() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*-*"):
        owner = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if owner.isdecimal() and not psutil.pid_exists(int(owner)):
            end_processes(folder)
            shutil.rmtree(folder, ignore_errors=True)
