"""The command that brings the Ministry's own spreadsheets."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tr_analysis.cli.words import shown, wrapped
from tr_analysis.errors import DataError, StudyError, UsageError

if TYPE_CHECKING:
    from tr_analysis.data.official.fetch import Outcome


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
def fetch(names: tuple[str, ...], listing: bool, source: Path | None, accept: bool) -> None:
    """Fetch official tables, of all whose address is known by default, and build tidy tables of them.

    Every file is checked before it takes its place in data/raw/official/: that it is whole, that it is a table,
    and that it is the one that was first fetched.
    """
    from tr_analysis.data.official import bring, fetch, record

    if listing:
        if source or accept:
            raise UsageError("--list changes nothing; leave the other options away")
        click.echo("\n".join(_listed(names)))
        return
    if source:
        outcomes, errors = bring.bring(source, names, accept=accept), list[StudyError]()
    else:
        outcomes, errors = fetch.fetch(names, accept=accept)
    if outcomes:
        click.echo("\n".join(_told(outcomes)))
    if any(outcome.state == "held" for outcome in outcomes):  # the tables of what is new are built already
        record.build()
    if lines := list(_tables()):
        click.echo("\n".join(lines))
    if errors:
        raise _together(errors)


def _listed(names: Sequence[str]) -> Iterator[str]:
    """Yield what is known of each file."""
    from tr_analysis.data.official.fetch import named, place_of

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
    """Yield a line for each tidy table, then what was not understood."""
    import csv

    from tr_analysis import paths

    for path in sorted(paths.official_tables().glob("*.csv"), key=lambda p: (p.stem == "not_understood", p)):
        with path.open(newline="", encoding="utf-8") as file:
            rows = sum(1 for _ in csv.reader(file)) - 1
        if path.stem == "not_understood":
            if rows:
                yield f"{rows} {'thing was' if rows == 1 else 'things were'} not understood: {shown(path)} says where and why"
        else:
            yield f"{path.stem}  {rows} {'row' if rows == 1 else 'rows'}"


def _together(errors: Sequence[StudyError]) -> StudyError:
    """Return one error that says all; bad data weighs more than what was not to be had."""
    if len(errors) == 1:
        return errors[0]
    bad = [error for error in errors if isinstance(error, DataError)]
    told = StudyError("\n".join(map(str, errors)))
    told.exit_code = (bad[0] if bad else errors[0]).exit_code
    return told
