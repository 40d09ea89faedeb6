"""The command that brings the Ministry's own spreadsheets."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tr_analysis.cli.chapters import shown, wrapped
from tr_analysis.errors import DataError, StudyError, UsageError
from tr_analysis.study.data_lock import using_data

if TYPE_CHECKING:
    from tr_analysis.official.importing import FileStatus

_FEW, _LONG = 5, 80  # of what was set aside, on the screen
_DEMO = (
    "SIMULATED: `tr-analysis run` shows these results in the panel of CRCs and on the pages of providers, marked so; no "
    "claim, published result or key finding rests on them. To be rid of them, delete data/raw/official/ and run again"
)
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
    metavar="PATH",
    help="Take files that you downloaded yourself from a folder, or one file; they may have other names.",
)
@click.option(
    "--cohort",
    "cohorts",
    multiple=True,
    metavar="[SHEET=]COHORT",
    help="The cohort of a table that does not say it for certain, such as 'Oct-Dec 2015' or 'Table 1=Oct-Dec 2015 final'.",
)
@click.option(
    "--demo", is_flag=True, help="Place simulated results, to see what the command and the study do."
)
@click.option("--lenient", is_flag=True, help="Set aside what is not understood, and list it.")
@click.option(
    "--accept-changes",
    "accept",
    is_flag=True,
    help="Fetch also what you have, and take a file that is another than it was at first.",
)
def fetch(
    names: tuple[str, ...],
    listing: bool,
    source: Path | None,
    cohorts: tuple[str, ...],
    demo: bool,
    lenient: bool,
    accept: bool,
) -> None:
    """Fetch official tables, of all whose address is known by default, and build tidy tables of them.

    Every file is checked before it takes its place in data/raw/official/: that it is whole, that it is a table whose
    every number is understood, and that it is the one that was first fetched.
    """
    others = bool(source or accept or cohorts or lenient)
    if listing and (others or demo):
        raise UsageError("--list changes nothing; leave the other options away")
    if demo and (others or names):
        raise UsageError("--demo goes without names and other options: it fetches nothing that was published")
    if (cohorts or lenient) and not source:
        raise UsageError("--cohort and --lenient are for a file that you bring; name it with --from FILE")
    if listing:
        click.echo("\n".join(_list_entries(names)))
        return
    click.get_current_context().with_resource(using_data(to_change=True))
    from tr_analysis.official import demo as simulation
    from tr_analysis.official import fetch, importing

    errors: list[StudyError] = []
    if demo:
        statuses = [simulation.place_demo()]
    elif source:
        said = {sheet: cohort for sheet, _, cohort in (text.rpartition("=") for text in cohorts)}
        statuses = importing.import_local(source, names, accept=accept, cohorts=said, lenient=lenient)
    else:
        statuses, errors = fetch.fetch(names, accept=accept)
    _report(statuses, source)
    if errors:
        joined = StudyError("\n".join(map(str, errors)))  # bad data weighs more than what was not obtained
        joined.exit_code = next((e for e in errors if isinstance(e, DataError)), errors[0]).exit_code
        raise joined


def _report(statuses: Sequence["FileStatus"], source: Path | None) -> None:
    """Say what was done with each file, and what the tables hold; an `UnavailableError` if no file was one of ours."""
    from tr_analysis.official import fetch, store

    for status in statuses:
        click.echo(f"{status.file}  {status.state}{f': {status.note}' if status.note else ''}")
    if source and all(status.state == "left out" for status in statuses):
        rule = "no official table is there, nothing was changed; `tr-analysis fetch --list` names what can be imported"
        raise fetch.UnavailableError(f"{source}: {rule}")
    if any(status.state == "unchanged" for status in statuses):
        store.build_official()  # of what is new, tables are built already
    for line in _describe_tables():
        click.echo(_shorten(line, 400))
    if any(map(store.is_simulated, store.local_files())):
        click.echo(_DEMO)


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
    """Yield a line for each sheet and cohort that was read, to check against the file, then what was set aside."""
    from tr_analysis.official.layouts import LAYOUTS
    from tr_analysis.official.store import official
    from tr_analysis.simulated import marked, origin_of

    asides = official("set_aside")
    for family in LAYOUTS:
        table = official(family)
        if table is None or asides is None:
            continue
        for part in ("cohort", "cohort_from", "stage", "release"):
            table[part] = table[part].fillna("not said") if part in table else "2011"
        origin = origin_of(table)
        for _, rows in table.groupby(["file", "sheet", "cohort", "stage"], sort=True):
            file, sheet, cohort, stage, release, by = (
                ", ".join(sorted(set(rows[part])))
                for part in ("file", "sheet", "cohort", "stage", "release", "cohort_from")
            )
            kinds = rows.groupby("provider_type", sort=True).size()
            numbers = rows[[*LAYOUTS[family].columns]].dropna(axis="columns", how="all")
            yield marked(
                f"{family}: {file}, sheet {sheet!r}: cohort {cohort} (by {by}), stage {stage}, release "
                f"{release}: {' and '.join(f'{n} {kind}' for kind, n in kinds.items())}, "
                f"{rows['offenders'].sum():,} offenders, {int(numbers.isna().sum().sum())} cells without a number, "
                f"{((asides['file'] == file) & (asides['sheet'] == sheet)).sum()} things set aside",
                origin,
            )
    notes = [] if asides is None else asides.fillna("").astype(str).to_dict("records")
    for row in notes[:_FEW]:
        where = ", ".join(_shorten(row[part]) for part in ("file", "sheet", "header") if row[part])
        yield f"set aside: {where}, row {row['row']}: {_shorten(row['value'])}: {row['why']}"
    if len(notes) > _FEW:
        yield f"data/processed/official/set_aside.csv has {len(notes) - _FEW} more that was set aside"


def _shorten(text: str, most: int = _LONG) -> str:
    """Return a text of a file in few characters, none of which moves the cursor."""
    line = "".join(c if c.isprintable() else " " for c in text)
    return line if len(line) <= most else f"{line[: most - 1]}…"
