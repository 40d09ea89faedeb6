"""Bring files that somebody downloaded by hand: recognised by name or by content, all of them or none."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tr_analysis.errors import DataError, Problem, UsageError
from tr_analysis.files import sha256
from tr_analysis.official.fetching import record
from tr_analysis.official.fetching.fetch import Outcome, named, place_of, size
from tr_analysis.official.fetching.register import OfficialFile
from tr_analysis.official.opening.grid import Sheet, read_sheets
from tr_analysis.official.opening.safety import KINDS
from tr_analysis.text import slugify

Recognise = Callable[[Sequence[Sheet]], str | None]


def bring(
    source: Path,
    names: Iterable[str] = (),
    *,
    accept: bool = False,
    recognise: Recognise | None = None,
    build: Callable[[], None] = record.build,
) -> list[Outcome]:
    """Copy official files from a folder into ``data/raw/official/``: all that are recognised, or on an error none.

    A file is recognised by its name, which may be the publisher's or the register's, or else by its content; then
    it keeps its name. What is no table, or not an official one, is left out and named.

    Parameters
    ----------
    source
        The folder, or one file.
    names
        Which ones, by their names in the register; by default all.
    accept
        Whether to take a file that is another than the one on record.
    recognise
        Returns the family of some sheets by their content, or None; by default `tables` does.
    build
        What must succeed for the files to stay; by default tables are built of all that are held.

    Returns
    -------
    list of Outcome
        What became of each file there, in the order of their names.

    Raises
    ------
    UsageError
        If there is no such folder, or no such file in the register.
    DataError
        With every fault: a table that cannot be read, one that is not the one on record, two for one place, or one of which no
        table can be made.
    """
    names = list(names)
    taking = _Taking(named(names), bool(names), accept, recognise or _family, record.recorded())
    for path in _files(source):
        try:
            taking.take(path)
        except DataError as error:
            taking.problems += error.problems
        except OSError as error:
            taking.problems.append(Problem(path.name, f"cannot be read: {error.strerror}"))
    if taking.problems:
        raise DataError([*taking.problems, Problem(str(source), "nothing was taken from here")])
    if taking.contents:
        record.place(taking.contents, taking.about, build)
    return taking.outcomes


@dataclass
class _Taking:
    """What is to be brought, gathered before anything is written."""

    wanted: list[OfficialFile]
    only_wanted: bool
    accept: bool
    recognise: Recognise
    known: record.Record
    outcomes: list[Outcome] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    contents: dict[str, bytes] = field(default_factory=dict)
    about: dict[str, dict[str, str]] = field(default_factory=dict)

    def take(self, path: Path) -> None:
        """Take one file, or say why it is left out or wrong."""
        entry = _by_name(path, self.wanted)
        if reason := _no_table(path):
            name = path.name if path.name.isprintable() else ascii(path.name)
            self.outcomes.append(Outcome(name, "left out", reason))
            return
        sheets = read_sheets(path)
        if entry is None and self.only_wanted:
            self.outcomes.append(Outcome(path.name, "left out", "not one of the files that were asked for"))
            return
        family = entry.family if entry else self.recognise(sheets)
        if family is None:
            self.outcomes.append(Outcome(path.name, "left out", "no official table is recognised in it"))
            return
        target, content = _target(path, entry), path.read_bytes()
        if self.contents.get(target, content) != content:
            rule = f"another file is already brought as {target}; take one of them away"
            self.problems.append(Problem(path.name, rule))
        elif not self.accept and (changed := record.problem(target, content, self.known)):
            self.problems.append(Problem(path.name, changed.rule))
        self.outcomes.append(_outcome(path, target, content, self.known))
        self.contents[target] = content
        self.about[target] = {
            "name": entry.name if entry else "",
            "family": family,
            "brought as": path.name,
        }


def _files(source: Path) -> list[Path]:
    """Return what is in a folder, hidden files apart, or the one file."""
    if source.is_file():
        return [source]
    try:
        return sorted(path for path in source.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise UsageError(
            f"{source}: {error.strerror}; name a folder with the files that you downloaded"
        ) from None


def _no_table(path: Path) -> str:
    """Return why something is not even tried, or nothing."""
    if not path.name.isprintable():
        return "its name has characters that cannot be shown; rename it"
    if path.is_dir():
        return "a folder; name it with --from to bring what is in it"
    return "" if path.suffix.lower() in KINDS else "no table: neither .xlsx, .ods, .xls nor .csv"


def _by_name(path: Path, wanted: list[OfficialFile]) -> OfficialFile | None:
    """Return the entry that a file's name means: the publisher's name in any capitals, or the register's."""
    for file in wanted:
        if path.name.lower() in {name.lower() for name in file.filenames} or slugify(path.stem) == file.name:
            return file
    return None


def _target(path: Path, entry: OfficialFile | None) -> str:
    """Return the name that a file gets."""
    if entry is None:
        return f"{path.stem}{path.suffix.lower()}"
    held = place_of(entry)
    ending = path.suffix.lower()
    if held and held.suffix == ending:
        return held.name
    return entry.filename.rpartition(".")[0] + ending


def _outcome(path: Path, target: str, content: bytes, known: record.Record) -> Outcome:
    if known.get(target, {}).get("sha256") == sha256(content):
        return Outcome(target, "held")
    renamed = "" if target == path.name else f", called {path.name} before"
    return Outcome(target, "brought", size(len(content)) + renamed)


def _family(sheets: Sequence[Sheet]) -> str | None:
    """Return the family that the readers recognise in some sheets."""
    from tr_analysis.official.tables import family_of  # it needs pandas and every reader

    return family_of(sheets)
