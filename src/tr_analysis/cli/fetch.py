"""The command that brings the Ministry's own spreadsheets."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tr_analysis import paths
from tr_analysis.cli.chapters import shown, wrapped
from tr_analysis.errors import DataError, StudyError, UsageError

if TYPE_CHECKING:
    from tr_analysis.official.fetch import FileStatus
    from tr_analysis.official.releases import Choice

_FEW, _LONG = 5, 80  # of what was not understood, on the screen
_ADDRESS = {
    "printed": "",
    "follows": " (put together from the number and the name of the file)",
    "unknown": "not known: download it from the page and import it with --from",
}


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option(
    "--list", "listing", is_flag=True, help="Name the official files, where they are, and which you have."
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
    help="Fetch also what you have, and take a file that is another than it was at first.",
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
    if listing:
        if source or accept or releases:
            raise UsageError("--list changes nothing; leave the other options away")
        click.echo("\n".join(_list_entries(names)))
        return
    from tr_analysis.official import fetch, store

    statuses, errors = _import_or_fetch(source, names, accept, releases)
    for status in statuses:
        click.echo(f"{status.file}  {status.state}{f': {status.note}' if status.note else ''}")
    if source and all(status.state == "left out" for status in statuses):
        rule = "no official table is there, nothing was changed; `tr-analysis fetch --list` names what can be imported"
        raise fetch.UnavailableError(f"{source}: {rule}")
    if any(status.state == "unchanged" for status in statuses) or (releases and store.local_files()):
        store.build_official(releases=releases)  # of what is new, tables are built already
    for line in _describe_tables():
        click.echo(line)
    if errors:
        raise _join_errors(errors)


def _import_or_fetch(
    source: Path | None, names: Sequence[str], accept: bool, releases: "Choice | None"
) -> "tuple[list[FileStatus], list[StudyError]]":
    """Return what was done with each file, and what went wrong; neither where only a choice was made."""
    from tr_analysis.official import fetch, store

    if source:
        return fetch.import_local(source, names, accept=accept, releases=releases), []
    if names or accept or not releases:
        return fetch.fetch(names, accept=accept, releases=releases)
    if not store.local_files():
        raise UsageError("--releases: there is no official file yet; import some with --from, or name some")
    return [], []


def _list_entries(names: Sequence[str]) -> Iterator[str]:
    """Yield what is known of each file."""
    from tr_analysis.official.register import LICENCE, PUBLISHER, find_entries

    for entry in find_entries(names):
        place = entry.local_path
        yield f"{entry.name}  {f'here: {shown(place)}' if place else 'not here'}"
        yield wrapped(f"{entry.title}; {PUBLISHER}, {LICENCE}", "    ")
        yield f"    released {entry.release or 'several times'}; family {entry.family}; file {entry.filename}"
        yield f"    page     {entry.page}"
        yield f"    address  {entry.url}{_ADDRESS[entry.address_found]}"


def _describe_tables() -> Iterator[str]:
    """Yield a line for each tidy table, then what their counts do not give, then what was not understood."""
    tables: dict[Path, list[dict[str, str]]] = {}
    for path in sorted(paths.official_tables().glob("*.csv")):
        with path.open(newline="", encoding="utf-8") as file:
            tables[path] = list(csv.DictReader(file))
    unknown = {path: rows for path, rows in tables.items() if path.stem == "not_understood"}
    for path, rows in tables.items():
        if path not in unknown:
            yield f"{path.stem}  {_count(len(rows), 'row')}"
    for path, rows in unknown.items():
        yield from _disagreements()
        yield from _not_understood(rows, path)


def _disagreements() -> Iterator[str]:
    """Yield a line for each table with printed numbers that are not what the counts beside them give."""
    from tr_analysis.official.store import official

    checks = official("official_checks")
    if checks is None:
        return
    for table, rows in checks[~checks["agrees"].astype(bool)].groupby("family"):
        row = min(
            rows.to_dict("records"), key=lambda row: (row["file"], row["sheet"], row["row"], row["measure"])
        )
        numbers = _count(len(rows), "printed number")
        yield (
            f"{table!s}: {numbers} against the counts beside, all in official_checks; {row['file']}, "
            f"sheet {row['sheet']!r}, row {row['row']}, {row['what']}: {row['measure']} printed as "
            f"{row['printed']:g}, its row gives {row['recomputed']:g}"
        )


def _not_understood(rows: Sequence[dict[str, str]], path: Path) -> Iterator[str]:
    """Yield what was not understood: the first few things, and where all of them are."""
    for row in rows[:_FEW]:
        places = (("", row["file"]), ("sheet ", row["sheet"]), ("row ", row["row"]), ("", row["header"]))
        where = ", ".join(f"{word}{_shorten(place)}" for word, place in places if place)
        yield f"not understood: {where}: {_shorten(row['value'])}: {row['why']}"
    if rows:
        more = f"{len(rows) - _FEW} more and " if len(rows) > _FEW else ""
        yield f"{shown(path)} has {more}all that was not understood"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _shorten(text: str) -> str:
    """Return a text of a file in few characters, none of which moves the cursor."""
    line = "".join(c if c.isprintable() else " " for c in text)
    return line if len(line) <= _LONG else f"{line[: _LONG - 1]}…"


def _join_errors(errors: Sequence[StudyError]) -> StudyError:
    """Return one error that says all; bad data weighs more than what could not be obtained."""
    joined = StudyError("\n".join(map(str, errors)))
    joined.exit_code = next((e for e in errors if isinstance(e, DataError)), errors[0]).exit_code
    return joined
