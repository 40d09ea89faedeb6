"""The command that brings the Ministry's own spreadsheets."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tr_analysis.cli.words import shown, wrapped
from tr_analysis.errors import DataError, StudyError, UsageError

if TYPE_CHECKING:
    from tr_analysis.official.fetch import Outcome
    from tr_analysis.official.record import Choice

_FEW, _LONG = 5, 80  # of what was not understood, on the screen


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option(
    "--list", "listing", is_flag=True, help="Name the official files, where they are, and which are held."
)
@click.option(
    "--from",
    "source",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Take files that you downloaded yourself from a folder; they may have other names.",
)
@click.option(
    "--accept-changes",
    "accept",
    is_flag=True,
    help="Fetch also what is held, and take a file that is another than it was at first.",
)
@click.option(
    "--releases",
    type=click.Choice(["one", "latest", "all"]),
    help="Where two releases tell of the same, refuse them (one), keep the later (latest) or both (all), from now on. "
    "Without NAME and --from nothing is fetched.",
)
def fetch(
    names: tuple[str, ...], listing: bool, source: Path | None, accept: bool, releases: "Choice | None"
) -> None:
    """Fetch official tables, of all whose address is known by default, and build tidy tables of them.

    Every file is checked before it takes its place in data/raw/official/: that it is whole, that it is a table,
    and that it is the one that was first fetched.
    """
    from tr_analysis.official import record
    from tr_analysis.official.fetching.connection import UnavailableError

    if listing:
        if source or accept or releases:
            raise UsageError("--list changes nothing; leave the other options away")
        click.echo("\n".join(_listed(names)))
        return
    outcomes, errors = _got(names, source, accept, releases)
    if outcomes:
        click.echo("\n".join(_told(outcomes)))
    if source and all(outcome.state == "left out" for outcome in outcomes):
        rule = "no official table is there, nothing was changed; `tr-analysis fetch --list` names what can be brought"
        raise UnavailableError(f"{source}: {rule}")
    old = any(outcome.state == "held" for outcome in outcomes)  # of what is new, tables are built already
    if old or (releases and record.held()):
        record.build(releases)
    if lines := list(_tables()):
        click.echo("\n".join(lines))
    if errors:
        raise _together(errors)


def _got(
    names: Sequence[str], source: Path | None, accept: bool, releases: "Choice | None"
) -> "tuple[list[Outcome], list[StudyError]]":
    """Bring or fetch files; return what became of each, and what went wrong."""
    from tr_analysis.official import fetch, record
    from tr_analysis.official.fetching import bring

    build = partial(record.build, releases)
    if source:
        return bring.bring(source, names, accept=accept, build=build), []
    if names or accept or not releases:
        return fetch.fetch(names, accept=accept, build=build)
    if not record.held():
        raise UsageError("--releases: no official file is held yet; bring some with --from, or name some")
    return [], []


def _listed(names: Sequence[str]) -> Iterator[str]:
    """Yield what is known of each file."""
    from tr_analysis.official.fetch import named, place_of

    sure = {
        "printed": "",
        "follows": " (put together from the number and the name of the file)",
        "unknown": "not known: download it from the page and bring it with --from",
    }
    for file in named(names):
        place = place_of(file)
        yield f"{file.name}  {f'held: {shown(place)}' if place else 'not held'}"
        yield wrapped(f"{file.title}; {file.publisher}, {file.licence}", "    ")
        yield f"    released {file.release or 'several times'}; family {file.family}; file {file.filename}"
        yield f"    page     {file.page}"
        yield f"    address  {file.url or ''}{sure[file.address_found]}"


def _told(outcomes: "Sequence[Outcome]") -> Iterator[str]:
    """Yield a line for each file."""
    for outcome in outcomes:
        yield f"{outcome.file}  {outcome.state}{f': {outcome.note}' if outcome.note else ''}"


def _tables() -> Iterator[str]:
    """Yield a line for each tidy table, then what their counts do not give, then what was not understood."""
    import csv

    from tr_analysis import paths

    tables = {path.stem: path for path in sorted(paths.official_tables().glob("*.csv"))}
    unknown = tables.pop("not_understood", None)
    for name, path in tables.items():
        with path.open(newline="", encoding="utf-8") as file:
            yield _counted(sum(1 for _ in csv.reader(file)) - 1, f"{name}  {{}} row")
    if unknown:
        yield from _disagreements()
        with unknown.open(newline="", encoding="utf-8") as file:
            yield from _not_understood(list(csv.DictReader(file)), unknown)


def _counted(number: int, text: str) -> str:
    return f"{text.format(number)}{'' if number == 1 else 's'}"


def _disagreements() -> Iterator[str]:
    """Yield a line for each table with printed numbers that are not what the counts beside them give."""
    from tr_analysis.official.build import disagreements

    for table, lines in disagreements().items():
        yield f"{table}: {_counted(len(lines), '{} printed number')} against the counts beside, all in official_checks; {lines[0]}"


def _shorter(text: str) -> str:
    """Return a text of a file in few characters, none of which moves the cursor."""
    line = "".join(c if c.isprintable() else " " for c in text)
    return line if len(line) <= _LONG else f"{line[: _LONG - 1]}…"


def _not_understood(rows: Sequence[Mapping[str, str]], path: Path) -> Iterator[str]:
    """Yield what was not understood: the first few things, and where all of them are."""
    for row in rows[:_FEW]:
        places = (("", row["file"]), ("sheet ", row["sheet"]), ("row ", row["row"]), ("", row["header"]))
        where = ", ".join(f"{word}{_shorter(place)}" for word, place in places if place)
        yield f"not understood: {where}: {_shorter(row['value'])}: {row['why']}"
    if rows:
        more = f"{len(rows) - _FEW} more and " if len(rows) > _FEW else ""
        yield f"{shown(path)} has {more}all that was not understood"


def _together(errors: Sequence[StudyError]) -> StudyError:
    """Return one error that says all; bad data weighs more than what was not to be had."""
    if len(errors) == 1:
        return errors[0]
    bad = [error for error in errors if isinstance(error, DataError)]
    told = StudyError("\n".join(map(str, errors)))
    told.exit_code = (bad[0] if bad else errors[0]).exit_code
    return told
