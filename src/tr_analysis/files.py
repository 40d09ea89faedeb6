"""Hashes of files, writing that leaves all the new files or all the old ones, who may use the data, and the project's state."""

import hashlib
import os
import platform
import re
import shutil
import subprocess
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from tr_analysis import paths
from tr_analysis.errors import StudyError

Read = TypeVar("Read")

_RECENT = 2 * 10**9  # nanoseconds within which a second change may leave a file's time as it is
_hashes: dict[tuple[Path, int, int, int], str] = {}


def sha256(content: bytes) -> str:
    """Return the SHA-256 of some bytes, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def file_hash(path: Path) -> str | None:
    """Return the SHA-256 of a file, nothing where there is none; it is read again only when its size or times changed."""
    if not path.is_file():
        return None
    status = path.stat()
    key = path, status.st_size, status.st_mtime_ns, status.st_ctime_ns
    if key not in _hashes or time.time_ns() - status.st_mtime_ns < _RECENT:
        _hashes[key] = sha256(path.read_bytes())
    return _hashes[key]


def read_beside_notebooks(
    name: str, read: Callable[[dict[str, Any]], list[Read]], refusal: type[StudyError] = StudyError
) -> list[Read]:
    """Read a list from a TOML file beside the notebooks; empty where there is no file.

    What is no TOML, or what ``read`` refuses, is a ``refusal`` that names the file.
    """
    file = paths.notebooks() / name
    if not file.is_file():
        return []
    try:
        return read(tomllib.loads(file.read_text("utf-8")))
    except tomllib.TOMLDecodeError as error:
        raise refusal(f"notebooks/{name}: {error}; mend the line") from None
    except KeyError as error:
        raise refusal(f"notebooks/{name}: {error} is missing") from None
    except (ValueError, StudyError) as error:
        raise refusal(f"notebooks/{name}: {error}") from None


def write_files(folder: Path, contents: Mapping[str, bytes]) -> list[Path]:
    """Write files below a folder, made if need be, and return their places in the order given.

    A reader never meets half a file, nor a set that is half old and half new: all are written to a hidden folder
    beside their places first, and moved in only when every one is on disk. If a move fails, those already made are
    undone. A file that already holds its content is left alone. An `OSError` names the file, or the folder of several.
    """
    targets = {folder / name: content for name, content in contents.items()}
    changed = [t for t, content in targets.items() if not (t.is_file() and t.read_bytes() == content)]
    try:
        _write({target: targets[target] for target in changed}, folder)
    except OSError as error:
        place = changed[0] if len(changed) == 1 else folder
        raise OSError(error.errno, error.strerror, str(place)) from error
    return list(targets)


def _write(changed: Mapping[Path, bytes], folder: Path) -> None:
    """Write new contents aside, keep the old ones there too, and move the new ones in."""
    if not changed:
        return
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder, prefix=".writing-") as aside:
        moves = [
            (target, Path(aside, f"new-{i}"), Path(aside, f"old-{i}")) for i, target in enumerate(changed)
        ]
        for target, new, old in moves:
            new.write_bytes(changed[target])
            if target.exists():
                shutil.copy2(target, old)
        _move_in(moves)


def _move_in(moves: list[tuple[Path, Path, Path]]) -> None:
    """Move each new file to its target; on any failure put the old ones back."""
    done: list[tuple[Path, Path]] = []
    try:
        for target, new, old in moves:
            target.parent.mkdir(parents=True, exist_ok=True)
            new.replace(target)
            done.append((target, old))
    except BaseException:
        for target, old in reversed(done):
            if old.exists():
                old.replace(target)
            else:
                target.unlink()
        raise


@contextmanager
def using_data(*, to_change: bool = False) -> Iterator[None]:
    """Keep the project's data from being changed meanwhile, or from being used where they are ``to_change``.

    Any number of runs may use them at a time, or one command that changes the official files.
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


# What the study is made from; what is built from that says nothing more.
_MADE_FROM = ["src", "notebooks", "data/raw", "requirements.lock"]


def git_state() -> str:
    """Return the commit of the project's folder and whether the study's own files changed since; empty without git."""
    head = git("rev-parse", "--short=12", "HEAD")
    changed = git("status", "--porcelain", "--", *_MADE_FROM) if head else ""
    return f"{head}, with changes that are not committed" if changed else head


@cache
def machine() -> str:
    """Return processor and BLAS kernel, on which the last digits of numbers can hang, in words."""
    import numpy as np  # noqa: F401 its library is asked
    from threadpoolctl import threadpool_info

    libraries = [library for library in threadpool_info() if library["user_api"] == "blas"]
    kernels = sorted({library.get("architecture", library["internal_api"]) for library in libraries})
    return f"{_processor()} ({platform.machine()}), BLAS kernel {' and '.join(kernels) or 'not known'}"


def _processor() -> str:
    with suppress(OSError):  # there is no such file elsewhere than on Linux
        if found := re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE):
            return found[1]
    return platform.processor() or "processor not known"


def git(*words: str) -> str:
    """Return what git says of the project's folder; nothing where it fails or there is none."""
    try:
        done = subprocess.run(["git", "-C", str(paths.root()), *words], capture_output=True, text=True)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
