"""Bring official files into ``data/raw/official/``: over https, each checked before it takes its place."""

import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import requests
from tqdm import tqdm

from tr_analysis import paths
from tr_analysis.errors import DataError, StudyError, UsageError, nearest
from tr_analysis.official import record
from tr_analysis.official.fetching.connection import OfflineError, UnavailableError, session
from tr_analysis.official.fetching.download import download, forget
from tr_analysis.official.register import REGISTER, OfficialFile
from tr_analysis.official.workbooks import read_sheets

PARTS = ".parts"  # where a file is until it is whole and was found to be a table

State = Literal["fetched", "brought", "held", "left out"]


@dataclass(frozen=True)
class Outcome:
    """What became of one file.

    Parameters
    ----------
    file
        Its name.
    state
        ``fetched``, ``brought``, ``held`` (it was there already, unchanged) or ``left out``.
    note
        More of it for a reader: its size, or why it was left out.
    """

    file: str
    state: State
    note: str = ""


class _How(NamedTuple):
    """How files are fetched: see `fetch`."""

    pause: float
    accept: bool
    build: Callable[[], None]


def named(names: Iterable[str]) -> list[OfficialFile]:
    """Return the entries of the register by their names; all of them if none is given.

    Raises
    ------
    UsageError
        If there is no such file, with the nearest that there is.
    """
    names = list(dict.fromkeys(names))
    for name in names:
        if name not in REGISTER:
            raise UsageError(
                f"no official file {name!r}{nearest(name, REGISTER)}; `tr-analysis fetch --list` names them"
            )
    return [REGISTER[name] for name in names] or list(REGISTER.values())


def place_of(file: OfficialFile) -> Path | None:
    """Return where a file is held, or None."""
    places = (paths.official() / name for name in file.filenames)
    return next((place for place in places if place.is_file()), None)


def fetch(
    names: Sequence[str] = (),
    *,
    accept: bool = False,
    using: requests.Session | None = None,
    pause: float = 1.0,
    build: Callable[[], None] = record.build,
) -> tuple[list[Outcome], list[StudyError]]:
    """Fetch official files; each is whole, a table, and the one on record before it takes its place.

    Parameters
    ----------
    names
        Which ones, by their names in the register; by default all whose address is known.
    accept
        Whether to fetch also what is held, and to take a file that is another than at first.
    using
        The connection; by default one with the proxies of the environment.
    pause
        Seconds before what broke off is gone on with.
    build
        What must succeed for a file to stay; by default tables are built of all that are held.

    Returns
    -------
    tuple
        What became of each file, and what went wrong with those that are not placed.

    Raises
    ------
    UsageError
        If there is no such file.
    OfflineError
        If nothing can be reached and nothing was changed.
    DataError
        If a file that is held is not the one on record, and that is not to be accepted.
    """
    files, how = named(names), _How(pause, accept, build)
    if not accept:
        record.verify()
    outcomes: list[Outcome] = []
    errors: list[StudyError] = []
    with using or session() as connection:
        for file in files:
            place = place_of(file)
            try:
                if place and not (accept and file.url and place.name == file.filename):
                    outcomes.append(Outcome(place.name, "held"))
                elif file.url:
                    outcomes.append(_fetch(file, file.url, connection, how))
                elif names:
                    errors.append(UnavailableError(_no_address(file)))
                else:
                    rest = (
                        f"its address is not known; `tr-analysis fetch --list {file.name}` says where it is"
                    )
                    outcomes.append(Outcome(file.name, "left out", rest))
            except OfflineError as error:
                _tidy()
                if not any(outcome.state == "fetched" for outcome in outcomes):
                    raise
                errors.append(error)
                break
            except StudyError as error:
                errors.append(error)
    _tidy()
    return outcomes, errors


def _no_address(file: OfficialFile) -> str:
    return (
        f"{file.name}: its address is not known; download it from {file.page} and bring it with "
        f"`tr-analysis fetch --from DIR`, called {file.filename}"
    )


def _fetch(file: OfficialFile, url: str, connection: requests.Session, how: _How) -> Outcome:
    """Fetch one file and place it."""
    part = paths.official() / PARTS / file.filename
    with tqdm(desc=file.name, unit="B", unit_scale=True, leave=False, disable=None) as bar:

        def progress(done: int, total: int | None) -> None:
            bar.total = total
            bar.update(done - bar.n)

        download(url, part, file.max_bytes, connection, progress, pause=how.pause)
    try:
        read_sheets(part)
        content = part.read_bytes()
        if not how.accept and (changed := record.problem(file.filename, content, record.recorded())):
            raise DataError([changed])
        record.place({file.filename: content}, {file.filename: {"name": file.name, "url": url}}, how.build)
    finally:
        forget(part)
    return Outcome(file.filename, "fetched", size(len(content)))


def size(count: int) -> str:
    """Return a number of bytes as a reader takes it in."""
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.1f} kB"


def _tidy() -> None:
    """Remove folders that nothing is in; what can be gone on with stays."""
    parts = paths.official() / PARTS
    for folder in (parts, paths.official()):
        if folder.is_dir() and not any(folder.iterdir()):
            shutil.rmtree(folder)
